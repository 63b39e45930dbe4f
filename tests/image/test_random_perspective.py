import cv2
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from PIL import Image
from scipy import stats
from warp_oracles import SCIPY_MODES, box_as, move_box, move_points, warp

from kerasaug.layers import RandomPerspective

SIZE = (9, 12)
INWARDS = np.array(
    [
        [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]],
        [[0.3, 0.5], [0.0, 0.1], [0.4, 0.2], [0.25, 0.0]],
        [[0.1, 0.0], [0.6, 0.6], [0.05, 0.3], [0.0, 0.45]],
    ],
    "float32",
)


def corners(size, inwards):
    """Where the frame's corners go, on coordinates from the centre: clockwise from the top left."""
    outer = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (size[1] / 2, size[0] / 2)
    return outer.astype("float32"), (outer * (1 - inwards)).astype("float32")


def forwards(size=SIZE, inwards=INWARDS):
    return [cv2.getPerspectiveTransform(*corners(size, one)) for one in inwards]


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
def test_pixels_are_scipy_s_at_opencv_s_homography(rng, fill_mode):
    images = rng.uniform(0, 255, (3, *SIZE, 2)).astype("float32")
    layer = RandomPerspective(fill_mode=fill_mode, fill_value=11.0)
    found = convert_to_numpy(layer.apply(images, {"inwards": INWARDS}))
    np.testing.assert_allclose(found, warp(images, forwards(), fill_mode, 1, 11.0), atol=5e-3)
    np.testing.assert_array_equal(found[0], images[0])


def test_opencv_warps_the_same(rng):
    smooth = cv2.GaussianBlur(rng.uniform(0, 255, (40, 60)).astype("float32"), (0, 0), 3)
    found = convert_to_numpy(RandomPerspective().apply(smooth[None, ..., None], {"inwards": INWARDS[1:2]}))[0, ..., 0]
    before, after = corners(smooth.shape, INWARDS[1])
    to_index = np.array([29.5, 19.5], "float32")  # the index of the pixel at the centre
    homography = cv2.getPerspectiveTransform(before + to_index, after + to_index)
    expected = cv2.warpPerspective(smooth, homography, (60, 40), flags=cv2.INTER_LINEAR)
    assert np.abs(found - expected).max() < 8.0  # at the border, where opencv's 1/32 of a pixel is of 128 grey levels
    assert np.abs(found - expected).mean() < 0.2
    assert np.abs(found - smooth).mean() > 10.0


def test_pillow_reads_the_same_pixels(rng):
    image = rng.integers(0, 256, SIZE, dtype="uint8")
    layer = RandomPerspective(interpolation="nearest", dtype="uint8")
    found = convert_to_numpy(layer.apply(image[None, ..., None], {"inwards": INWARDS[2:]}))[0, ..., 0]
    before, after = (points + np.array([SIZE[1] / 2, SIZE[0] / 2], "float32") for points in corners(SIZE, INWARDS[2]))
    back = cv2.getPerspectiveTransform(after, before)
    expected = Image.fromarray(image).transform(
        (SIZE[1], SIZE[0]), Image.Transform.PERSPECTIVE, (back / back[2, 2]).ravel()[:8], Image.Resampling.NEAREST
    )
    assert (found == np.asarray(expected)).mean() > 0.97  # a place between two pixels may fall to either


@pytest.mark.parametrize("box_format", ["xyxy", "rel_yxyx", "center_xywh"])
def test_boxes_come_back_in_the_format_they_came_in(box_format):
    box = [2.0, 1.0, 9.5, 6.0]
    boxes = np.array([[box_as(box, box_format, SIZE)]] * 3, "float32")
    data = {"images": np.zeros((3, *SIZE, 1)), "bounding_boxes": {"boxes": boxes, "labels": np.ones((3, 1), "int32")}}
    layer = RandomPerspective(bounding_box_format=box_format)
    found = convert_to_numpy(layer.apply(data, {"inwards": INWARDS})["bounding_boxes"]["boxes"])
    expected = [[box_as(move_box(box, forward, SIZE), box_format, SIZE)] for forward in forwards()]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_keypoints_and_masks_follow(rng):
    masks = rng.integers(0, 9, (3, *SIZE)).astype("int32")
    points = np.array([[[4.0, 3.0], [11.0, 8.0]]] * 3, "float32")
    data = {"images": np.zeros((3, *SIZE, 1), "float32"), "keypoints": points, "segmentation_masks": masks}
    found = RandomPerspective(mask_fill_value=7).apply(data, {"inwards": INWARDS})
    expected = [move_points(points[0], forward, SIZE, SIZE, edge=1) for forward in forwards()]
    np.testing.assert_allclose(convert_to_numpy(found["keypoints"]), expected, atol=1e-3)
    expected = warp(masks[..., None], forwards(), "constant", 0, 7)[..., 0]
    assert (convert_to_numpy(found["segmentation_masks"]) == expected).mean() > 0.98


def test_a_point_behind_the_horizon_stays_outside():
    """A strong distortion shows the vanishing line, beyond which a homography puts what lies far below the image."""
    inwards = np.array([[[0.6, 0.99], [0.6, 0.99], [0.0, 0.0], [0.0, 0.0]]], "float32")
    data = {"images": np.zeros((1, *SIZE, 1), "float32"), "keypoints": np.array([[[5.5, 360.0]]], "float32")}
    x, y = convert_to_numpy(RandomPerspective().apply(data, {"inwards": inwards})["keypoints"])[0, 0]
    assert not (0 <= x < SIZE[1] and 0 <= y < SIZE[0])


def drawn(count=4000, **arguments):
    layer = RandomPerspective(**arguments)
    params = layer.draw(np.zeros((count, 2, 2, 1), "float32"), seed=3)
    return convert_to_numpy(params["chosen"]), convert_to_numpy(params["inwards"])


def test_each_corner_moves_inwards_by_its_own_amounts():
    happens, inwards = drawn(factor=(1.0, 1.0), scale=0.5)
    assert happens.all()
    flat = inwards.reshape(-1, 8)
    for column in flat.T:
        assert stats.kstest(column, stats.uniform(0, 0.5).cdf).pvalue > 1e-4
    assert np.abs(np.corrcoef(flat.T) - np.eye(8)).max() < 0.07


@pytest.mark.parametrize(("factor", "share"), [(0.0, 0.0), (1.0, 0.5), ((0.2, 0.4), 0.3), ((1.0, 1.0), 1.0)])
def test_a_factor_is_a_range_of_probabilities(factor, share):
    happens, inwards = drawn(factor=factor)
    assert abs(happens.mean() - share) < 0.03
    np.testing.assert_array_equal(np.any(inwards, axis=(1, 2)), happens)


def test_corners_always_leave_a_convex_shape():
    """Their hull has all four of them as its own corners."""
    _, inwards = drawn(factor=(1.0, 1.0), scale=1.0)
    assert inwards.max() > 0.95
    for one in inwards[:1500]:
        quad = corners((2, 2), one)[1]
        assert len(cv2.convexHull(quad)) == 4


def test_strength_scales_how_far_corners_move():
    layer, images = RandomPerspective((1.0, 1.0), scale=0.5), np.zeros((8, 2, 2, 1), "float32")
    whole = convert_to_numpy(layer.draw(images, seed=1)["inwards"])
    layer.strength = 0.25
    np.testing.assert_allclose(convert_to_numpy(layer.draw(images, seed=1)["inwards"]), whole / 4, rtol=1e-5)
