"""A short training in which each step has a learning rate of its own, and the loss of each."""

import math
import warnings
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasaug.transfer.optimizer import unwrapped

_SMOOTHING = 0.98  # fastai's
_DIVERGED = 4.0  # times the lowest smoothed loss, fastai's


class Curve(NamedTuple):
    """What a range test has seen.

    Attributes:
        lrs: The learning rate of each step.
        losses: The loss of its batches.
        smoothed: The losses, exponentially smoothed by 0.98 and corrected for the start.
        diverged: Whether training was stopped since the loss had blown up.
    """

    lrs: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    diverged: bool


def exponential(start: float, end: float, count: int) -> np.ndarray:
    """Rates from `start` to `end`, both included, each a fixed multiple of the one before."""
    return np.geomspace(start, end, count)


def sweep(
    model: keras.Model,
    data: dict[str, Any],
    rates: np.ndarray,
    caller: str,
    stop_div: bool = True,
    class_weight: dict[int, float] | None = None,
    verbose: int = 0,
) -> Curve:
    """Trains one optimizer step at each rate, inside a `trial`.

    Args:
        model: The model; the learning rate of its optimizer must be a number.
        data: Arguments of `fit`; they are gone through as often as needed.
        rates: The learning rates.
        caller: Who asks, for messages.
        stop_div: Whether to stop when the smoothed loss is four times its lowest. It always stops at one that is not
            finite, which is left out. Defaults to `True`.
        class_weight: As in `fit`.
        verbose: 1 shows progress. Defaults to 0.

    Raises:
        ValueError: When there are no data, the step logs no loss, or the very first loss is not finite.
    """
    batches = unwrapped(model.optimizer).gradient_accumulation_steps or 1
    callback = _Sweep(rates, batches, stop_div, caller, verbose)
    fit(model, data, len(rates) * batches, [callback], class_weight)
    if not callback.losses:
        raise ValueError(
            f"{caller} expects data and a model with a finite loss. Received: "
            f"{'no batch' if callback.last is None else f'a first loss of {callback.last}'}. Check the data, the "
            "learning rate and the dtype."
        )
    count = len(callback.losses)
    losses = np.asarray(callback.losses)
    return Curve(rates[:count], losses, smooth(losses), callback.diverged)


def fit(
    model: keras.Model,
    data: dict[str, Any],
    epochs: int,
    callbacks: list[keras.callbacks.Callback],
    class_weight: dict[int, float] | None,
) -> None:
    """Fits silently; callbacks end it. With an epoch for each step the data always suffice."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Your input ran out of data")  # of data whose size nobody knows
        model.fit(**data, epochs=epochs, callbacks=callbacks, class_weight=class_weight, verbose=0)


def smooth(losses: np.ndarray) -> np.ndarray:
    """Exponentially weighted means, corrected for their start."""
    found, mean = [], 0.0
    for count, loss in enumerate(losses, start=1):
        mean = _SMOOTHING * mean + (1 - _SMOOTHING) * loss
        found.append(mean / (1 - _SMOOTHING**count))
    return np.asarray(found)


class BatchLoss(keras.callbacks.Callback):
    """Makes the logs those of each batch alone, where Keras gives running means, and takes the loss."""

    def __init__(self, caller: str) -> None:
        super().__init__()
        self.caller = caller
        self.last: float | None = None

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Forgets the batches before."""
        self.model.reset_metrics()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Takes the loss."""
        if not logs or "loss" not in logs:
            raise ValueError(
                f"{self.caller} expects a train step that returns `loss` among its logs. Received: "
                f"{sorted(logs or {})}. Return it from the train_step of {self.model.name!r}."
            )
        self.last = float(logs["loss"])


class _Sweep(BatchLoss):
    """Sets the rate of each step; with gradient accumulation a step has several batches, and their mean loss."""

    def __init__(self, rates: np.ndarray, batches: int, stop_div: bool, caller: str, verbose: int) -> None:
        super().__init__(caller)
        self.rates, self.batches, self.stop_div = rates, batches, stop_div
        self.losses: list[float] = []
        self.diverged = False
        self._pending: list[float] = []
        self._bar = keras.utils.Progbar(len(rates), stateful_metrics=["learning_rate", "loss"]) if verbose else None

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Sets the rate of the step."""
        super().on_train_batch_begin(batch, logs)
        if not self._pending:
            unwrapped(self.model.optimizer).learning_rate = float(self.rates[len(self.losses)])

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Takes the loss, and stops at the last rate or where training diverges."""
        super().on_train_batch_end(batch, logs)
        self._pending.append(self.last)  # type: ignore[arg-type]
        if len(self._pending) < self.batches and math.isfinite(self._pending[-1]):
            return
        loss, self._pending = float(np.mean(self._pending)), []
        if not math.isfinite(loss):
            self._stop(diverged=True)
            return
        self.losses.append(loss)
        if self._bar is not None:
            self._bar.update(len(self.losses), [("learning_rate", self.rates[len(self.losses) - 1]), ("loss", loss)])
        smoothed = smooth(np.asarray(self.losses))
        lowest = smoothed.min()
        if self.stop_div and smoothed[-1] > lowest + (_DIVERGED - 1) * abs(lowest):
            self._stop(diverged=True)
        elif len(self.losses) == len(self.rates):
            self._stop(diverged=False)

    def _stop(self, diverged: bool) -> None:
        self.diverged = diverged
        self.model.stop_training = True
        if self._bar is not None:
            print()
