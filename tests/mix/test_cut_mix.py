import numpy as np
import pytest
from keras.ops import convert_to_numpy
from scipy import stats
from warp_oracles import box_as

from kerasaug.layers import CutMix

SIZE = (8, 12)
PARTNER = np.array([3, 0, 1, 2], "int32")
# λ of 1 - (1/2)², 1 - (3/4)², nothing left, and everything left
PARAMS = {
    "partner": PARTNER,
    "center": np.array([[0.46, 0.44], [0.97, 0.05], [0.5, 0.5], [0.5, 0.5]], "float32"),
    "share": np.array([0.75, 0.4375, 0.0, 1.0], "float32"),
}
# pixel (5, 3), 6 x 4; pixel (11, 0), 9 x 6, cut off at the frame: left 11 - 4, bottom 0 - 3 + 6; all; nothing
PATCHES = [(2, 1, 8, 5), (7, 0, 12, 3), (0, 0, 12, 8), (0, 0, 0, 0)]
LEFT = 1 - np.array([6 * 4, 5 * 3, 96, 0]) / 96


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (4, *SIZE, 3), dtype="uint8")


def pasted(values):
    out = values.copy()
    for i, (left, top, right, bottom) in enumerate(PATCHES):
        out[i, top:bottom, left:right] = values[PARTNER[i], top:bottom, left:right]
    return out


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_images(images, dtype):
    found = convert_to_numpy(CutMix(dtype=dtype).apply(images, PARAMS))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, pasted(images))


def test_labels_and_weights_by_the_area_that_is_really_covered(images):
    labels, weights = np.array([0, 1, 2, 3]), np.array([1.0, 2.0, 5.0, 9.0], "float32")
    data = {"images": images, "labels": labels, "sample_weight": weights}
    found = CutMix(num_classes=4).apply(data, PARAMS)
    one_hot = np.eye(4)
    expected = LEFT[:, None] * one_hot + (1 - LEFT[:, None]) * one_hot[PARTNER]
    np.testing.assert_allclose(convert_to_numpy(found["labels"]), expected, atol=1e-6)
    expected = LEFT * weights + (1 - LEFT) * weights[PARTNER]
    np.testing.assert_allclose(convert_to_numpy(found["sample_weight"]), expected, atol=1e-5)


@pytest.mark.parametrize("shape", [SIZE, (*SIZE, 2)])
def test_masks(images, rng, shape):
    masks = rng.integers(0, 9, (4, *shape)).astype("int32")
    found = CutMix().apply({"images": images, "segmentation_masks": masks}, PARAMS)["segmentation_masks"]
    np.testing.assert_array_equal(convert_to_numpy(found), pasted(masks))


@pytest.mark.parametrize("box_format", ["xyxy", "rel_center_xywh"])
def test_boxes_are_hidden_or_cut(images, box_format):
    own = [3.0, 2.0, 7.0, 4.5], [0.0, 0.0, 6.0, 8.0]
    labels = np.array([[10, 11], [20, 21], [30, 31], [40, -1]])
    boxes = np.array([[box_as(box, box_format, SIZE) for box in own]] * 4, "float32")
    boxes[3, 1] = -1.0
    data = {"images": images, "bounding_boxes": {"boxes": boxes, "labels": labels}}
    found = CutMix(bounding_box_format=box_format).apply(data, PARAMS)["bounding_boxes"]
    gone = None
    expected = [
        # the patch (2, 1, 8, 5) hides the first box; of the partner, the fourth image, one box shows in full
        [(gone, -1), (own[1], 11), (own[0], 40), (gone, -1)],
        # (7, 0, 12, 3) hides neither, and shows neither of the first image's
        [(own[0], 20), (own[1], 21), (gone, -1), (gone, -1)],
        [(gone, -1), (gone, -1), (own[0], 20), (own[1], 21)],
        [(own[0], 40), (gone, -1), (gone, -1), (gone, -1)],
    ]
    np.testing.assert_array_equal(convert_to_numpy(found["labels"]), [[label for _, label in row] for row in expected])
    for row, numbers in zip(expected, convert_to_numpy(found["boxes"]), strict=True):
        for (box, _), four in zip(row, numbers, strict=True):
            four_expected = [-1.0] * 4 if box is gone else box_as(box, box_format, SIZE)
            np.testing.assert_allclose(four, four_expected, atol=1e-5)


def test_the_partner_s_boxes_are_cut_to_the_patch(images):
    boxes = np.array([[[0.0, 0.0, 4.0, 3.0]], [[9.0, 1.0, 12.0, 8.0]], [[0.0] * 4], [[1.0, 0.0, 5.0, 2.5]]], "float32")
    data = {"images": images, "bounding_boxes": {"boxes": boxes, "labels": np.array([[1], [2], [3], [4]])}}
    found = CutMix(bounding_box_format="xyxy").apply(data, PARAMS)["bounding_boxes"]
    found = {name: convert_to_numpy(value) for name, value in found.items()}
    np.testing.assert_allclose(
        found["boxes"][0], [[0, 0, 4, 3], [2, 1, 5, 2.5]]
    )  # its own shows outside, the other's in
    np.testing.assert_array_equal(found["labels"][0], [1, 4])
    np.testing.assert_array_equal(found["labels"][1], [2, -1])  # (0, 0, 4, 3) does not reach the patch (7, 0, 12, 3)


def test_channels_first(images):
    first = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    found = convert_to_numpy(CutMix(data_format="channels_first").apply(first, PARAMS))
    np.testing.assert_array_equal(found.transpose(0, 2, 3, 1), pasted(images))


def test_the_share_of_the_labels_is_the_share_of_the_pixels(rng):
    # images of 0 and 1, with labels to match: the mean of the pixels is the label, whatever is drawn
    zeros_and_ones = (np.arange(64) % 2).astype("float32")
    images = np.broadcast_to(zeros_and_ones[:, None, None, None], (64, 13, 9, 1))
    mix = CutMix((1.0, 1.0), seed=5)
    params = mix.draw(images, seed=5)
    found = mix.apply({"images": images, "labels": zeros_and_ones}, params)
    means = convert_to_numpy(found["images"]).mean(axis=(1, 2, 3))
    assert ((means > 0.05) & (means < 0.95)).sum() > 10
    np.testing.assert_allclose(convert_to_numpy(found["labels"]), means, atol=1e-5)


def test_who_is_not_chosen_keeps_everything(images):
    labels = np.eye(4, dtype="float32")
    chosen = np.array([False, True, False, True])
    found = CutMix().apply({"images": images, "labels": labels}, {**PARAMS, "chosen": chosen})
    np.testing.assert_array_equal(convert_to_numpy(found["images"])[[0, 2]], images[[0, 2]])
    np.testing.assert_array_equal(convert_to_numpy(found["images"])[1], pasted(images)[1])
    np.testing.assert_array_equal(convert_to_numpy(found["labels"])[[0, 2]], labels[[0, 2]])


def test_draws():
    drawn = CutMix((1.0, 1.0)).draw(np.zeros((20_000, 1, 1, 1), "uint8"), seed=1)
    assert stats.kstest(convert_to_numpy(drawn["share"]), "uniform").pvalue > 1e-3
    for axis in convert_to_numpy(drawn["center"]).T:
        assert stats.kstest(axis, "uniform").pvalue > 1e-3
    np.testing.assert_array_equal(np.sort(convert_to_numpy(drawn["partner"])), np.arange(20_000))
