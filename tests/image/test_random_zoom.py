import cv2
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from scipy import stats
from warp_oracles import SCIPY_MODES, warp, zoomed_out

from kerasaug.layers import RandomZoom

HEIGHT, WIDTH = [0.0, 0.7, -0.5, 0.25], [0.31, 0.7, -0.2, -0.6]
PARAMS = {"height": np.array(HEIGHT, "float32"), "width": np.array(WIDTH, "float32")}


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_pixels_are_scipy_s(rng, fill_mode, interpolation):
    images = rng.uniform(0, 255, (4, 8, 11, 2)).astype("float32")
    layer = RandomZoom(0.7, 0.7, fill_mode, interpolation, fill_value=31.0)
    found = convert_to_numpy(layer.apply(images, PARAMS))
    forwards = [zoomed_out(*one) for one in zip(HEIGHT, WIDTH, strict=True)]
    expected = warp(images, forwards, fill_mode, 1 if interpolation == "bilinear" else 0, 31.0)
    np.testing.assert_allclose(found, expected, atol=5e-3)


def test_zooming_in_is_opencv_s_resize_of_the_middle(rng):
    image = rng.uniform(0, 255, (8, 12, 3)).astype("float32")
    half = np.array([-0.5], "float32")
    found = convert_to_numpy(RandomZoom(0.5).apply(image[None], {"height": half, "width": half}))[0]
    expected = cv2.resize(image[2:6, 3:9], (12, 8), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(found[1:-1, 1:-1], expected[1:-1, 1:-1], atol=1e-2)  # its border knows no neighbours


def test_a_factor_of_one_shows_twice_as_much():
    image = np.zeros((1, 8, 8, 1), "float32")
    image[0, 2:6, 2:6] = 100.0
    one = np.ones(1, "float32")
    found = convert_to_numpy(RandomZoom(1.0, fill_mode="constant").apply(image, {"height": one, "width": one}))
    expected = np.zeros((8, 8))
    expected[3:5, 3:5] = 100.0
    np.testing.assert_allclose(found[0, ..., 0], expected, atol=1e-4)


def test_draws():
    images = np.zeros((20_000, 1, 1, 1), "uint8")
    drawn = RandomZoom((-0.3, 0.2), (0.2, 0.4)).draw(images, seed=1)
    height, width = convert_to_numpy(drawn["height"]), convert_to_numpy(drawn["width"])
    assert stats.kstest(height, stats.uniform(-0.3, 0.5).cdf).pvalue > 1e-3
    assert stats.kstest(width, stats.uniform(0.2, 0.2).cdf).pvalue > 1e-3
    assert abs(np.corrcoef(height, width)[0, 1]) < 4 / np.sqrt(20_000)


def test_without_a_width_factor_the_aspect_ratio_stays():
    drawn = RandomZoom(0.3).draw(np.zeros((50, 1, 1, 1), "uint8"), seed=1)
    np.testing.assert_array_equal(convert_to_numpy(drawn["height"]), convert_to_numpy(drawn["width"]))
