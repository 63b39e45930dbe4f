import cv2
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from scipy import stats
from warp_oracles import box_as

from kerasaug import Pipeline
from kerasaug.layers import CenterCrop, RandomCrop, RandomFlip

SIZE = (7, 10)  # a crop of 4 x 5 has room for 4 x 6 places
TOP = np.array([0.0, 0.30, 0.6, 1.0], "float32")
LEFT = np.array([0.999, 0.0, 0.5, 0.17], "float32")
PLACES = [(0, 5), (1, 0), (2, 3), (3, 1)]


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (4, *SIZE, 3), dtype="uint8")


def cropped(arrays):
    return np.stack([one[top : top + 4, left : left + 5] for one, (top, left) in zip(arrays, PLACES, strict=True)])


def test_crops_are_slices(images, rng):
    masks = rng.integers(0, 9, (4, *SIZE, 1)).astype("int32")
    data = {"images": images, "segmentation_masks": masks}
    found = RandomCrop(4, 5, dtype="uint8").apply(data, {"top": TOP, "left": LEFT})
    np.testing.assert_array_equal(convert_to_numpy(found["images"]), cropped(images))
    np.testing.assert_array_equal(convert_to_numpy(found["segmentation_masks"]), cropped(masks))


def test_fused_with_another_warp_they_are_the_same_slices(images):
    flip = np.array([True, False, False, True])
    params = [{"horizontal": flip, "vertical": ~flip}, {"top": TOP, "left": LEFT}]
    pipeline = Pipeline([RandomFlip(), RandomCrop(4, 5)], dtype="uint8")
    found = convert_to_numpy(pipeline.apply(images, {"layers": params}))
    mirrored = np.stack([np.flip(one, 1 if first else 0) for one, first in zip(images, flip, strict=True)])
    np.testing.assert_array_equal(found, cropped(mirrored))


@pytest.mark.parametrize("box_format", ["xyxy", "yxyx", "rel_center_xywh"])
def test_boxes_are_shifted_and_cut_in_every_format(images, box_format):
    boxes = [[2.0, 1.0, 6.5, 4.0], [0.0, 0.0, 1.0, 1.0], [-1.0, -1.0, -1.0, -1.0]]
    dense = np.array([[*(box_as(one, box_format, SIZE) for one in boxes[:2]), boxes[2]]] * 4, "float32")
    labels = np.array([[5, 6, -1]] * 4)
    data = {"images": images, "bounding_boxes": {"boxes": dense, "labels": labels}}
    found = RandomCrop(4, 5, bounding_box_format=box_format).apply(data, {"top": TOP, "left": LEFT})["bounding_boxes"]
    expected, expected_labels = np.full((4, 3, 4), -1.0), np.full((4, 3), -1)
    for i, (top, left) in enumerate(PLACES):
        for j, (x0, y0, x1, y1) in enumerate(boxes[:2]):
            box = np.clip([x0 - left, y0 - top, x1 - left, y1 - top], 0, [5, 4, 5, 4])
            if box[2] > box[0] and box[3] > box[1]:
                expected[i, j], expected_labels[i, j] = box_as(box, box_format, (4, 5)), labels[i, j]
    np.testing.assert_array_equal(convert_to_numpy(found["labels"]), expected_labels)
    np.testing.assert_allclose(convert_to_numpy(found["boxes"]), expected, atol=1e-5)


def test_keypoints_are_shifted(images):
    points = np.array([[[4.0, 3.0], [0.0, 6.0]]] * 4, "float32")
    data = {"images": images, "keypoints": points}
    found = convert_to_numpy(RandomCrop(4, 5).apply(data, {"top": TOP, "left": LEFT})["keypoints"])
    np.testing.assert_allclose(found, points - np.array(PLACES)[:, None, ::-1], atol=1e-5)


def test_every_place_is_equally_likely():
    # the first pixel of a crop tells its place
    numbered = np.arange(12, dtype="int32").reshape(1, 3, 4, 1)
    crop = RandomCrop(2, 2, dtype="int32")
    images = np.broadcast_to(numbered, (12_000, 3, 4, 1))
    found = convert_to_numpy(crop.apply(images, crop.draw(images, seed=4)))[:, 0, 0, 0]
    assert set(found) == {0, 1, 2, 4, 5, 6}
    assert stats.chisquare(np.unique(found, return_counts=True)[1]).pvalue > 1e-3


