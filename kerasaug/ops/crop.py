"""Copies of windows, each sample's at its own place."""

from kerasaug.backend import Tensor, gather_rows, on_tpu, ops
from kerasaug.ops.axes import copy_axes
from kerasaug.ops.rows import first_rows


def windows(images: Tensor, top: Tensor, left: Tensor, size: tuple[int, int]) -> Tensor:
    """Copies a window of each image.

    Args:
        images: (batch, height, width, channels), any numeric dtype.
        top: int32 (batch,), the first row of each window.
        left: int32 (batch,), the first column.
        size: Height and width of the windows.

    Returns:
        (batch, *size, channels), the images' dtype.
    """
    rows = top[:, None] + ops.arange(size[0], dtype="int32")[None, :]
    columns = left[:, None] + ops.arange(size[1], dtype="int32")[None, :]

    def reads() -> Tensor:
        batch, height, width, channels = ops.shape(images)
        first = first_rows(batch, height, width)[:, None, None]
        index = first + rows[:, :, None] * width + columns[:, None, :]
        return gather_rows(ops.reshape(images, (-1, channels)), index)

    return on_tpu(lambda: copy_axes(images, rows, columns), reads)
