"""Means over seeds, and paired differences with their intervals."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from kerasaug.extras import require

CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True)
class Interval:
    """A mean and the interval around it; without bounds (nan) when one value gives no spread."""

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside."""
        return self.low > 0 or self.high < 0


def mean_and_spread(values: Sequence[float]) -> tuple[float, float]:
    """The mean and the sample standard deviation, which is nan for one value."""
    array = np.asarray(values, "float64")
    return float(array.mean()), float(array.std(ddof=1)) if len(array) > 1 else float("nan")


def interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """The mean of some values and its interval after Student's t.

    Args:
        values: At least one number.
        confidence: Coverage of the interval, in (0, 1).

    Reference:
        Student, The Probable Error of a Mean, 1908.
    """
    mean, spread = mean_and_spread(values)
    if len(values) < 2:
        return Interval(mean, float("nan"), float("nan"))
    stats = require("scipy.stats", "data", "kerasaug finetune")
    half = float(stats.t.ppf((1 + confidence) / 2, len(values) - 1)) * spread / len(values) ** 0.5
    return Interval(mean, mean - half, mean + half)


def paired_difference(values: Sequence[float], baseline: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """The mean of `values - baseline`, pair by pair, and its interval.

    Args:
        values: One number for each seed.
        baseline: One number for each of the same seeds, in the same order.
        confidence: Coverage of the interval, in (0, 1).

    Raises:
        ValueError: When the two do not pair.
    """
    if len(values) != len(baseline) or not len(values):
        raise ValueError(
            f"paired_difference: expected as many values as baselines, at least one. "
            f"Received: {len(values)} and {len(baseline)}."
        )
    return interval(np.subtract(values, baseline).tolist(), confidence)
