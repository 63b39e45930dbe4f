"""Learning rate, weight decay and epochs as functions of the strength of augmentation."""

import math
from functools import partial
from typing import Any

import keras

from kerasaug.callbacks import unfinished
from kerasaug.callbacks.claims import callbacks_of, sets
from kerasaug.callbacks.param_scheduler import ParamScheduler
from kerasaug.callbacks.weight_decay import WeightDecayScheduler
from kerasaug.transfer.guard import check_flags
from kerasaug.transfer.hyperparameters import Hyperparameters
from kerasaug.transfer.optimizer import unwrapped

_ME = "AugmentationAwareTuning"


class AugmentationAwareTuning(keras.callbacks.Callback):
    """Adapts learning rate, weight decay and length of training to how strongly images are augmented.

    Strong augmentation regularises by itself and slows the fit down. When an epoch begins, the live strength `s` is
    read, cut to [0, 1], whoever sets it, and for this epoch

    - the learning rate is `lr0 * (1 + k_lr * s)`,
    - weight decay is `wd0 * (1 - k_wd * s)`, divided by `1 + k_lr * s` too with `decouple=True`,

    where `lr0` and `wd0` are what the optimizer has, or what another callback has set for the epoch: it multiplies,
    and when the epoch ends takes its factors back. So it goes with a `ParamScheduler`, `WeightDecayScheduler`,
    `LearningRateScheduler` or `ReduceLROnPlateau`; put it behind those, and behind what changes the strength. With
    `ParamScheduler(by="step")` the values of every step are multiplied. Factors that Ctrl-C has left in the
    optimizer are taken back when the next `fit` with this callback begins, the same or a new one.

    Keras subtracts `learning_rate * weight_decay * weight` in a step, so a higher learning rate alone raises the decay;
    `decouple=True` takes that rise back. Logged are `learning_rate`, `weight_decay` and `strength` of the epoch.

    No published result fixes these constants. The defaults are a guess: measure on your data, as
    `kerasaug benchmark --family transfer` does on its own.

    Args:
        k_lr: How much higher the learning rate is at full strength: 0.5 is half as much again. 0 leaves it alone.
            Defaults to 0.5.
        k_wd: How much lower weight decay is at full strength, up to 1. 0 leaves it alone. Defaults to 0.5.
        k_epochs: How many more epochs full strength needs. `fit` cannot go on beyond its `epochs`, so give it the
            number for full strength, `epochs_for(epochs, 1, k_epochs)`; training ends early, after
            `epochs * (1 + k_epochs * s) / (1 + k_epochs)`, `s` being the mean strength so far. A learning-rate
            schedule over all epochs would be cut off by that. Defaults to 0, all epochs.
        decouple: Whether the product of learning rate and weight decay must not rise with the learning rate. Defaults
            to `False`.

    Raises:
        ValueError: When a constant is out of range, the model has no augmentation of kerasaug's, its learning rate is
            a schedule inside the optimizer, or the order of callbacks leaves the factors without effect.

    Example:

    ```python
    network = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model = kerasaug.AugmentedModel(network, kerasaug.layers.RandomFlip(strength=0.5))
    model.compile(keras.optimizers.AdamW(0.01, weight_decay=0.1), "mse")
    tuning = kerasaug.callbacks.AugmentationAwareTuning(k_lr=1.0, k_wd=0.4)
    history = model.fit(np.ones((8, 8, 8, 3)), np.ones((8, 1)), callbacks=[tuning], verbose=0)
    assert np.allclose(history.history["learning_rate"], 0.015)
    assert np.allclose(history.history["weight_decay"], 0.08)
    ```

    Reference:
        [Steiner et al., 2021](https://arxiv.org/abs/2106.10270), on trading augmentation against regularisation.
    """

    def __init__(self, k_lr: float = 0.5, k_wd: float = 0.5, k_epochs: float = 0.0, decouple: bool = False) -> None:
        super().__init__()
        if not (k_lr > -1 and 0 <= k_wd <= 1 and k_epochs >= 0):
            raise ValueError(
                f"{_ME}: expected `k_lr` above -1, `k_wd` from 0 to 1 and `k_epochs` of at least 0. Received: "
                f"k_lr={k_lr}, k_wd={k_wd}, k_epochs={k_epochs}."
            )
        self.k_lr = k_lr
        self.k_wd = k_wd
        self.k_epochs = k_epochs
        self.decouple = decouple
        self.strength_sum = 0.0
        self.epochs_seen = 0
        self._factors: dict[str, float] = {}
        self._base: dict[str, tuple[float, float]] = {}
        self._by_step: list[ParamScheduler] = []
        self._knobs: Hyperparameters

    def factor(self, name: str) -> float:
        """What a hyperparameter is multiplied with in this epoch."""
        return self._factors.get(name, 1.0)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Looks at who else sets something."""
        self.strength_sum, self.epochs_seen = 0.0, 0
        self._factors, self._base = {}, {}
        self._check_order()
        self._knobs = Hyperparameters(self.model, (*self._tuned(), "strength"), _ME)
        check_flags(self.model, _ME)
        for name in self._tuned():
            base = unfinished.left(unwrapped(self.model.optimizer), name, self._knobs.get(self.model, name))
            if base is not None:
                self._knobs.set(self.model, name, base)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Multiplies."""
        strength = min(max(self._knobs.get(self.model, "strength"), 0.0), 1.0)
        self.strength_sum += strength
        self.epochs_seen += 1
        rise = 1.0 + self.k_lr * strength
        decay = (1.0 - self.k_wd * strength) / (rise if self.decouple else 1.0)
        self._factors = {"learning_rate": rise, "weight_decay": decay}
        for name in self._tuned():
            scheduler = self._scheduler(name)
            if scheduler is None:
                base = self._knobs.get(self.model, name)
                self._knobs.set(self.model, name, base * self._factors[name])
                self._base[name] = base, self._knobs.get(self.model, name)
                undo = partial(_base_of, *self._base[name])
            else:
                undo = partial(_base_of_step, scheduler.written, name, self._factors[name])
            unfinished.note(unwrapped(self.model.optimizer), name, undo)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs, takes the factors back, and ends training when it is long enough."""
        for name in (*self._tuned(), "strength"):
            value = self._knobs.get(self.model, name)
            if logs is not None:
                logs.setdefault(name, value)  # who lowers a rate when the epoch ends has logged what it was
            if name in self._base:
                base, mine = self._base.pop(name)
                # To the bit what it was, so that it can be resumed; what others have lowered meanwhile stays lowered.
                self._knobs.set(self.model, name, base if value == mine else value * base / mine if mine else value)
            elif name != "strength" and self._factors[name]:
                self._knobs.set(self.model, name, value / self._factors[name])
            unfinished.forget(unwrapped(self.model.optimizer), name)
        self._factors = {}
        if self.k_epochs and self._last(self.strength_sum / self.epochs_seen) <= epoch + 1 < self.params["epochs"]:
            self.model.stop_training = True

    def _last(self, strength: float) -> int:
        share = (1.0 + self.k_epochs * strength) / (1.0 + self.k_epochs)
        return max(round(self.params["epochs"] * share), 1)

    def _scheduler(self, name: str) -> ParamScheduler | None:
        """Who multiplies its value of every step by the factor."""
        return next((other for other in self._by_step if name in other.written), None)

    def _tuned(self) -> tuple[str, ...]:
        decays = self.k_wd or (self.decouple and self.k_lr)
        return (*(["learning_rate"] if self.k_lr else []), *(["weight_decay"] if decays else []))

    def _check_order(self) -> None:
        others = callbacks_of(self)
        if sum(isinstance(other, AugmentationAwareTuning) for other in others) > 1:
            raise ValueError(f"{_ME}: expected to be there once. Received: several in one `fit`.")
        behind = others[others.index(self) + 1 :]
        for other in others:
            touched = [name for name in sets(other) if name in (*self._tuned(), "strength")]
            if touched and isinstance(other, WeightDecayScheduler) and hasattr(other.schedule, "get_config"):
                raise ValueError(
                    f"{_ME}: expected a weight decay that is a number. Received: {type(other.schedule).__name__}, "
                    "which is evaluated inside the step. Take ParamScheduler({'weight_decay': …}) instead."
                )
            if touched and other in behind:
                raise ValueError(
                    f"{_ME}: expected to stand behind what sets {touched[0]} in the list of callbacks. Received: "
                    f"{type(other).__name__} behind it. Move {_ME} to the end."
                )
        schedulers = [other for other in others if isinstance(other, ParamScheduler)]
        self._by_step = [other for other in schedulers if other.by == "step"]


def _base_of(base: float, mine: float, value: float) -> float | None:
    return base if value == mine else None


def _base_of_step(written: dict[str, float], name: str, factor: float, value: float) -> float | None:
    mine = written.get(name)
    return value / factor if factor and mine is not None and math.isclose(value, mine, rel_tol=1e-6) else None


def epochs_for(epochs: int, strength: float, k_epochs: float = 1.0) -> int:
    """How long to train with augmentation, where `epochs` are enough without: `epochs * (1 + k_epochs * strength)`.

    Args:
        epochs: Epochs without augmentation.
        strength: Of the augmentation, cut to [0, 1].
        k_epochs: How many more full strength needs; 1 doubles them. No published result fixes it. Defaults to 1.

    Returns:
        The number, rounded.

    Example:

    ```python
    kerasaug.callbacks.epochs_for(20, strength=0.5)  # 30
    ```

    Reference:
        [Steiner et al., 2021](https://arxiv.org/abs/2106.10270)
    """
    return round(epochs * (1.0 + k_epochs * min(max(strength, 0.0), 1.0)))
