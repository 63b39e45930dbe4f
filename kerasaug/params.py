"""What is drawn for a batch: a dict of tensors whose first axis is the batch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasaug.backend import Tensor, ops
from kerasaug.tensors import as_array, differ, to_tensor

Params = dict[str, Any]


def as_tensors(params: Any, batch: int | None, layer: str) -> Params:
    """An op's parameters as tensors; NumPy's default floats and integers are narrowed to what draws are.

    Args:
        params: What `draw` returned, or arrays and lists of one's own.
        batch: How many samples there are, where that is known.
        layer: Name of the op, for messages.

    Raises:
        TypeError: When a parameter is no tensor of numbers or booleans.
        ValueError: When there is no dict of them, or one has not a row for each sample.
    """
    if not isinstance(params, Mapping):
        raise ValueError(f"{layer} expects a dict of parameters, as draw() returns it. Received: {params!r}.")
    return {name: _read(name, value, batch, layer) for name, value in params.items()}


def _read(name: str, value: Any, batch: int | None, layer: str) -> Any:
    """A tensor; a policy's `layers` are dicts of them, which may be nested."""
    if name == "layers" and isinstance(value, Sequence) and all(isinstance(one, Mapping) for one in value):
        return [as_tensors(one, batch, layer) for one in value]
    return _as_tensor(value, f"params[{name!r}]", batch, layer)


def _as_tensor(value: Any, what: str, batch: int | None, layer: str) -> Tensor:
    value = as_array(value, what, layer) if not hasattr(value, "dtype") else value
    if isinstance(value, np.ndarray | np.generic) and value.dtype.name in ("float64", "int64"):
        value = value.astype(value.dtype.name[:-2] + "32")
    tensor = to_tensor(value, what, layer, booleans=True)
    if len(tensor.shape) == 0 or differ(tensor.shape[0], batch):
        raise ValueError(
            f"{layer} expects {what} with one row for each of {batch} samples. Received: shape={tuple(tensor.shape)}. "
            "Draw parameters for the very batch that they are applied to."
        )
    return tensor


def chosen(params: Params, images: Tensor) -> Tensor:
    """Boolean, of the rank of `images`: which samples an op changes. Parameters made by hand choose everyone."""
    if "chosen" not in params:
        return ops.ones((1,) * len(images.shape), dtype="bool")
    return ops.reshape(params["chosen"], (-1,) + (1,) * (len(images.shape) - 1))
