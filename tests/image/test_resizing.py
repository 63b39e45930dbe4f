"""The layer: what it frames, and its targets. Its kernels are tested in `tests/ops/test_resize.py`."""

import cv2
import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from PIL import Image
from warp_oracles import box_as

from kerasaug import Pipeline
from kerasaug.layers import RandomFlip, Resizing

SIZE = (17, 23)
PILLOW = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
both = pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])


@pytest.fixture
def images(rng):
    return rng.uniform(0, 255, (2, *SIZE, 2)).astype("float32")


def resized(images, *arguments, training=True, **more):
    return convert_to_numpy(Resizing(*arguments, **more)(images, training=training))


def pillow(images, size, kernel, box=None):
    channels = [[Image.fromarray(one[..., c]) for c in range(one.shape[-1])] for one in images]
    return np.stack(
        [np.stack([np.asarray(c.resize(size[::-1], PILLOW[kernel], box)) for c in one], axis=-1) for one in channels]
    )


@pytest.mark.parametrize("dtype", ["uint8", "int32"])
def test_nearest_is_opencv_s_and_keeps_values(rng, dtype):
    images = rng.integers(0, 256, (2, *SIZE, 3)).astype(dtype)
    expected = np.stack([cv2.resize(one, (40, 9), interpolation=cv2.INTER_NEAREST_EXACT) for one in images])
    found = resized(images, 9, 40, "nearest", dtype=dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)


def test_integers_are_rounded_once(rng):
    images = rng.integers(0, 256, (1, *SIZE, 1), dtype="uint8")
    found = resized(images, 9, 12, "bicubic", antialias=True, dtype="uint8")
    expected = pillow(images.astype("float32"), (9, 12), "bicubic")
    np.testing.assert_array_equal(found, np.clip(np.rint(expected), 0, 255))


@both
def test_cropped_to_the_aspect_ratio_is_pillow_s_box(images, training):
    found = resized(images, 8, 6, crop_to_aspect_ratio=True, antialias=True, training=training)
    left = (23 - 12) // 2  # 17 · 6 / 8 = 12.75 columns, in whole pixels
    expected = pillow(images[:, :, left : left + 12], (8, 6), "bilinear")
    np.testing.assert_allclose(found, expected, atol=1e-2)


@both
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_padded_to_the_aspect_ratio_is_pillow_s_of_the_padded(rng, dtype, training):
    images = rng.integers(0, 256, (2, *SIZE, 2)).astype(dtype)
    found = resized(
        images, 10, 10, pad_to_aspect_ratio=True, fill_value=-60.5, antialias=True, training=training, dtype="float32"
    )
    padded = np.pad(images.astype("float32"), [(0, 0), (3, 3), (0, 0), (0, 0)], constant_values=-60.5)
    np.testing.assert_allclose(found, pillow(padded, (10, 10), "bilinear"), atol=1e-2)


