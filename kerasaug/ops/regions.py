"""Per-sample regions of an image: rectangles, and how much of each box a region covers."""

from kerasaug.backend import Tensor, gather_rows, ops
from kerasaug.ops.matrix import Size
from kerasaug.ops.rows import first_rows


def rectangle(box: Tensor, size: Size) -> Tensor:
    """Boolean (batch, height, width): pixels whose index lies in a box.

    Args:
        box: (batch, 4): left, top, right, bottom, the last two exclusive, in pixels.
        size: Height and width.
    """
    ys = ops.cast(ops.arange(size[0], dtype="int32"), box.dtype)[None, :, None]
    xs = ops.cast(ops.arange(size[1], dtype="int32"), box.dtype)[None, None, :]
    left, top, right, bottom = (box[:, i, None, None] for i in range(4))
    return (xs >= left) & (xs < right) & (ys >= top) & (ys < bottom)


def clipped_square(center: Tensor, extent: Tensor, size: Size) -> Tensor:
    """A box around a centre, whole pixels, cut off at the frame.

    Args:
        center: float32 (batch, 2), (x, y), as fractions of the image.
        extent: float32 (batch, 2), (width, height) in pixels; floored.
        size: Height and width.

    Returns:
        float32 (batch, 4): left, top, right, bottom.
    """
    frame = ops.cast(ops.stack([size[1], size[0]]), "float32")[None]
    extent = ops.floor(extent)
    low = ops.floor(center * frame) - ops.floor(extent / 2.0)
    return ops.concatenate([ops.clip(low, 0.0, frame), ops.clip(low + extent, 0.0, frame)], axis=1)


def covered(region: Tensor, corners: Tensor) -> Tensor:
    """How much of each box a region covers, by a summed-area table.

    Args:
        region: Boolean (batch, height, width).
        corners: float32 (batch, boxes, 4), left, top, right, bottom in pixels.

    Returns:
        float32 (batch, boxes), fractions from 0 to 1; boxes are rounded out to whole pixels.
    """
    batch, height, width = ops.shape(region)
    table = ops.cumsum(ops.cumsum(ops.cast(region, "float32"), axis=1), axis=2)
    table = ops.reshape(ops.pad(table, [[0, 0], [1, 0], [1, 0]]), (-1,))
    first = first_rows(batch, height + 1, width + 1)[:, None]

    def total(y: Tensor, x: Tensor) -> Tensor:
        return gather_rows(table, first + y * (width + 1) + x)

    left, top = (ops.cast(ops.floor(corners[..., i]), "int32") for i in (0, 1))
    right, bottom = (ops.cast(ops.ceil(corners[..., i]), "int32") for i in (2, 3))
    left, right = ops.clip(left, 0, width), ops.clip(right, 0, width)
    top, bottom = ops.clip(top, 0, height), ops.clip(bottom, 0, height)
    inside = total(bottom, right) - total(top, right) - total(bottom, left) + total(top, left)
    return inside / ops.maximum(ops.cast((right - left) * (bottom - top), "float32"), 1.0)
