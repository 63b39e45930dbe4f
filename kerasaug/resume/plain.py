"""Plain values as JSON and a list of arrays, and back, without pickle."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

_SCALARS = (type(None), bool, int, float, str)


class NotPlain(TypeError):
    """Raised for a value that is not plain: an open file, a model, a lambda."""


def encode(value: Any, arrays: list[np.ndarray]) -> Any:
    """A value as JSON, with its arrays appended to `arrays`.

    Plain are numbers, strings, booleans, `None`, NumPy arrays and scalars, lists, tuples and dicts of plain values,
    and functions of a module, which stand in callbacks for "less" and "greater".

    Raises:
        NotPlain: For anything else.
    """
    if type(value) in _SCALARS:
        return value
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.hasobject:
            raise NotPlain(f"an array of {value.dtype}")
        arrays.append(np.array(value))
        return {"scalar" if isinstance(value, np.generic) else "array": len(arrays) - 1}
    if type(value) in (list, tuple):
        return {type(value).__name__: [encode(one, arrays) for one in value]}
    if isinstance(value, Mapping) and type(value).__module__ in ("builtins", "collections"):
        return {"dict": [[encode(key, arrays), encode(one, arrays)] for key, one in value.items()]}
    if callable(value) and (name := _name_of(value)):
        return {"function": name}
    raise NotPlain(type(value).__name__)


def decode(code: Any, arrays: Mapping[str, np.ndarray] | list[np.ndarray]) -> Any:
    """The inverse of `encode`."""
    if not isinstance(code, dict):
        return code
    ((kind, content),) = code.items()
    if kind in ("array", "scalar"):
        array = arrays[content]
        return array.copy() if kind == "array" else array[()]
    if kind in ("list", "tuple"):
        values = [decode(one, arrays) for one in content]
        return values if kind == "list" else tuple(values)
    if kind == "dict":
        return {decode(key, arrays): decode(one, arrays) for key, one in content}
    found = _named(content)
    if found is None:
        raise ValueError(f"there is no function {content!r} in this process")
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two plain values are equal: type, structure and bits; NaN equals NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    return one == other or (one != one and other != other)


def _name_of(function: Any) -> str | None:
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    full = f"{module}:{name}"
    return full if module and name and _named(full) is function else None


def _named(full: str) -> Any:
    """A function by its name, of a module that this process has already imported: nothing is run to find it."""
    module, _, name = full.partition(":")
    return getattr(sys.modules.get(module), name, None)
