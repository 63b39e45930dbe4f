"""Boxes and keypoints under any map of points."""

from collections.abc import Callable
from functools import reduce
from typing import Any

from kerasaug import boxes
from kerasaug.backend import Tensor, ops
from kerasaug.ops.matrix import Size


def move_targets(
    fields: dict[str, Any],
    move: Callable[[Tensor], Tensor],
    touched: Tensor,
    source: Size,
    size: Size,
    box_format: str | None,
    count: int = 1,
) -> dict[str, Any]:
    """Keypoints and boxes; those of samples that are not `touched` come back bit for bit.

    Args:
        fields: Kind of target to tensor.
        move: Maps float32 points (batch, n, 2), indices (x, y) of pixels.
        touched: Boolean (batch,), or (1,) for all: which samples move at all.
        source: Height and width of the images.
        size: Height and width of what they become.
        box_format: Of the boxes; `None` where there are none.
        count: How many points to move on each edge of a box: its corners, where straight edges stay straight.

    Returns:
        The targets that move.
    """
    moved = {}
    if "keypoints" in fields:
        points = fields["keypoints"]
        xy = ops.cast(move(ops.cast(points[..., :2], "float32")), points.dtype)
        xy = ops.where(touched[:, None, None], xy, points[..., :2])
        moved["keypoints"] = ops.concatenate([xy, points[..., 2:]], axis=-1)
    if "bounding_boxes" in fields and box_format is not None:
        old = fields["bounding_boxes"]
        corners = boxes.to_corners(old, box_format, source)
        somewhere = boxes.is_somewhere(corners)
        outline = move(_outline(corners, count) - 0.5) + 0.5  # an edge lies half a pixel from the centres
        limits = ops.cast(ops.stack([size[1], size[0], size[1], size[0]]), "float32")
        corners = ops.clip(_frame_of(outline, 4 * count), 0.0, limits)
        kept = (corners[..., 2] > corners[..., 0]) & (corners[..., 3] > corners[..., 1]) & somewhere
        moved["bounding_boxes"] = boxes.from_corners(corners, kept, old, box_format, size, touched)
    return moved


def _outline(corners: Tensor, count: int) -> Tensor:
    """Points on the edges of boxes, (batch, 4·count·boxes, 2): first the first one of every box."""
    left, top, right, bottom = (corners[..., i] for i in range(4))
    points = []
    for i in range(count):
        part = i / count
        x, y = _between(left, right, part), _between(top, bottom, part)
        points += [(x, top), (right, y), (_between(right, left, part), bottom), (left, _between(bottom, top, part))]
    return ops.concatenate([ops.stack(point, axis=-1) for point in points], axis=1)


def _between(one: Tensor, other: Tensor, part: float) -> Tensor:
    return (1.0 - part) * one + part * other


def _frame_of(points: Tensor, count: int) -> Tensor:
    batch, total = ops.shape(points)[:2]
    points = ops.reshape(points, (batch, count, total // count, 2))
    each = [points[:, i] for i in range(count)]  # `ops.min` refuses a batch without boxes on torch
    return ops.concatenate([reduce(ops.minimum, each), reduce(ops.maximum, each)], axis=-1)
