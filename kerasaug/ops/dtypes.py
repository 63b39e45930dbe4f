"""Casts that never wrap."""

import keras
import numpy as np

from kerasaug.backend import Tensor, ops


def to_dtype(images: Tensor, dtype: str) -> Tensor:
    """Casts images; floats that become integers are rounded and saturated, never wrapped."""
    source = keras.backend.standardize_dtype(images.dtype)
    if source == dtype:
        return images
    if dtype.startswith(("int", "uint")) and not source.startswith(("int", "uint")):
        limits = np.iinfo(dtype)
        images = ops.clip(ops.round(images), float(limits.min), float(limits.max))
    return ops.cast(images, dtype)
