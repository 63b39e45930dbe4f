"""Noise that fills an erased region."""

from kerasaug.backend import Tensor, ops
from kerasaug.ops import bits
from kerasaug.params import Params


def normal_noise(images: Tensor, params: Params, value_range: tuple[float, float]) -> Tensor:
    """Nearly normal noise of the images' shape, about the middle of the value range, clipped to it.

    Args:
        images: (batch, height, width, channels).
        params: With a per-sample `"key"`.
        value_range: Lowest and highest pixel value; a quarter of it is the deviation.
    """
    low, high = value_range
    _, height, width, channels = ops.shape(images)
    noise = bits.to_noise(bits.expand(params["key"], height * width * channels))
    noise = (low + high) / 2.0 + (high - low) / 4.0 * noise
    return ops.reshape(ops.clip(noise, low, high), (-1, height, width, channels))
