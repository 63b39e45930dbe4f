"""Checks of constructor arguments, with messages that name the layer, the argument and what to pass."""

from collections.abc import Sequence
from typing import Any


def as_range(
    value: Any,
    name: str,
    layer: str,
    low: float = float("-inf"),
    high: float = float("inf"),
    single: str = "symmetric",
) -> tuple[float, float]:
    """Reads a number or a pair of numbers as a range.

    Args:
        value: A number `f`, or a pair.
        name: Name of the argument, for the message.
        layer: Name of the layer, for the message.
        low: Smallest number allowed.
        high: Largest number allowed.
        single: What a number means: `"symmetric"` for (-f, f), cut off at `low`; `"from_zero"` for (0, f);
            `"both"` for (f, f).

    Returns:
        The range, in ascending order.

    Raises:
        ValueError: When the value is no number, no pair, or out of bounds.
    """
    pair = _pair(value, single, low)
    if pair is None or not all(low <= one <= high for one in pair):
        bounds = "" if (low, high) == (float("-inf"), float("inf")) else f" between {low} and {high}"
        raise ValueError(f"{layer} expects {name}, a number or a pair of numbers{bounds}. Received: {name}={value!r}.")
    return (pair[0], pair[1]) if single == "both" else (min(pair), max(pair))


def _pair(value: Any, single: str, low: float) -> tuple[float, float] | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        value = float(value)
        if single == "from_zero":
            return 0.0, value
        return (value, value) if single == "both" else (max(-abs(value), low), value if value < low else abs(value))
    if isinstance(value, Sequence) and len(value) == 2 and all(isinstance(one, int | float) for one in value):
        return float(value[0]), float(value[1])
    return None


def one_of(value: Any, choices: Sequence[str], name: str, layer: str) -> Any:
    """Checks that an argument is one of the choices there are."""
    if value not in choices:
        raise ValueError(f"{layer} expects {name} to be one of {list(choices)}. Received: {name}={value!r}.")
    return value


def as_value_range(value: Any, layer: str) -> tuple[float, float]:
    """Reads the lowest and the highest pixel value."""
    if not isinstance(value, Sequence) or len(value) != 2 or not value[0] < value[1]:
        raise ValueError(
            f"{layer} expects value_range, the lowest and the highest pixel value, such as (0, 255). Received: "
            f"value_range={value!r}."
        )
    return float(value[0]), float(value[1])
