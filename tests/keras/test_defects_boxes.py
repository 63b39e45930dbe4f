"""Wrong boxes of Keras 3.15: each check fails on Keras's layer and passes on ours."""

import numpy as np
import pytest
from defects import defect, flat, frame, run, square

from kerasaug.boxes import FORMATS


def _box(result):
    return result["bounding_boxes"]["boxes"][0, 0]


@defect()
def test_a_crop_moves_boxes_across_by_columns(layers):
    layer = layers.RandomCrop(16, 30, seed=1, bounding_box_format="xyxy")
    for _ in range(3):
        moved = run(layer, square())
        np.testing.assert_allclose(_box(moved), frame(moved["images"][0]), atol=1e-3)


def _boxes(source, rows=2):
    """The same box, left 4, top 2, width 8, height 5, of an image of 24 × 32, in each format."""
    x, y, w, h, height, width = 4.0, 2.0, 8.0, 5.0, 24.0, 32.0
    corners = {"xyxy": [x, y, x + w, y + h], "yxyx": [y, x, y + h, x + w]}
    sizes = {"xywh": [x, y, w, h], "center_xywh": [x + w / 2, y + h / 2, w, h]}
    scale = {"xyxy": [width, height] * 2, "yxyx": [height, width] * 2, "xywh": [width, height] * 2}
    scale["center_xywh"] = scale["xywh"]
    pixels = corners | sizes | {"center_yxhw": [y + h / 2, x + w / 2, h, w]}
    name = source.removeprefix("rel_")
    box = np.array(pixels[name]) / (scale[name] if name != source else 1.0)
    return np.tile(box.astype("float32"), (rows, 1, 1))


_STILL = {
    "RandomRotation": {"factor": 0.0},
    "RandomPerspective": {"factor": (1.0, 1.0), "scale": 0.0},
}


@pytest.mark.parametrize("source", sorted(set(FORMATS) - {"xyxy"}))
@pytest.mark.parametrize("name", _STILL)
@defect()
def test_boxes_that_nothing_moves_stay_in_their_format(layers, name, source):
    layer = getattr(layers, name)(**_STILL[name], bounding_box_format=source)
    labels = np.ones((2, 1), "int32")
    data = {"images": flat(0.0, 2, 24, 32), "bounding_boxes": {"boxes": _boxes(source), "labels": labels}}
    np.testing.assert_allclose(run(layer, data)["bounding_boxes"]["boxes"], _boxes(source), atol=1e-3)


@defect()
def test_a_shear_moves_boxes_as_far_as_pixels(layers):
    """Of an image that is not square; a box holds what it held, and is not much larger."""
    layer = layers.RandomShear((0.3, 0.3), (0.0, 0.0), fill_mode="constant", bounding_box_format="xyxy", seed=1)
    for _ in range(3):
        moved = run(layer, square(height=20, width=60, at=(26, 3)))
        np.testing.assert_allclose(_box(moved), frame(moved["images"][0]), atol=2.0)


@defect()
def test_a_shear_keeps_the_middle_in_place(layers):
    layer = layers.RandomShear((0.5, 0.5), (0.0, 0.0), fill_mode="constant", seed=1)
    for _ in range(3):
        moved = run(layer, {"images": square(height=21, width=41, at=(18, 8))["images"]})["images"][0]
        left, top, right, bottom = frame(moved)
        np.testing.assert_allclose([(left + right) / 2, (top + bottom) / 2], [20.5, 10.5], atol=1.0)


@defect(TypeError)
def test_a_shear_of_one_number_can_be_reloaded(layers):
    layer = layers.RandomShear(0.2, 0.1)
    again = layers.RandomShear.from_config(layer.get_config())
    assert again.get_config()["x_factor"] == layer.get_config()["x_factor"]
