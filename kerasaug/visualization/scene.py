"""Two photographs that scikit-learn brings along, with targets drawn by hand."""

from typing import Any

import numpy as np

from kerasaug.extras import require

CLASS_NAMES = ("pagoda", "flower")
_SIDE = 427  # pixels, of the squares that are cut out
_LEFT = {"china.jpg": 0, "flower.jpg": 97}
_BOXES = (((62, 28, 354, 420),), ((72, 84, 350, 360),))
_KEYPOINTS = (
    ((205, 32), (97, 112), (319, 124), (64, 266), (352, 252)),
    ((213, 222), (222, 86), (74, 215), (349, 215), (213, 357)),
)
_PAGODA = (
    *((195, 30), (216, 30), (222, 68), (268, 100), (320, 122), (296, 140), (294, 160), (329, 176), (320, 232)),
    *((352, 252), (344, 300), (372, 334), (330, 375), (322, 420), (212, 390), (160, 345), (66, 340), (80, 284)),
    *((64, 268), (98, 234), (86, 178), (118, 160), (96, 116), (150, 98), (192, 66)),
)
_BLOSSOM = (72, 84, 350, 360)


def load_scene(size: int = 160) -> dict[str, Any]:
    """The photographs as a batch, with a label, a box, a mask and five keypoints each.

    Args:
        size: Height and width, in pixels.

    Returns:
        Dict of `images` uint8 (2, size, size, 3), `labels` (2, 2) one-hot, `bounding_boxes` in "xyxy",
        `segmentation_masks` uint8 (2, size, size) and `keypoints` float32 (2, 5, 2).

    Raises:
        ImportError: When scikit-learn or Pillow is not installed.
    """
    datasets = require("sklearn.datasets", "data", "load_scene")
    pillow = require("PIL.Image", "plot", "load_scene")
    images = []
    for name, left in _LEFT.items():
        square = datasets.load_sample_image(name)[:, left : left + _SIDE]
        images.append(np.asarray(pillow.fromarray(square).resize((size, size), pillow.Resampling.LANCZOS)))
    scale = size / _SIDE
    return {
        "images": np.stack(images),
        "labels": np.eye(2, dtype="float32"),
        "bounding_boxes": {
            "boxes": scale * np.asarray(_BOXES, "float32"),
            "labels": np.array([[1], [2]], "int32"),  # as in the masks, where 0 is background
        },
        "segmentation_masks": np.stack(_masks(size)),
        "keypoints": scale * np.asarray(_KEYPOINTS, "float32"),
    }


def _masks(size: int) -> list[np.ndarray]:
    pillow, draw = require("PIL.Image", "plot", "load_scene"), require("PIL.ImageDraw", "plot", "load_scene")
    found = []
    for index, (shape, points) in enumerate((("polygon", _PAGODA), ("ellipse", _BLOSSOM)), start=1):
        canvas = pillow.new("L", (_SIDE, _SIDE))
        getattr(draw.Draw(canvas), shape)(points, fill=index)
        found.append(np.asarray(canvas.resize((size, size), pillow.Resampling.NEAREST)))
    return found
