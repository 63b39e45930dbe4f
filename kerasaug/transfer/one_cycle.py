"""Learning rates that rise and fall along cosines, as functions of the optimizer's step."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerasaug.registry import register


@register
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises along a cosine and falls along a longer one: the 1cycle policy as fastai has it.

    With `p = step / steps` in [0, 1] and `cos(a, b, t) = a + (b - a) * (1 - cos(pi * t)) / 2`, the rate is

    - `cos(peak / div, peak, p / pct_start)` for `p < pct_start`,
    - `cos(peak, peak / div_final, (p - pct_start) / (1 - pct_start))` from there on.

    It is evaluated inside the compiled step, from the optimizer's iteration count, so that a training that is resumed
    goes on at the rate where it stopped. The momentum, which fastai moves the other way, stays as it is.

    Args:
        peak: The highest learning rate.
        steps: Optimizer steps from beginning to end; afterwards the rate stays at its last.
        pct_start: The fraction of the steps in which it rises, between 0 and 1, both excluded. Defaults to 0.25.
        div: The first rate is `peak / div`. Defaults to 25.
        div_final: The last rate is `peak / div_final`. Defaults to 1e5.
        name: Name of the schedule.

    Raises:
        ValueError: When an argument is out of range.

    Example:

    ```python
    schedule = kerasaug.transfer.OneCycle(peak=0.01, steps=100)
    rates = [float(schedule(step)) for step in (0, 25, 100)]
    assert np.allclose(rates, [0.01 / 25, 0.01, 0.01 / 1e5])
    ```

    Reference:
        - [Smith and Topin, 2019](https://arxiv.org/abs/1708.07120)
        - [fastai's `fit_one_cycle`](https://docs.fast.ai/callback.schedule.html)
    """

    def __init__(
        self,
        peak: float,
        steps: int,
        pct_start: float = 0.25,
        div: float = 25.0,
        div_final: float = 1e5,
        name: str = "OneCycle",
    ) -> None:
        if not (peak > 0 and div > 0 and div_final > 0 and 0 < pct_start < 1 and steps >= 1):
            raise ValueError(
                "OneCycle: expected positive `peak`, `div` and `div_final`, `steps` of at least 1 and `pct_start` "
                f"between 0 and 1. Received: peak={peak}, steps={steps}, pct_start={pct_start}, div={div}, "
                f"div_final={div_final}."
            )
        self.peak = float(peak)
        self.steps = int(steps)
        self.pct_start = float(pct_start)
        self.div = float(div)
        self.div_final = float(div_final)
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The rate of a step, counted from 0."""
        position = ops.clip(ops.cast(step, "float32") / self.steps, 0.0, 1.0)
        rise = _cosine(self.peak / self.div, self.peak, position / self.pct_start)
        fall = _cosine(self.peak, self.peak / self.div_final, (position - self.pct_start) / (1.0 - self.pct_start))
        return ops.where(position < self.pct_start, rise, fall)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("peak", "steps", "pct_start", "div", "div_final", "name")
        return {name: getattr(self, name) for name in names}


@register
class InTurn(keras.optimizers.schedules.LearningRateSchedule):
    """Cycles one after another, each counting its own steps from 0.

    Args:
        cycles: `OneCycle` schedules; the last one's rate stays.
        name: Name of the schedule.
    """

    def __init__(self, cycles: Sequence[OneCycle], name: str = "InTurn") -> None:
        self.cycles = list(cycles)
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The rate of a step, counted from 0."""
        step = ops.cast(step, "float32")
        rate, start = self.cycles[0](step), self.cycles[0].steps
        for cycle in self.cycles[1:]:
            rate = ops.where(step < start, rate, cycle(step - start))
            start += cycle.steps
        return rate

    def get_config(self) -> dict[str, Any]:
        """The cycles' configs."""
        return {"cycles": [cycle.get_config() for cycle in self.cycles], "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "InTurn":
        """Builds the cycles first."""
        return cls([OneCycle(**cycle) for cycle in config["cycles"]], config["name"])


def fine_tune_schedule(
    base_lr: float, frozen_steps: int, steps: int, pct_start: float = 0.3, div: float = 5.0
) -> InTurn:
    """The rates of fastai's `fine_tune` in the topmost layer group: `base_lr`, then half of it, a cycle each.

    Args:
        base_lr: Peak of the cycle in which the body is frozen.
        frozen_steps: Steps of that cycle, which rises nearly to its end (`pct_start=0.99`, `div=25`); 0 for none.
        steps: Steps of the cycle in which everything trains; 0 for none.
        pct_start: Of the second cycle.
        div: Of the second cycle.
    """
    cycles = []
    if frozen_steps:
        cycles.append(OneCycle(base_lr, frozen_steps, pct_start=0.99))
    if steps:
        cycles.append(OneCycle(base_lr / 2, steps, pct_start=pct_start, div=div))
    return InTurn(cycles)


def _cosine(start: float, end: float, position: Any) -> Any:
    share = (1.0 + ops.cos(math.pi * position)) / 2.0
    return start * share + end * (1.0 - share)  # exact at both ends, where a difference of float32 would not be
