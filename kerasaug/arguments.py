"""Checks of constructor arguments, with messages that name the layer, the argument and what to pass."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any, TypeGuard

import numpy as np

_INF = float("inf")
_MOST = 2**31 - 1  # of an int32, which is what a TensorFlow or JAX kernel counts with


def as_range(
    value: Any, name: str, layer: str, low: float = -_INF, high: float = _INF, single: str = "symmetric"
) -> tuple[float, float]:
    """Reads a number or a pair of numbers as a range.

    Args:
        value: A number `f`, or a pair, in either order.
        name: Name of the argument, for the message.
        layer: Name of the layer, for the message.
        low: Smallest number allowed.
        high: Largest number allowed.
        single: What a number means: `"symmetric"` for (-f, f), cut off at `low`; `"from_zero"` for (0, f);
            `"both"` for (f, f).

    Returns:
        The range, in ascending order; where `single` is `"both"`, in the order given.

    Raises:
        ValueError: When the value is no number, no pair, or out of bounds.
    """
    pair = _pair(value, single, low)
    if pair is not None and pair[0] < low == 0.0 and pair[0] == -pair[1]:  # so Keras saves a number, and means (0, f)
        pair = _pair(pair[1], single, low)
    if pair is None or not all(low <= one <= high for one in pair):
        raise ValueError(
            f"{layer} expects {name}, a number or a pair of numbers{_bounds(low, high)}. Received: {name}={value!r}."
        )
    return (pair[0], pair[1]) if single == "both" else (min(pair), max(pair))


def as_number(value: Any, name: str, layer: str, low: float = -_INF, high: float = _INF) -> float:
    """Reads a finite number, no boolean, between `low` and `high`; an integer stays one."""
    number = _number(value)
    if number is None or not low <= number <= high:
        raise _error(value, name, layer, f"a number{_bounds(low, high)}")
    return int(value) if isinstance(value, Integral) else number


def as_fill(value: Any, name: str, layer: str) -> float | tuple[float, ...]:
    """Reads what fills pixels: a number, or one for each of three channels."""
    if isinstance(value, Sequence) and len(value) == 3:
        return tuple(as_number(one, name, layer) for one in value)
    return as_number(value, name, layer)


def as_integer(value: Any, name: str, layer: str, low: int = 0, high: int = _MOST) -> int:
    """Reads an integer, no boolean, between `low` and `high`."""
    if not is_integer(value) or not low <= value <= high:
        kind = "a positive integer up to" if low == 1 else f"an integer from {low} to"
        raise _error(value, name, layer, f"{kind} {high}")
    return int(value)


def as_integers(value: Any, name: str, layer: str, low: int = 0, high: int = _MOST) -> tuple[int, int]:
    """Reads an integer or a pair of integers between `low` and `high`, in the order given; one alone is both."""
    pair = _pair(value, "both", low)
    if pair is None or not all(low <= one <= high and one == int(one) for one in pair):
        raise _error(value, name, layer, f"an integer or a pair of integers from {low} to {high}")
    return int(pair[0]), int(pair[1])


def is_integer(value: Any) -> TypeGuard[int]:
    """Whether a value is a whole number, Python's or NumPy's; booleans are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def as_seed(value: Any, layer: str) -> int | None:
    """Reads a seed, or `None`: negative ones too, as Keras takes them, modulo 2**31, which every backend can hold."""
    return None if value is None else as_integer(value, "seed", layer, -(2**63), 2**64 - 1) % 2**31


def as_flag(value: Any, name: str, layer: str) -> bool:
    """Reads `True` or `False`."""
    if not isinstance(value, bool | np.bool_):
        raise _error(value, name, layer, "True or False")
    return bool(value)


def one_of(value: Any, choices: Sequence[str], name: str, layer: str) -> Any:
    """Checks that an argument is one of the choices there are."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{layer} expects {name} to be one of {list(choices)}. Received: {name}={value!r}.")
    return value


def as_value_range(value: Any, layer: str) -> tuple[float, float]:
    """Reads the lowest and the highest pixel value."""
    pair = _numbers(value)
    if pair is None or not pair[0] < pair[1]:
        raise ValueError(
            f"{layer} expects value_range, the lowest and the highest pixel value, such as (0, 255). Received: "
            f"value_range={value!r}."
        )
    return pair


def as_keys(value: Any, kinds: Sequence[str], layer: str) -> dict[str, str] | None:
    """Reads a dict from kinds of target to their names, of which no two are the same."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value.values()):
        raise _error(value, "keys", layer, "a dict from kind of target to its name, such as {'images': 'image'}")
    for kind in value:
        one_of(kind, kinds, "every key of keys", layer)
    names = [value.get(kind, kind) for kind in kinds]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{layer} expects keys that leave every kind of target a name of its own. Received: "
            f"keys={dict(value)!r}, by which two have the name {twice[0]!r}."
        )
    return dict(value) or None


@contextmanager
def explained(layer: str, expected: str, received: Any) -> Iterator[None]:
    """Says which layer it was and what it expects, where Keras's own checks of arguments do not."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{layer} expects {expected}. Received: {received!r}. Keras says: {error}") from error


def _error(value: Any, name: str, layer: str, expected: str) -> ValueError:
    return ValueError(f"{layer} expects {name}, {expected}. Received: {name}={value!r}.")


def _bounds(low: float, high: float) -> str:
    if low == -_INF and high == _INF:
        return ""
    return f" of {low} or more" if high == _INF else f" between {low} and {high}"


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _numbers(value: Any) -> tuple[float, float] | None:
    """Of a pair; a tracked list of a loaded config, or an array, is one too."""
    if isinstance(value, str) or not (isinstance(value, Sequence | np.ndarray) and np.ndim(value) == 1):
        return None
    pair = [_number(one) for one in value]
    return (pair[0], pair[1]) if len(pair) == 2 and None not in pair else None  # type: ignore[return-value]


def _pair(value: Any, single: str, low: float) -> tuple[float, float] | None:
    number = _number(value)
    if number is None:
        return _numbers(value)
    if single == "from_zero":
        return 0.0, number
    most = number if number < low else abs(number)
    return (number, number) if single == "both" else (max(-abs(number), low), most)
