"""Geometry in float64, written without looking at the library: scipy reads the pixels, corners are moved by hand.

Matrices here map the input to the output, as one would describe an op, on coordinates from the image's centre, x to the
right and y down.
"""

import numpy as np
from scipy import ndimage

SCIPY_MODES = {"reflect": "reflect", "constant": "grid-constant", "wrap": "grid-wrap", "nearest": "nearest"}


def linear(a, b, c, d):
    return np.array([[a, b, 0.0], [c, d, 0.0], [0.0, 0.0, 1.0]])


def flipped(horizontal=False, vertical=False):
    return linear(-1.0 if horizontal else 1.0, 0.0, 0.0, -1.0 if vertical else 1.0)


def turned(degrees):
    """Counter-clockwise, as displayed: what lies to the right (1, 0) goes to the top (0, -1) at 90°."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return linear(c, s, -s, c)


def zoomed_out(height, width):
    """Shows `1 + height` times as much, so that the content shrinks by as much."""
    return linear(1.0 / (1.0 + width), 0.0, 0.0, 1.0 / (1.0 + height))


def shifted(x, y):
    """By pixels, to the right and down."""
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def sheared(x, y):
    """Output (u, v) shows input (u + x·v, v + y·u)."""
    return np.linalg.inv(linear(1.0, x, y, 1.0))


def read_indices(forward, size, source):
    """(row, column) of the input that each output pixel reads; a pixel's index is at its centre."""
    rows, columns = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in size), indexing="ij")
    x, y, w = np.einsum("ij,jhw->ihw", np.linalg.inv(forward), np.stack([columns, rows, np.ones(size)]))
    return np.stack([y / w + (source[0] - 1) / 2, x / w + (source[1] - 1) / 2])


def warp(images, forwards, mode="reflect", order=1, value=0.0, size=None):
    """float64 (batch, height, width, channels): each image by its own matrix."""
    size = size or images.shape[1:3]
    out = np.empty((len(images), *size, images.shape[-1]))
    for i, (image, forward) in enumerate(zip(images, forwards, strict=True)):
        where = read_indices(forward, size, image.shape[:2])
        for c in range(image.shape[-1]):
            pixels = image[..., c].astype("float64")
            out[i, :, :, c] = ndimage.map_coordinates(pixels, where, None, order, SCIPY_MODES[mode], value)
    return out


def move_points(points, forward, source, size, edge):
    """Points (n, 2) as (x, y); `edge` is 0 for edges of boxes, about (W/2, H/2), and 1 for indices of pixels."""
    before, after = ((np.array([w, h]) - edge) / 2 for h, w in (source, size))
    homogeneous = np.concatenate([points - before, np.ones((len(points), 1))], axis=1) @ forward.T
    return homogeneous[:, :2] / homogeneous[:, 2:] + after


def move_box(box, forward, source, size=None):
    """(left, top, right, bottom) of the moved corners, clipped; `None` for a box that has left."""
    size = size or source
    left, top, right, bottom = box
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], "float64")
    moved = move_points(corners, forward, source, size, edge=0)
    low = np.clip(moved.min(axis=0), 0, [size[1], size[0]])
    high = np.clip(moved.max(axis=0), 0, [size[1], size[0]])
    return np.concatenate([low, high]) if np.all(high > low) else None


def box_as(box, box_format, size):
    """(left, top, right, bottom) in any of Keras's formats."""
    left, top, right, bottom = box
    height, width = size if box_format.startswith("rel_") else (1.0, 1.0)
    x0, x1, y0, y1 = left / width, right / width, top / height, bottom / height
    return {
        "xyxy": [x0, y0, x1, y1],
        "yxyx": [y0, x0, y1, x1],
        "xywh": [x0, y0, x1 - x0, y1 - y0],
        "center_xywh": [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0],
        "center_yxhw": [(y0 + y1) / 2, (x0 + x1) / 2, y1 - y0, x1 - x0],
    }[box_format.removeprefix("rel_")]


BOX_FORMATS = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)