def test_one_side_that_matches_leaves_the_other_random(images):
    crop = RandomCrop(7, 4)
    found = convert_to_numpy(crop.apply(images, {"top": TOP, "left": np.array([0, 0.2, 0.5, 0.99], "float32")}))
    for image, crop, left in zip(images, found, (0, 1, 3, 6), strict=True):
        np.testing.assert_array_equal(crop, image[:, left : left + 4])


def resized(window, size):
    return cv2.resize(window.astype("float32"), size[::-1], interpolation=cv2.INTER_LINEAR)


SMALL = [
    ((14, 14), np.s_[:, 1:8]),
    ((8, 20), np.s_[1:5, :]),
    ((9, 11), np.s_[:, 1:9]),
    ((7, 12), np.s_[1:6, :]),
    ((30, 1), np.s_[:, 4:5]),
]


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize(("target", "window"), SMALL)
def test_small_images_are_resized_from_the_largest_window_of_whole_pixels(rng, target, window, training):
    """As OpenCV resizes that window alone, and `CenterCrop` does."""
    images = rng.uniform(0, 255, (2, *SIZE, 3)).astype("float32")
    found = convert_to_numpy(RandomCrop(*target)(images, training=training))
    np.testing.assert_allclose(found, [resized(one[window], target) for one in images], atol=1e-2)
    np.testing.assert_allclose(found, convert_to_numpy(CenterCrop(*target)(images)), atol=1e-4)


@pytest.mark.parametrize(("target", "window"), SMALL)
def test_fused_they_read_the_same_window(rng, target, window):
    """Its border aside, beyond which a fused pass sees the image."""
    images = rng.uniform(0, 255, (1, *SIZE, 3)).astype("float32")
    place, none = np.array([0.3], "float32"), np.array([False])
    params = [{"top": place, "left": place}, {"horizontal": none, "vertical": none}]
    found = convert_to_numpy(Pipeline([RandomCrop(*target), RandomFlip()]).apply(images, {"layers": params}))[0]
    expected = resized(images[0][window], target)
    sides = zip(target, images[0][window].shape[:2], strict=True)
    rim = tuple(slice(half, want - half) for want, half in ((want, -(-want // (2 * have))) for want, have in sides))
    np.testing.assert_allclose(found[rim], expected[rim], atol=1e-2)


@pytest.mark.parametrize(
    ("target", "window"), [((3, 3), (slice(0, 6), slice(2, 8))), ((6, 4), (slice(0, 6), slice(3, 7)))]
)
def test_inference_takes_the_window_in_the_middle(rng, target, window):
    images = rng.uniform(0, 255, (2, 6, 10, 3)).astype("float32")
    found = convert_to_numpy(RandomCrop(*target)(images, training=False))
    for image, one in zip(images, found, strict=True):
        np.testing.assert_allclose(one, resized(image[window], target), atol=1e-2)


def test_targets_follow_at_inference(rng):
    masks = rng.integers(0, 9, (1, 6, 10)).astype("int32")
    data = {
        "images": np.zeros((1, 6, 10, 1), "float32"),
        "segmentation_masks": masks,
        "bounding_boxes": {"boxes": np.array([[[1.0, 1.0, 6.0, 5.0]]], "float32"), "labels": np.array([[3]])},
        "keypoints": np.array([[[2.0, 0.0], [4.0, 4.0]]], "float32"),
    }
    found = RandomCrop(2, 2, bounding_box_format="xyxy")(data, training=False)  # 6 x 6 at column 2, three times smaller
    np.testing.assert_allclose(
        convert_to_numpy(found["bounding_boxes"]["boxes"]), [[[0, 1 / 3, 4 / 3, 5 / 3]]], atol=1e-5
    )
    # the centre of pixel (2, 0) is at (0.5, 0.5) of the window: 1/6 of a pixel, whose own centre is 0.5
    np.testing.assert_allclose(convert_to_numpy(found["keypoints"]), [[[-1 / 3, -1 / 3], [1 / 3, 1.0]]], atol=1e-5)
    np.testing.assert_array_equal(convert_to_numpy(found["segmentation_masks"]), masks[:, 1::3, 3:8:3])


@pytest.mark.parametrize("size", [(7, 10), (8, 9)])
def test_who_is_not_chosen_is_cropped_at_the_centre(rng, size):
    images = rng.integers(0, 256, (2, *size, 1), dtype="uint8")
    crop = RandomCrop(5, 5, p=0.0, dtype="uint8")
    found = convert_to_numpy(crop.apply(images, crop.draw(images, seed=1)))
    top, left = (size[0] - 4) // 2, (size[1] - 4) // 2
    np.testing.assert_array_equal(found, images[:, top : top + 5, left : left + 5])
