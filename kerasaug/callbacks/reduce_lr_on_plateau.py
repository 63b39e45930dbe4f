"""Learning rate, and with it weight decay, lowered when a metric stops improving."""

import math
from typing import Any

import keras

from kerasaug.callbacks.claims import claim
from kerasaug.transfer.guard import check_flags
from kerasaug.transfer.hyperparameters import Hyperparameters

_ME = "ReduceLROnPlateau"


class ReduceLROnPlateau(keras.callbacks.ReduceLROnPlateau):
    """`keras.callbacks.ReduceLROnPlateau`, which on request retunes weight decay whenever it lowers the learning rate.

    Keras subtracts `learning_rate * weight_decay * weight` in a step, so a learning rate ten times lower decays ten
    times less: `weight_decay_factor=10` with `factor=0.1` keeps that product. The optimizer then becomes a fine-tuning
    one, see `kerasaug.transfer.finetune_optimizer`. A `LossScaleOptimizer` is seen through, and
    `kerasaug.callbacks.BackupAndRestore` resumes its counters.

    Args:
        monitor: Name of the logged value that should improve.
        factor: The learning rate is multiplied with it, below 1.
        patience: Epochs without improvement after which the rate is lowered.
        verbose: 1 prints a line when it is.
        mode: `"min"`, `"max"`, or `"auto"` to tell from the name.
        min_delta: The least change that is an improvement.
        cooldown: Epochs after a reduction that are not counted.
        min_lr: The lowest learning rate.
        weight_decay_factor: Weight decay is multiplied with it whenever the learning rate is lowered by `factor`. Where
            `min_lr` lets it fall by less, weight decay changes in proportion: by `weight_decay_factor ** p` where the
            rate fell by `factor ** p`. Defaults to leaving it as it is.
        **kwargs: As Keras takes them.

    Raises:
        ValueError: When `factor` is not below 1 or `weight_decay_factor` negative; when the learning rate is a
            schedule or set by another callback.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.AdamW(0.1, weight_decay=0.01), "mse")
    plateau = kerasaug.callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=1, min_delta=9, weight_decay_factor=10)
    history = model.fit(np.ones((8, 4)), np.ones((8, 2)), epochs=3, callbacks=[plateau], verbose=0)
    assert np.allclose(history.history["weight_decay"], [0.01, 0.01, 0.1])  # of the epoch, before it is changed
    ```

    Reference:
        `keras.callbacks.ReduceLROnPlateau`
    """

    sets: tuple[str, ...] = ("learning_rate",)

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        weight_decay_factor: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(monitor, factor, patience, verbose, mode, min_delta, cooldown, min_lr, **kwargs)
        if weight_decay_factor is not None:
            if not 0 <= weight_decay_factor < float("inf"):
                raise ValueError(
                    f"{_ME}: expected `weight_decay_factor` of at least 0. Received: {weight_decay_factor}. With "
                    "1 / factor the product of learning rate and weight decay stays; None leaves weight decay alone."
                )
            self.sets = ("learning_rate", "weight_decay")
        self.weight_decay_factor = weight_decay_factor
        self._knobs: Hyperparameters

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Begins to count, and makes weight decay a variable when it is going to change."""
        super().on_train_begin(logs)
        claim(self)
        if not hasattr(self.model.optimizer, "optimizers"):  # Keras's callback knows how to lower several
            self._knobs = Hyperparameters(self.model, self.sets, _ME)
        elif self.weight_decay_factor is not None:
            raise ValueError(
                f"{_ME}: expected one optimizer, for `weight_decay_factor`. Received: "
                f"{type(self.model.optimizer).__name__}, which combines several. Leave `weight_decay_factor` out."
            )
        if self.weight_decay_factor is not None:
            check_flags(self.model, _ME)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Lowers what is to be lowered; logs the values that the epoch had."""
        if self.weight_decay_factor is None:
            super().on_epoch_end(epoch, logs)
            return
        logs = {} if logs is None else logs
        rate = self._knobs.get(self.model, "learning_rate")
        decay = self._knobs.get(self.model, "weight_decay")
        logs["weight_decay"] = decay
        super().on_epoch_end(epoch, logs)
        lowered = self._knobs.get(self.model, "learning_rate")
        if lowered < rate:
            decay *= self.weight_decay_factor ** self._part(lowered / rate)
            self._knobs.set(self.model, "weight_decay", decay)
            if self.verbose:
                print(f"\nEpoch {epoch + 1}: {_ME} setting weight decay to {decay:g}.")

    def _part(self, ratio: float) -> float:
        """How much of a whole reduction a ratio of learning rates is: 1, or less where `min_lr` was in the way."""
        if not 0 < self.factor < 1 or ratio <= self.factor * (1 + 1e-6):
            return 1.0
        return math.log(ratio) / math.log(self.factor)
