"""Masks, boxes and keypoints of every warp against corners moved by hand."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy
from warp_oracles import BOX_FORMATS, box_as, flipped, move_box, move_points, sheared, shifted, turned, warp, zoomed_out

from kerasaug import Pipeline
from kerasaug.layers import RandomFlip, RandomRotation, RandomShear, RandomTranslation, RandomZoom

SIZE = (9, 14)
BOXES = [[2.0, 1.0, 7.5, 4.0], [9.0, 6.0, 14.0, 9.0], [0.0, 0.0, 14.0, 9.0], [12.5, 0.0, 13.5, 1.0]]
POINTS = [[0.0, 0.0], [13.0, 8.0], [4.25, 6.5]]


def floats(*values):
    return np.array(values, "float32")


def radians(*degrees):
    return np.deg2rad(degrees).astype("float32")


CASES = {
    "rotation": (RandomRotation(0.5), {"angle": radians(24.0, -110.0)}, [turned(24.0), turned(-110.0)]),
    "zoom": (
        RandomZoom(0.5, 0.5),
        {"height": floats(0.5, -0.3), "width": floats(-0.2, 0.1)},
        [zoomed_out(0.5, -0.2), zoomed_out(-0.3, 0.1)],
    ),
    "translation": (
        RandomTranslation(1.0, 1.0),
        {"height": floats(0.25, -0.6), "width": floats(-0.8, 0.1)},
        [shifted(-0.8 * 14, 0.25 * 9), shifted(0.1 * 14, -0.6 * 9)],
    ),
    "shear": (
        RandomShear(1.0, 1.0),
        {"x": floats(0.4, -0.2), "y": floats(0.0, 0.3)},
        [sheared(0.4, 0.0), sheared(-0.2, 0.3)],
    ),
    "several": (
        Pipeline([RandomFlip(), RandomRotation(0.5), RandomTranslation(1.0, 1.0)]),
        {
            "layers": [
                {"horizontal": np.array([True, False]), "vertical": np.array([False, False])},
                {"angle": radians(40.0, -65.0)},
                {"height": floats(0.1, -0.2), "width": floats(0.3, 0.0)},
            ]
        },
        [
            shifted(0.3 * 14, 0.1 * 9) @ turned(40.0) @ flipped(horizontal=True),
            shifted(0.0, -0.2 * 9) @ turned(-65.0),
        ],
    ),
}


def with_format(layer, box_format):
    copy = type(layer).from_config(layer.get_config())
    for one in (copy, *getattr(copy, "layers", [])):
        one.bounding_box_format = box_format
    return copy


@pytest.mark.parametrize("name", CASES)
def test_boxes_are_the_frames_of_their_moved_corners(name):
    layer, params, forwards = CASES[name]
    boxes = np.array([[*BOXES, [-1.0] * 4]] * 2, "float32")
    data = {
        "images": np.zeros((2, *SIZE, 1), "float32"),
        "bounding_boxes": {"boxes": boxes, "labels": np.array([[1, 2, 3, 4, -1]] * 2)},
    }
    found = with_format(layer, "xyxy").apply(data, params)["bounding_boxes"]
    expected, labels = np.full((2, 5, 4), -1.0), np.full((2, 5), -1)
    for i, j in np.ndindex(2, 4):
        box = move_box(BOXES[j], forwards[i], SIZE)
        if box is not None:
            expected[i, j], labels[i, j] = box, j + 1
    if name in ("rotation", "translation"):
        assert -1 in labels[:, :4]  # some boxes leave the image
    np.testing.assert_array_equal(convert_to_numpy(found["labels"]), labels)
    np.testing.assert_allclose(convert_to_numpy(found["boxes"]), expected, atol=1e-4)


@pytest.mark.parametrize("box_format", BOX_FORMATS)
def test_boxes_turn_in_every_format(box_format):
    box = [2.0, 1.0, 7.5, 4.0]
    data = {
        "images": np.zeros((2, *SIZE, 1), "float32"),
        "bounding_boxes": {
            "boxes": np.array([[box_as(box, box_format, SIZE)]] * 2, "float32"),
            "labels": np.array([[8]] * 2),
        },
    }
    layer = RandomRotation(0.5, bounding_box_format=box_format)
    found = convert_to_numpy(layer.apply(data, {"angle": radians(90.0, -20.0)})["bounding_boxes"]["boxes"])
    # a quarter turn counter-clockwise about (7, 4.5) takes (x, y) to (7 + (y - 4.5), 4.5 - (x - 7))
    quarter = [3.5, 4.0, 6.5, 9.0]  # the left edge, x = 2, would be at the bottom, y = 9.5
    expected = [quarter, move_box(box, turned(-20.0), SIZE)]
    np.testing.assert_allclose(found[:, 0], [box_as(one, box_format, SIZE) for one in expected], atol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_keypoints_move_with_their_pixels(name):
    layer, params, forwards = CASES[name]
    points = np.array([POINTS] * 2, "float32")
    visible = np.array([[[1.0], [0.0], [2.0]]] * 2, "float32")
    data = {"images": np.zeros((2, *SIZE, 1), "float32"), "keypoints": np.concatenate([points, visible], axis=-1)}
    found = convert_to_numpy(layer.apply(data, params)["keypoints"])
    expected = [move_points(np.array(POINTS), forward, SIZE, SIZE, edge=1) for forward in forwards]
    np.testing.assert_allclose(found[..., :2], expected, atol=1e-4)
    np.testing.assert_array_equal(found[..., 2:], visible)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["int32", "uint8"])
def test_masks_are_read_at_the_nearest_pixel(name, dtype, rng):
    layer, params, forwards = CASES[name]
    masks = rng.integers(0, 200, (2, *SIZE, 1)).astype(dtype)
    data = {"images": np.zeros((2, *SIZE, 1), "float32"), "segmentation_masks": masks}
    found = convert_to_numpy(layer.apply(data, params)["segmentation_masks"])
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, warp(masks, forwards, "reflect", order=0))


def test_masks_have_a_fill_value_of_their_own(rng):
    masks = rng.integers(0, 9, (1, *SIZE)).astype("int32")
    images = np.full((1, *SIZE, 1), 5.0, "float32")
    layer = RandomTranslation(1.0, 1.0, "constant", fill_value=50.0, mask_fill_value=255)
    params = {"height": floats(0.0), "width": floats(3 / 14)}
    found = layer.apply({"images": images, "segmentation_masks": masks}, params)
    expected = np.full_like(masks, 255)
    expected[:, :, 3:] = masks[:, :, :-3]
    np.testing.assert_array_equal(convert_to_numpy(found["segmentation_masks"]), expected)
    np.testing.assert_allclose(convert_to_numpy(found["images"])[0, 0, :, 0], [50.0] * 3 + [5.0] * 11, atol=1e-3)


def test_channels_first_moves_the_same_pixels(rng):
    _, params, forwards = CASES["rotation"]
    images = rng.uniform(0, 255, (2, 3, *SIZE)).astype("float32")
    masks = rng.integers(0, 9, (2, 1, *SIZE)).astype("int32")
    data = {"images": images, "segmentation_masks": masks}
    found = RandomRotation(0.5, data_format="channels_first").apply(data, params)
    expected = warp(images.transpose(0, 2, 3, 1), forwards).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(convert_to_numpy(found["images"]), expected, atol=5e-3)
    expected = warp(masks.transpose(0, 2, 3, 1), forwards, order=0).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(convert_to_numpy(found["segmentation_masks"]), expected)


def test_integer_boxes_stay_integers_rounded():
    data = {
        "images": np.zeros((1, *SIZE, 1), "float32"),
        "bounding_boxes": {"boxes": np.array([[[2, 1, 7, 4]]], "int32"), "labels": np.array([[1]])},
    }
    layer = RandomRotation(0.5, bounding_box_format="xyxy")
    found = convert_to_numpy(layer.apply(data, {"angle": radians(13.0)})["bounding_boxes"]["boxes"])
    assert found.dtype == "int32"
    np.testing.assert_array_equal(found[0, 0], np.round(move_box([2, 1, 7, 4], turned(13.0), SIZE)))
