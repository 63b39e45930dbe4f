"""Boxes and keypoints under any map of points."""

from collections.abc import Callable
from functools import reduce
from typing import Any

from kerasaug import boxes
from kerasaug.backend import Tensor, ops
from kerasaug.ops.matrix import Size

_POINTS = 8  # on each edge of a box: twelve pixels apart on one of a hundred, over which a field is nearly straight


def move_targets(
    fields: dict[str, Any], move: Callable[[Tensor], Tensor], touched: Tensor, size: Size, layer: Any
) -> dict[str, Any]:
    """Keypoints and boxes; those of samples that are not `touched` come back bit for bit.

    Args:
        fields: Kind of target to tensor.
        move: Maps float32 points (batch, n, 2), indices (x, y) of pixels.
        touched: Boolean (batch,): which samples move at all.
        size: Height and width of the images.
        layer: What knows the format of the boxes.

    Returns:
        The targets that move.
    """
    moved = {}
    if "keypoints" in fields:
        points = fields["keypoints"]
        xy = ops.cast(move(ops.cast(points[..., :2], "float32")), points.dtype)
        xy = ops.where(touched[:, None, None], xy, points[..., :2])
        moved["keypoints"] = ops.concatenate([xy, points[..., 2:]], axis=-1)
    if "bounding_boxes" in fields and layer.bounding_box_format is not None:
        old = fields["bounding_boxes"]
        corners = boxes.to_corners(old, layer.bounding_box_format, size)
        somewhere = boxes.is_somewhere(corners)
        outline = move(_outline(corners) - 0.5) + 0.5  # an edge lies half a pixel from the centres
        limits = ops.cast(ops.stack([size[1], size[0], size[1], size[0]]), "float32")
        corners = ops.clip(_frame_of(outline), 0.0, limits)
        kept = (corners[..., 2] > corners[..., 0]) & (corners[..., 3] > corners[..., 1]) & somewhere
        moved["bounding_boxes"] = boxes.from_corners(corners, kept, old, layer.bounding_box_format, size, touched)
    return moved


def _outline(corners: Tensor) -> Tensor:
    """Points on the edges of boxes, (batch, 4·_POINTS·boxes, 2): first the first one of every box."""
    left, top, right, bottom = (corners[..., i] for i in range(4))
    points = []
    for i in range(_POINTS):
        part = i / _POINTS
        x, y = left + part * (right - left), top + part * (bottom - top)
        points += [(x, top), (right, y), (left + right - x, bottom), (left, top + bottom - y)]
    return ops.concatenate([ops.stack(point, axis=-1) for point in points], axis=1)


def _frame_of(points: Tensor) -> Tensor:
    batch, count = ops.shape(points)[:2]
    points = ops.reshape(points, (batch, 4 * _POINTS, count // (4 * _POINTS), 2))
    each = [points[:, i] for i in range(4 * _POINTS)]  # `ops.min` refuses a batch without boxes on torch
    return ops.concatenate([reduce(ops.minimum, each), reduce(ops.maximum, each)], axis=-1)
