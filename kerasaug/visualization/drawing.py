"""One sample on one pair of axes: the image, and over it its mask, boxes and keypoints."""

import os
from typing import Any

import numpy as np

from kerasaug.extras import require
from kerasaug.visualization.views import View

COLORS = ("#e4572e", "#2e86ab", "#f6c445", "#3bb273", "#9b5de5", "#f15bb5", "#00bbf9", "#8d6a9f", "#fee440", "#54478c")
INK, QUIET = "#22262e", "#6b7280"
_CALLER = "kerasaug.visualization"
_MASK = 0.5  # how opaque masks are


def new_figure(width: float, height: float, dpi: int = 100) -> Any:
    """A figure in inches, which needs no display."""
    module = require("matplotlib.figure", "plot", _CALLER)
    return module.Figure(figsize=(width, height), dpi=dpi, layout="constrained", facecolor="white")


def draw_view(axes: Any, view: View, title: str = "", size: float = 9.0, color: str = INK) -> None:
    """Draws a sample and its targets.

    Args:
        axes: Axes of matplotlib.
        view: The sample.
        title: What to write above it, as it is: a dollar sign is one.
        size: Of the title, in points.
        color: Of the title.
    """
    patches = require("matplotlib.patches", "plot", _CALLER)
    height, width = view.image.shape[:2]
    axes.imshow(_with_mask(view))
    for box, label in zip(view.boxes, view.box_labels, strict=True):
        left, top, right, bottom = box - 0.5  # pixels are drawn about their indices, boxes run along their edges
        frame = patches.Rectangle((left, top), right - left, bottom - top, fill=False, lw=1.8, ec=_color(label))
        axes.add_patch(frame)
    axes.plot(*view.keypoints.T, "o", markersize=4.5, markerfacecolor="white", markeredgecolor=INK, markeredgewidth=1.2)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    axes.set_axis_off()
    axes.set_title(title, fontsize=size, color=color, pad=3, parse_math=False)


def save(figure: Any, path: str | os.PathLike) -> None:
    """Writes a figure; the path's suffix says as what."""
    figure.savefig(path)


def _with_mask(view: View) -> np.ndarray:
    """The image with its mask over it, each class in its colour; Keras's own function omits the last class."""
    if view.mask is None:
        return view.image
    colors = require("matplotlib.colors", "plot", _CALLER).to_rgba_array(COLORS)[:, :3] * 255
    covered = view.mask[..., None] > 0
    blend = (1 - _MASK) * view.image + _MASK * colors[view.mask % len(COLORS)]
    return np.where(covered, np.rint(blend), view.image).astype("uint8")


def _color(label: int) -> str:
    return COLORS[label % len(COLORS)]
