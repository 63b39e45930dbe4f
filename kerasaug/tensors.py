"""What callers hand in, as dense tensors of numbers; anything else is refused by the name of whoever was given it."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kerasaug.backend import Tensor, active, ops

NUMBERS = (
    *("float16", "bfloat16", "float32", "float64"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)


def to_tensor(value: Any, what: str, layer: str, booleans: bool = False) -> Tensor:
    """Converts to the active backend's tensor, keeping the dtype; numbers only.

    JAX has no 64-bit dtypes: integers out of int32's range become its limits there, and floats float32.

    Args:
        value: A tensor, an array, or nested lists of numbers.
        what: What it is, for the message.
        layer: Who was given it, for the message.
        booleans: Whether these will do, too.

    Returns:
        A dense tensor whose rank is known.

    Raises:
        TypeError: When it is no tensor, not dense, or of no numbers.
        ValueError: When nested lists differ in length, or the rank is unknown.
    """
    value = value if hasattr(value, "dtype") else as_array(value, what, layer)
    if not hasattr(value, "__array__"):  # ragged and sparse ones lack it
        raise TypeError(
            f"{layer} expects {what} to be a dense tensor or array. Received: {type(value).__name__}. Make it dense, "
            "of one size for the whole batch."
        )
    name = dtype_of(value)
    if not is_number(value) and not (booleans and name == "bool"):
        raise TypeError(
            f"{layer} expects {what} to be numbers, of 8 to 64 bits. Received: dtype={name}. Decode or convert them "
            "first."
        )
    if active() == "jax" and name in ("int64", "uint64", "float64"):
        value = _narrowed(value, name)
    tensor = ops.convert_to_tensor(value)
    if getattr(tensor.shape, "rank", 0) is None:  # of a `tf.py_function`, say
        raise ValueError(
            f"{layer} expects {what} whose rank is known. Received: a tensor of unknown shape. Say which it has: "
            "tensor.set_shape((None, None, 3)), for an image."
        )
    return tensor


def dtype_of(value: Any) -> str:
    """The dtype's name, whoever made the tensor."""
    return str(getattr(value.dtype, "name", value.dtype)).removeprefix("torch.")


def is_number(value: Any) -> bool:
    """Whether its dtype is one that pixels and targets can have."""
    return dtype_of(value) in NUMBERS


def differ(one: Any, other: Any) -> bool:
    """Whether two axes have different lengths, as far as they are known."""
    return None not in (one, other) and one != other


def as_array(value: Any, what: str, layer: str) -> np.ndarray:
    """A NumPy array, float32 where it would be float64; not yet one of numbers."""
    if isinstance(value, Mapping) or value is None:
        raise TypeError(f"{layer} expects {what} to be a tensor or an array. Received: {type(value).__name__}.")
    try:
        array = np.asarray(value)
    except Exception as error:  # an `__array__` of somebody's may raise anything
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(
            f"{layer} expects {what} to be a tensor, an array, or nested lists of one length. Received: "
            f"{type(value).__name__}, of which NumPy says: {error}"
        ) from error
    return array.astype("float32") if array.dtype == "float64" else array


def _narrowed(value: Any, name: str) -> Any:
    if isinstance(value, keras.KerasTensor):
        return value
    value, narrow = np.asarray(value) if not hasattr(value, "astype") else value, name[:-2] + "32"
    if isinstance(value, np.ndarray) and value.dtype.kind in "iu":  # which would wrap
        limits = np.iinfo(narrow)
        value = np.clip(value, limits.min, limits.max)
    return value.astype(narrow)
