"""Channels last inside, whatever the caller's layout."""

from kerasaug.backend import Tensor, ops


def channels_last(images: Tensor, data_format: str) -> Tensor:
    """(batch, height, width, channels), from the caller's layout."""
    return ops.transpose(images, (0, 2, 3, 1)) if data_format == "channels_first" else images


def restore(images: Tensor, data_format: str) -> Tensor:
    """The caller's layout, from (batch, height, width, channels)."""
    return ops.transpose(images, (0, 3, 1, 2)) if data_format == "channels_first" else images
