"""Weight decay that changes while training."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import keras
from keras import ops

from kerasaug.callbacks.due import due
from kerasaug.transfer.finetune import prepare
from kerasaug.transfer.guard import check_flags

Schedule: TypeAlias = (
    Callable[[int, float], float] | Mapping[int, float] | keras.optimizers.schedules.LearningRateSchedule
)


class WeightDecayScheduler(keras.callbacks.Callback):
    """Changes the optimizer's weight decay, with effect on the very next step.

    Assigning `optimizer.weight_decay` does nothing to a step that is already compiled, on any backend: the number is
    baked into it. This callback makes it a variable first, in an optimizer that has taken no step yet; one made by
    `kerasaug.transfer.finetune_optimizer` has it from the start.

    Keras subtracts `learning_rate * weight_decay * weight` in a step, so raising the learning rate raises the decay
    with it. The value is logged as `weight_decay`.

    Args:
        schedule: One of

            - a function `schedule(epoch, weight_decay)` that gets the epoch (counted from 0) and the current value and
              returns the new one, called when an epoch begins;
            - a dict from epochs to the value at and after that epoch: `{0: 0.05, 10: 0.01}`; before its first epoch
              nothing changes;
            - a `keras.optimizers.schedules.LearningRateSchedule`, which gives the value of every step from the
              optimizer's iteration count and is evaluated inside the compiled step. It is saved with the model.
        verbose: 1 prints the value of each epoch. Defaults to 0.

    Raises:
        TypeError: When `schedule` is none of these.
        ValueError: When the model's optimizer has already taken steps without being a fine-tuning one, or a value is
            negative.

    Example:

    ```python
    import keras
    import numpy as np
    from kerasaug.callbacks import WeightDecayScheduler

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.AdamW(weight_decay=0.1), "mse")
    callback = WeightDecayScheduler(lambda epoch, decay: decay / 2)
    history = model.fit(np.ones((8, 4)), np.ones((8, 2)), epochs=2, callbacks=[callback], verbose=0)
    assert np.allclose(history.history["weight_decay"], [0.05, 0.025])
    ```

    Reference:
        - [Loshchilov and Hutter, 2019](https://arxiv.org/abs/1711.05101)
    """

    def __init__(self, schedule: Schedule, verbose: int = 0) -> None:
        super().__init__()
        if not (callable(schedule) or isinstance(schedule, Mapping)):
            raise TypeError(
                "WeightDecayScheduler: expected `schedule` to be a function of (epoch, weight_decay), a dict from "
                f"epochs to values, or a LearningRateSchedule. Received: {schedule!r}."
            )
        self.schedule = schedule
        self.verbose = verbose
        self._optimizer: Any = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Makes weight decay of the model's optimizer a variable."""
        self._optimizer = prepare(self.model, "WeightDecayScheduler")
        if isinstance(self.schedule, keras.optimizers.schedules.LearningRateSchedule):
            self._optimizer.weight_decay = self.schedule
        check_flags(self.model, "WeightDecayScheduler")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Sets the value of the epoch."""
        check_flags(self.model, "WeightDecayScheduler")
        if isinstance(self.schedule, keras.optimizers.schedules.LearningRateSchedule):
            return
        value = self._value(epoch, self._current())
        if not value >= 0:
            raise ValueError(
                f"WeightDecayScheduler: expected a value of at least 0. Received: {value} in epoch {epoch}."
            )
        self._optimizer.weight_decay = value
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: WeightDecayScheduler setting weight decay to {value}.")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the value."""
        if logs is not None:
            logs["weight_decay"] = self._current()

    def _value(self, epoch: int, current: float) -> float:
        if isinstance(self.schedule, Mapping):
            return float(due(self.schedule, epoch, before=current))
        return float(self.schedule(epoch, current))

    def _current(self) -> float:
        return float(ops.convert_to_numpy(self._optimizer.weight_decay))
