"""Where the channels are."""

from kerasaug.backend import Tensor, ops
from kerasaug.ops.matrix import Size


def channel_axis(data_format: str) -> int:
    """Of a batch of images."""
    return 1 if data_format == "channels_first" else -1


def size_of(images: Tensor, data_format: str) -> Size:
    """Height and width of a batch of images: numbers where they are known, tensors where not."""
    shape = ops.shape(images)
    return tuple(shape[2:4] if data_format == "channels_first" else shape[1:3])


def channels_last(images: Tensor, data_format: str) -> Tensor:
    """(batch, height, width, channels), from the caller's layout."""
    return ops.transpose(images, (0, 2, 3, 1)) if data_format == "channels_first" else images


def restore(images: Tensor, data_format: str) -> Tensor:
    """The caller's layout, from (batch, height, width, channels)."""
    return ops.transpose(images, (0, 3, 1, 2)) if data_format == "channels_first" else images
