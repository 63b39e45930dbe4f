"""Labels that are mixed: class numbers become rows, rows are blended by the share that is each sample's own."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from kerasaug.backend import Tensor, gather_rows, ops
from kerasaug.tensors import dtype_of


def is_sparse(labels: Any) -> bool:
    """Whether labels are class numbers: integers, one a sample."""
    return is_integers(labels) and (len(labels.shape) == 1 or tuple(labels.shape[1:]) == (1,))


def is_integers(values: Any) -> bool:
    """Whether there are but whole numbers."""
    return keras.backend.standardize_dtype(values.dtype).startswith(("int", "uint"))


def one_hot(numbers: Tensor, num_classes: int) -> Tensor:
    """float32 (…, num_classes), of class numbers (…); one outside of 0 … num_classes - 1 becomes a row of zeros."""
    wide = dtype_of(numbers) in ("int64", "uint64")  # a cast to int32 would give class 2**32 the number 0
    dtype = "int64" if wide else "int32"
    classes = ops.arange(num_classes, dtype=dtype)  # torch's own `one_hot` refuses numbers beyond them
    return ops.cast(ops.cast(numbers, dtype)[..., None] == classes, "float32")


def encoded(labels: Tensor, num_classes: int | None) -> Tensor:
    """Class numbers one-hot, where their number is known; whatever else is no float as float32."""
    if not is_sparse(labels):
        return as_float(labels)
    if num_classes is None:
        return labels
    return one_hot(labels[:, 0] if len(labels.shape) == 2 else labels, num_classes)


def encoded_spec(labels: Any, num_classes: int | None) -> Any:
    """Shape and dtype of what `encoded` makes of labels."""
    if not is_sparse(labels):
        return float_spec(labels)
    return labels if num_classes is None else keras.KerasTensor((labels.shape[0], num_classes), "float32")


def as_float(values: Tensor) -> Tensor:
    """float32, unless they are floats already."""
    return values if _is_float(values) else ops.cast(values, "float32")


def float_spec(values: Any) -> Any:
    """Shape and dtype of what `as_float` makes of values."""
    return values if _is_float(values) else keras.KerasTensor(values.shape, "float32")


def blend(values: Tensor, partner: Tensor, share: Tensor) -> Tensor:
    """Values (batch, …) and those of the partners, int32 (batch,), each sample's by its own share, float32 (batch,)."""
    values = as_float(values)
    weight = ops.cast(like(share, values), values.dtype)
    return weight * values + (1.0 - weight) * gather_rows(values, partner)


def like(each: Tensor, values: Tensor) -> Tensor:
    """(batch, 1, …), of the rank of `values`, for one (batch,)."""
    return ops.reshape(each, (-1,) + (1,) * (len(values.shape) - 1))


def mapped(fields: Mapping[str, Any], each: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """Fields with a function of its own for each kind of target that is named, and there; heads one by one."""
    there = {kind: one for kind, one in each.items() if kind in fields}
    return {**fields, **{kind: keras.tree.map_structure(one, fields[kind]) for kind, one in there.items()}}


def _is_float(values: Any) -> bool:
    return not keras.backend.standardize_dtype(values.dtype).startswith(("int", "uint", "bool"))
