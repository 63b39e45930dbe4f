"""What is drawn for a batch: a dict of tensors whose first axis is the batch."""

from typing import Any

import keras
import numpy as np

from kerasaug.backend import Tensor, ops

Params = dict[str, Any]


def as_tensors(params: Params) -> Params:
    """Parameters as tensors; NumPy's default floats and integers are narrowed to what draws are."""

    def convert(value: Any) -> Tensor:
        if isinstance(value, np.ndarray | np.generic) and value.dtype.name in ("float64", "int64"):
            value = value.astype(value.dtype.name[:-2] + "32")
        return ops.convert_to_tensor(value)

    return keras.tree.map_structure(convert, params)


def chosen(params: Params, images: Tensor) -> Tensor:
    """Boolean, of the rank of `images`: which samples an op changes. Parameters made by hand choose everyone."""
    if "chosen" not in params:
        return ops.ones((1,) * len(images.shape), dtype="bool")
    return ops.reshape(params["chosen"], (-1,) + (1,) * (len(images.shape) - 1))
