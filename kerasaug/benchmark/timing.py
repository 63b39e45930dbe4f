"""Contenders timed in turns, so that a machine whose speed drifts favours none of them."""

import statistics
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import keras

from kerasaug.benchmark.failures import hushed, reason

SECONDS = 6.0  # what one contender may take in timed calls
FEWEST = 2  # timings, however slow
Name = TypeVar("Name", bound=Hashable)


@dataclass
class Timing:
    """What timing one contender gave.

    Attributes:
        calls: Milliseconds of each timed call.
        first: Seconds of the first call, which traces and compiles.
        error: Why there is nothing to report, or `None`.
    """

    calls: list[float] = field(default_factory=list)
    first: float | None = None
    error: str | None = None

    @property
    def milliseconds(self) -> float | None:
        """The median; `None` after a failure."""
        return statistics.median(self.calls) if self.calls and self.error is None else None


def wait(result: Any) -> None:
    """Waits until every tensor of a result is there."""
    for tensor in keras.tree.flatten(result):
        if hasattr(tensor, "block_until_ready"):
            tensor.block_until_ready()
        elif hasattr(tensor, "dtype"):
            corner = tensor[(slice(1),) * len(tensor.shape)]  # a copy of it all would be timed too
            keras.ops.convert_to_numpy(corner)


def in_turns(
    contenders: Mapping[Name, Callable[[], Any]], rounds: int, seconds: float = SECONDS, calls: int = 1
) -> dict[Name, Timing]:
    """Times contenders one after another, round by round.

    Each makes one call that is not timed before the one that is: under JAX, the gigabytes that Keras's layers give
    back after their call made whatever came next, a single pass too, take 130 ms longer.

    Args:
        contenders: Name to function; each is called once before, to trace and compile. One that raises is left out
            from then on, and the others go on.
        rounds: How many times each is timed at most.
        seconds: When the timed calls of a contender took longer than this together, it is timed no more.
        calls: How many calls in a row one timing lasts; what is reported is the time of one.

    Returns:
        Name to what was timed.
    """
    timings = {name: _first(contender) for name, contender in contenders.items()}
    for _ in range(rounds):
        for name, contender in contenders.items():
            timing = timings[name]
            spent = sum(timing.calls) * calls / 1e3
            if timing.error is None and (len(timing.calls) < FEWEST or spent < seconds):
                _time(contender, timing, calls)
    return timings


def _first(contender: Callable[[], Any]) -> Timing:
    start = time.perf_counter()
    try:
        with hushed():
            wait(contender())
    except Exception as error:
        return Timing(error=reason(error))
    return Timing(first=time.perf_counter() - start)


def _time(contender: Callable[[], Any], timing: Timing, calls: int) -> None:
    try:
        wait(contender())
        start = time.perf_counter()
        for _ in range(calls):
            wait(contender())
        timing.calls.append(1e3 * (time.perf_counter() - start) / calls)
    except Exception as error:
        timing.error = reason(error)
