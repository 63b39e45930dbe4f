"""Laws that a falling loss may follow, fitted to the beginning of it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

_GRID = 200


class Fit(NamedTuple):
    """A law `floor + height * shape(x)`, with `shape` falling from about 1 to 0.

    Attributes:
        law: `"exponential"`, `exp(-x / scale)`, or `"power"`, `x ** -scale`.
        floor: The loss in the end.
        height: What is to be gained.
        scale: See `law`.
        explained: The share of the losses' variance that the law explains, 1 at most.
    """

    law: str
    floor: float
    height: float
    scale: float
    explained: float

    def until(self, share: float) -> float:
        """Where all but `share` of what was to be gained from x = 1 on has been."""
        if self.law == "exponential":
            return 1 - self.scale * float(np.log(share))
        return float(np.exp(min(-np.log(share) / self.scale, 700.0)))


def fits(x: np.ndarray, losses: np.ndarray) -> list[Fit]:
    """Both laws by least squares, those of them with something to gain; none of them falls below 0 in a loss that is
    never negative.

    Args:
        x: Epochs, from above 0.
        losses: The loss at each.
    """
    laws: dict[str, tuple[Callable[[float], np.ndarray], np.ndarray]] = {
        "exponential": (lambda scale: np.exp(-x / scale), np.geomspace(x[-1] / 50, x[-1] * 5, _GRID)),
        "power": (lambda scale: x**-scale, np.geomspace(0.05, 5.0, _GRID)),
    }
    found = [min((_line(law, shape(s), s, losses) for s in grid), key=_misfit) for law, (shape, grid) in laws.items()]
    return [one for one in found if one.height > 0]


def _misfit(fit: Fit) -> float:
    return -fit.explained


def _line(law: str, shape: np.ndarray, scale: float, losses: np.ndarray) -> Fit:
    height, floor = np.polyfit(shape, losses, 1)
    if losses.min() >= 0 and floor < 0:  # a loss that never is negative has no floor below zero
        floor, height = 0.0, float(shape @ losses / (shape @ shape))
    rest = float(np.sum((losses - floor - height * shape) ** 2))
    spread = float(np.sum((losses - losses.mean()) ** 2))
    return Fit(law, float(floor), float(height), float(scale), 1 - rest / spread if spread else 0.0)
