import numpy as np
import pytest
from keras.ops import convert_to_numpy
from scipy import stats
from warp_oracles import box_as

from kerasaug import Pipeline
from kerasaug.layers import RandomFlip, RandomRotation

PARAMS = {"horizontal": np.array([True, False, True, False]), "vertical": np.array([False, True, True, False])}
AXES = [(1,), (0,), (0, 1), ()]
SIZE = (6, 9)
BOX = np.array([1.0, 0.5, 4.0, 2.5])
MOVED = [[5.0, 0.5, 8.0, 2.5], [1.0, 3.5, 4.0, 5.5], [5.0, 3.5, 8.0, 5.5], [1.0, 0.5, 4.0, 2.5]]


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (4, *SIZE, 3), dtype="uint8")


def flipped(arrays, axes=AXES):
    return np.stack([np.flip(array, axis) for array, axis in zip(arrays, axes, strict=True)])


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_images_are_numpy_s_flips(images, dtype):
    found = convert_to_numpy(RandomFlip(dtype=dtype).apply(images, PARAMS))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, flipped(images))


def test_channels_first(images):
    first = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    found = convert_to_numpy(RandomFlip(data_format="channels_first").apply(first, PARAMS))
    np.testing.assert_array_equal(found.transpose(0, 2, 3, 1), flipped(images))


@pytest.mark.parametrize("shape", [SIZE, (*SIZE, 2)])
def test_masks(images, rng, shape):
    masks = rng.integers(0, 5, (4, *shape)).astype("int32")
    found = RandomFlip().apply({"images": images, "segmentation_masks": masks}, PARAMS)
    np.testing.assert_array_equal(convert_to_numpy(found["segmentation_masks"]), flipped(masks))


@pytest.mark.parametrize("box_format", ["xyxy", "center_yxhw", "rel_xywh"])
def test_boxes(images, box_format):
    boxes = np.tile(np.array(box_as(BOX, box_format, SIZE), "float32"), (4, 1, 1))
    data = {"images": images, "bounding_boxes": {"boxes": boxes, "labels": np.full((4, 1), 7)}}
    found = RandomFlip(bounding_box_format=box_format).apply(data, PARAMS)["bounding_boxes"]
    expected = [[box_as(box, box_format, SIZE)] for box in MOVED]
    np.testing.assert_allclose(convert_to_numpy(found["boxes"]), expected, atol=1e-5)
    np.testing.assert_array_equal(convert_to_numpy(found["labels"]), np.full((4, 1), 7))


def test_keypoints_are_indices_of_pixels(images):
    points = np.tile(np.array([[0.0, 1.0], [8.0, 5.0]], "float32"), (4, 1, 1))
    found = convert_to_numpy(RandomFlip().apply({"images": images, "keypoints": points}, PARAMS)["keypoints"])
    expected = [[[8, 1], [0, 5]], [[0, 4], [8, 0]], [[8, 4], [0, 0]], [[0, 1], [8, 5]]]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_two_independent_coins():
    drawn = RandomFlip("horizontal_and_vertical").draw(np.zeros((20_000, 1, 1, 1), "uint8"), seed=1)
    table = np.histogram2d(*(convert_to_numpy(drawn[name]).astype(float) for name in ("horizontal", "vertical")), 2)[0]
    assert stats.chisquare(table.ravel()).pvalue > 1e-3


@pytest.mark.parametrize(("mode", "other"), [("horizontal", "vertical"), ("vertical", "horizontal")])
def test_one_direction_alone(mode, other):
    drawn = RandomFlip(mode).draw(np.zeros((20_000, 1, 1, 1), "uint8"), seed=1)
    assert stats.binomtest(int(convert_to_numpy(drawn[mode]).sum()), 20_000, 0.5).pvalue > 1e-3
    assert not convert_to_numpy(drawn[other]).any()


def test_alone_and_fused_a_mode_flips_in_its_direction_only(images):
    """Whatever the parameters are, which `RandomFlip()` may have drawn."""
    flip, still = RandomFlip("horizontal"), {"angle": np.zeros(4, "float32")}
    alone = convert_to_numpy(flip.apply(images, PARAMS))
    fused = convert_to_numpy(Pipeline([flip, RandomRotation(0.1)]).apply(images, {"layers": [PARAMS, still]}))
    np.testing.assert_array_equal(alone, flipped(images, [(1,), (), (1,), ()]))
    np.testing.assert_allclose(fused, alone, atol=1e-3)
