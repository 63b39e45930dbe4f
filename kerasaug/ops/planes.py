"""Images of either layout as long lines, with the place of each value."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasaug.backend import Tensor, ops


@dataclass
class Planes:
    """Images as (batch, planes, height, length): a plane a channel, or one of all, whose lines interleave them.

    Lines are long, since TensorFlow takes four times as long to broadcast along three channels.

    Attributes:
        values: The images.
        batch: How many there are.
        channels: How many channels.
        size: Height and width.
        sample: int32, broadcastable to `values`, like the next three: the place in the batch.
        channel: The channel.
        row: The row.
        column: The column.
    """

    values: Tensor
    batch: int | Tensor
    channels: int | Tensor
    size: tuple[Any, Any]
    sample: Tensor
    channel: Tensor
    row: Tensor
    column: Tensor


def as_planes(images: Tensor, channel_axis: int) -> Planes:
    """Views images of rank 4 as planes; channels are along axis 1 or -1."""
    shape = ops.shape(images)
    batch, channels = shape[0], shape[channel_axis]
    height, width = shape[2:] if channel_axis == 1 else shape[1:3]
    sample = ops.arange(batch, dtype="int32")[:, None, None, None]
    row = ops.convert_to_tensor(counted(height))[:, None]
    if channel_axis == 1:
        channel, column = counted(channels)[:, None, None], counted(width)
    else:
        images = ops.reshape(images, (batch, 1, height, width * channels))
        place = counted(width * channels)
        channel, column = place % channels, place // channels
    channel, column = ops.convert_to_tensor(channel), ops.convert_to_tensor(column)
    return Planes(images, batch, channels, (height, width), sample, channel, row, column)


def counted(length: int | Tensor) -> Any:
    """int32 0, 1, …: a constant where the length is known, since XLA would compute it again for each pixel."""
    return np.arange(length, dtype="int32") if isinstance(length, int) else ops.arange(length, dtype="int32")
