"""Squares of one colour, the masks, boxes and keypoints that go with them, and where they are found."""

from typing import Any

import numpy as np

RADIUS = 3
SQUARE = 1  # what masks hold there


def painted(x: Any, y: Any, size: tuple[int, int], color: Any, ground: Any, inside: int = 0) -> dict[str, Any]:
    """A square about pixel (x, y) of each image.

    Args:
        x: Indices, (batch,).
        y: Likewise.
        size: Height and width of the images.
        color: Of the square: one number, or one a channel.
        ground: Of what is around it.
        inside: What masks hold there.
    """
    x, y = np.asarray(x), np.asarray(y)
    ys, xs = np.mgrid[: size[0], : size[1]]
    square = (np.abs(xs - x[:, None, None]) <= RADIUS) & (np.abs(ys - y[:, None, None]) <= RADIUS)
    corners = np.stack([x - RADIUS, y - RADIUS, x + RADIUS + 1, y + RADIUS + 1], axis=-1)[:, None]
    return {
        "images": np.where(square[..., None], np.full(3, color, "float32"), np.full(3, ground, "float32")),
        "segmentation_masks": np.where(square, SQUARE, inside).astype("int32"),
        "bounding_boxes": {"boxes": corners.astype("float32"), "labels": np.ones((len(x), 1), "int32")},
        "keypoints": np.stack([x, y], axis=-1)[:, None].astype("float32"),
    }


def centroid(weights: np.ndarray) -> np.ndarray:
    """Their middle, (x, y)."""
    ys, xs = np.mgrid[: weights.shape[0], : weights.shape[1]]
    return np.array([(weights * xs).sum(), (weights * ys).sum()]) / weights.sum()
