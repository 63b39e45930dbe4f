"""Noise that fills an erased region."""

import math
from typing import Any

from kerasaug.backend import Tensor, ops
from kerasaug.ops import bits
from kerasaug.params import Params


def normal_noise(shape: tuple[Any, ...], params: Params, value_range: tuple[float, float]) -> Tensor:
    """Nearly normal noise (batch, *shape), about the middle of the value range, clipped to it.

    Args:
        shape: Height, width and channels.
        params: With a per-sample `"key"`.
        value_range: Lowest and highest pixel value; a quarter of it is the deviation.
    """
    low, high = value_range
    noise = bits.to_noise(bits.expand(params["key"], math.prod(shape)))
    noise = (low + high) / 2.0 + (high - low) / 4.0 * noise
    return ops.reshape(ops.clip(noise, low, high), (-1, *shape))
