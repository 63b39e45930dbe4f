"""Contenders timed in turns, so that a machine whose speed drifts favours none of them."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras


def wait(result: Any) -> None:
    """Waits until every tensor of a result is there."""
    for tensor in keras.tree.flatten(result):
        if hasattr(tensor, "block_until_ready"):
            tensor.block_until_ready()
        elif hasattr(tensor, "dtype"):
            keras.ops.convert_to_numpy(tensor[:1, ..., :1])  # reads a corner, since a copy of it all would be timed too


def in_turns(contenders: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Times contenders one after another, round by round.

    Each makes one call that is not timed before the one that is: under JAX, the gigabytes that Keras's layers give
    back after their call made whatever came next, a single pass too, take 130 ms longer.

    Args:
        contenders: Name to function; each is called once before, to trace and compile.
        rounds: How many times each is timed.

    Returns:
        Name to median, in milliseconds.
    """
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for contender in contenders.values():
        wait(contender())
    for _ in range(rounds):
        for name, contender in contenders.items():
            wait(contender())
            start = time.perf_counter()
            wait(contender())
            times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}