@pytest.mark.parametrize(
    ("options", "window"),
    [
        ({}, (0, 0, 17, 23)),
        ({"crop_to_aspect_ratio": True}, (0, 5, 17, 12)),
        ({"pad_to_aspect_ratio": True, "mask_fill_value": 255}, (-5, 0, 27, 23)),
    ],
    ids=["stretched", "cropped", "padded"],
)
@both
def test_targets_follow(rng, options, window, training):
    top, left, height, width = window
    masks = rng.integers(0, 9, (1, *SIZE)).astype("int32")
    box, points = np.array([8.0, 2.0, 15.0, 14.0]), np.array([[7.0, 3.0], [0.0, 16.0]])
    boxes = np.array([[box_as(box, "rel_yxyx", SIZE), [-1] * 4]], "float32")
    data = {
        "images": np.zeros((1, *SIZE, 1), "float32"),
        "segmentation_masks": masks,
        "bounding_boxes": {"boxes": boxes, "labels": np.array([[3, -1]])},
        "keypoints": points[None].astype("float32"),
    }
    target = (10, 8) if "pad_to_aspect_ratio" in options else (8, 6)
    layer = Resizing(*target, bounding_box_format="rel_yxyx", **options)
    found = keras.tree.map_structure(convert_to_numpy, layer(data, training=training))
    scale = np.array([target[1] / width, target[0] / height])
    shift = np.array([left, top])
    moved = np.clip((box.reshape(2, 2) - shift) * scale, 0, target[::-1]).ravel()
    np.testing.assert_allclose(
        found["bounding_boxes"]["boxes"], [[box_as(moved, "rel_yxyx", target), [-1] * 4]], atol=1e-5
    )
    np.testing.assert_allclose(found["keypoints"][0], (points + 0.5 - shift) * scale - 0.5, atol=1e-4)
    framed = np.pad(masks[0], [(max(-top, 0),) * 2, (0, 0)], constant_values=255)[max(top, 0) :, left : left + width]
    expected = cv2.resize(framed.astype("uint8"), target[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    np.testing.assert_array_equal(found["segmentation_masks"][0], expected)


def test_an_image_of_the_right_size_stays_as_it_is(images):
    np.testing.assert_array_equal(resized(images, *SIZE, "lanczos3", antialias=True), images)


def test_the_inverse_brings_boxes_and_sizes_back(images):
    boxes = {"boxes": np.array([[[2.0, 3.0, 12.0, 9.0]]] * 2, "float32"), "labels": np.ones((2, 1), "int32")}
    layer = Resizing(10, 10, pad_to_aspect_ratio=True, bounding_box_format="xyxy")
    data = {"images": images, "bounding_boxes": boxes}
    params = layer.draw(data)
    back = layer.invert(layer.apply(data, params), params, size=SIZE)
    assert tuple(back["images"].shape) == images.shape
    np.testing.assert_allclose(convert_to_numpy(back["bounding_boxes"]["boxes"]), boxes["boxes"], atol=1e-4)


def test_it_shares_a_resample_with_its_neighbours(images):
    flip = {"horizontal": np.array([True, False]), "vertical": np.array([False, False])}
    fused = Pipeline([Resizing(30, 40), RandomFlip("horizontal")])
    assert len(fused._stages(fused.leaves({"layers": [{}, flip]}))) == 1
    found = convert_to_numpy(fused.apply(images, {"layers": [{}, flip]}))
    expected = np.stack([cv2.resize(one, (40, 30), interpolation=cv2.INTER_LINEAR) for one in images])
    expected[0] = expected[0, :, ::-1]
    np.testing.assert_allclose(found, expected, atol=1e-2)


@pytest.mark.parametrize("more", [{"antialias": True}, {"interpolation": "bicubic"}])
def test_kernels_that_read_more_than_neighbours_stay_alone(images, more):
    pipeline = Pipeline([Resizing(9, 12, **more), RandomFlip("horizontal")])
    flip = {"horizontal": np.array([False, False]), "vertical": np.array([False, False])}
    found = convert_to_numpy(pipeline.apply(images, {"layers": [{}, flip]}))
    np.testing.assert_allclose(found, resized(images, 9, 12, **more), atol=1e-2)


@pytest.mark.parametrize("kernel", ["bilinear", "bicubic", "lanczos3", "area"])
@pytest.mark.parametrize("antialias", [True, False])
def test_inference_is_training(images, kernel, antialias):
    """Whoever computes: XLA, one kernel of TensorFlow's after another, or those in a graph."""
    found = [resized(images, 40, 9, kernel, antialias=antialias, training=training) for training in (True, False)]
    np.testing.assert_allclose(found[0], found[1], atol=1e-2)


@both
@pytest.mark.parametrize("kernel", ["bilinear", "bicubic", "area"])
def test_wide_integers(rng, kernel, training):
    images = rng.integers(0, 256, (1, *SIZE, 1), dtype="uint32")
    found, expected = (resized(one, 9, 12, kernel, training=training) for one in (images, images.astype("float32")))
    np.testing.assert_allclose(found, expected, atol=1e-2)


def test_it_cannot_both_crop_and_pad():
    with pytest.raises(ValueError, match="Resizing expects crop_to_aspect_ratio or pad_to_aspect_ratio, not both"):
        Resizing(3, 3, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True)
