"""What the schedules were at, among the logs of each epoch."""

from typing import Any

import keras
from keras import ops

from kerasaug.backend import rate_schedule
from kerasaug.transfer.optimizer import unwrapped


class ScheduleLog(keras.callbacks.Callback):
    """Adds to the logs of each epoch the learning rate, weight decay and strength of augmentation at its end.

    - `learning_rate`: of the epoch's last step, a schedule evaluated; with layer groups, of the topmost; none of a
      `MultiOptimizer`, which has several.
    - `weight_decay`: where the optimizer has one.
    - `strength`: of the pipeline, where an `AugmentedModel` is trained.

    `History`, `CSVLogger`, `TensorBoard` and the like then see them: put it before those in the list of callbacks.
    `kerasaug.callbacks.GradualUnfreezing` logs `unfrozen_groups` itself.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.1, 4), weight_decay=0.01), "mse")
    log = kerasaug.callbacks.ScheduleLog()
    history = model.fit(np.ones((8, 4)), np.ones((8, 2)), batch_size=4, epochs=2, callbacks=[log], verbose=0)
    history.history["learning_rate"]  # of steps 1 and 3: 0.0854, 0.0146
    ```

    Reference:
        `keras.callbacks.LearningRateScheduler`, which logs what it sets.
    """

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds the values."""
        if logs is None:
            return
        optimizer = unwrapped(self.model.optimizer)
        if not hasattr(optimizer, "optimizers"):
            logs["learning_rate"] = _last_rate(optimizer)
            if optimizer.weight_decay is not None:
                logs["weight_decay"] = _number(optimizer.weight_decay)
        pipeline: Any = getattr(self.model, "pipeline", None)
        if hasattr(pipeline, "strength"):
            logs["strength"] = _number(pipeline.strength)


def _last_rate(optimizer: Any) -> float:
    schedule = rate_schedule(optimizer)
    return _number(optimizer.learning_rate if schedule is None else schedule(optimizer.iterations - 1))


def _number(value: Any) -> float:
    return float(ops.convert_to_numpy(value))
