"""Advice on the number of epochs, from the learning curve of a short run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kerasaug.backend.inference import is_endless
from kerasaug.transfer.learning_curve import Fit, fits
from kerasaug.transfer.range_test import BatchLoss, fit
from kerasaug.transfer.trial import trial, twin
from kerasaug.transfer.trial_data import fit_data

_NAME = "epoch_advice"
_POINTS = 20  # training losses are averaged to so many at most
_EXPLAINED = 0.5  # of the losses' variance; a law that explains less is none
_FARTHEST = 10.0  # times the run's length, beyond which a law is not asked


@dataclass(frozen=True)
class EpochAdvice:
    """What `epoch_advice` has measured and concludes; `str` of it says so in words.

    Attributes:
        epochs: The advice, rounded up; `None` where the run does not tell.
        low: The fewest epochs that either law asks for; 0 where the run does not tell.
        high: The most; infinite where that is farther off than ten times the run.
        measured: Epochs that were run.
        x: Where the losses stand, in epochs.
        losses: The losses the advice rests on: of the validation data after each epoch, or means of training losses.
        fits: The laws that describe them.
        overfitted: Whether the validation loss had its lowest before the last two epochs.
        reason: Why, in a sentence.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = np.random.default_rng(0).normal(size=(64, 4))
    found = kerasaug.transfer.epoch_advice(model, (x, x[:, :1]), epochs=4, batch_size=16)
    assert isinstance(found, kerasaug.transfer.EpochAdvice) and found.measured == 4
    ```
    """

    epochs: int | None
    low: float
    high: float
    measured: int
    x: tuple[float, ...]
    losses: tuple[float, ...]
    fits: tuple[Fit, ...]
    overfitted: bool
    reason: str

    def __str__(self) -> str:
        lines = [f"Loss {self.losses[0]:.4g} to {self.losses[-1]:.4g} in {self.measured} epochs. {self.reason}"]
        for one in self.fits:
            lines.append(f"  {one.law:11} law: ends at {one.floor:.4g}, explains {one.explained:.1%} of the variance")
        return "\n".join(lines)


def epoch_advice(
    model: keras.Model,
    data: Any,
    validation: Any = None,
    epochs: int = 6,
    remaining: float = 0.05,
    *,
    batch_size: int = 32,
    class_weight: Mapping[int, float] | None = None,
) -> EpochAdvice:
    """Trains for a few epochs, says when the loss will have come down by nearly all it can, and puts all back.

    Two laws are fitted to the learning curve, an exponential and a power of the epoch, and the advice lies between the
    epochs at which each has all but `remaining` of its gain behind it: in their geometric mean. Where the validation
    loss has already risen for two epochs, the advice is where it was lowest.

    The run is at the optimizer's own learning rate, with the layers frozen that are so now and augmentation as strong
    as now: all three change the curve, and the advice holds for them alone. A learning rate that falls by a schedule
    ends a curve earlier than one that stays; measure at a rate that stays. A curve says when training slows, not how
    good the model will be, and the farther off the end is, the less the run tells: the advice is `None` where neither
    law describes the curve, or both point farther than ten times the run.

    Args:
        model: A built and compiled model.
        data: As of `lr_find`; with an end.
        validation: Data whose loss is looked at after each epoch. Default to the training losses.
        epochs: How many to run, at least 4. Defaults to 6.
        remaining: The share of the gain that need not be waited for. Defaults to 0.05.
        batch_size: For arrays. Defaults to 32.
        class_weight: As in `keras.Model.fit`.

    Returns:
        An `EpochAdvice`, which prints its numbers and reasons.

    Raises:
        ValueError: As of `lr_find`; when there are fewer than 4 epochs, data are endless or a loss is not finite.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = np.random.default_rng(0).normal(size=(64, 4))
    print(kerasaug.transfer.epoch_advice(model, (x, x[:, :1]), epochs=4, batch_size=16))
    ```

    Reference:
        [power laws of learning curves: Viering and Loog, 2022](https://arxiv.org/abs/2103.10948)
    """
    if not (epochs >= 4 and 0 < remaining < 1):
        raise ValueError(
            f"{_NAME} expects epochs of at least 4 and remaining between 0 and 1. Received: epochs={epochs}, "
            f"remaining={remaining}."
        )
    if is_endless(data) or is_endless(validation):
        raise ValueError(
            f"{_NAME} expects data and validation that come to an end, after which an epoch is over. Received: an "
            "endless dataset. Pass dataset.take(…), or one without repeat()."
        )
    given = fit_data(data, batch_size, _NAME)
    if validation is not None:
        judge = fit_data(validation, 1, _NAME)
        judge = {name: value for name, value in judge.items() if name not in ("shuffle", "batch_size")}
        judge.update({"batch_size": batch_size} if "y" in judge else {})
    weights = None if class_weight is None else dict(class_weight)
    with trial(model, _NAME, lambda: twin(model, _NAME, rate=None)):
        curve = _Curve(None if validation is None else judge)
        fit(model, given, epochs, [curve], weights)
    x, losses = curve.points(epochs)
    if not np.isfinite(losses).all():
        raise ValueError(f"{_NAME} expects training that does not diverge. Received: losses {losses}. Lower the rate.")
    return _advice(x, losses, epochs, remaining, validation is not None)


def _advice(x: np.ndarray, losses: np.ndarray, epochs: int, remaining: float, validated: bool) -> EpochAdvice:
    def result(advised: int | None, low: float, high: float, reason: str, overfitted: bool = False) -> EpochAdvice:
        points = tuple(map(float, x)), tuple(map(float, losses))
        return EpochAdvice(advised, low, high, epochs, *points, tuple(laws), overfitted, reason)

    laws = [one for one in fits(x, losses) if one.explained >= _EXPLAINED]
    lowest = int(np.argmin(losses)) + 1
    if validated and lowest <= epochs - 2:
        reason = f"The validation loss was lowest after epoch {lowest} and has risen since: {lowest} epochs."
        return result(lowest, float(lowest), float(lowest), reason, overfitted=True)
    if not laws:
        return result(None, 0.0, float("inf"), "It does not fall by any law: raise epochs, or the learning rate.")
    ends = sorted(one.until(remaining) for one in laws)
    low, high = ends[0], ends[-1] if ends[-1] <= _FARTHEST * epochs else float("inf")
    if low > _FARTHEST * epochs:
        return result(None, low, high, f"It falls on for more than {_FARTHEST * epochs:.0f} epochs: raise epochs.")
    advised = int(np.ceil(np.sqrt(low * min(high, _FARTHEST * epochs))))
    upper = "more than can be told" if high == float("inf") else f"{high:.1f}"
    return result(
        advised, low, high, f"{1 - remaining:.0%} of the gain takes {low:.1f} to {upper} epochs: {advised} epochs."
    )


class _Curve(BatchLoss):
    """Training losses batch by batch, or the validation loss after each epoch."""

    def __init__(self, judge: dict[str, Any] | None) -> None:
        super().__init__(_NAME)
        self.judge = judge
        self.losses: list[float] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_train_batch_end(batch, logs)
        if self.judge is None:
            self.losses.append(self.last)  # type: ignore[arg-type]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.judge is not None:
            self.losses.append(float(self.model.evaluate(**self.judge, verbose=0, return_dict=True)["loss"]))

    def points(self, epochs: int) -> tuple[np.ndarray, np.ndarray]:
        """Where the losses stand, in epochs, and the losses."""
        losses = np.asarray(self.losses)
        if self.judge is not None:
            return np.arange(1, epochs + 1, dtype=float), losses
        chunks = np.array_split(np.arange(len(losses)), min(_POINTS, len(losses)))
        middle = np.array([(chunk.mean() + 0.5) * epochs / len(losses) for chunk in chunks])
        return middle, np.array([losses[chunk].mean() for chunk in chunks])
