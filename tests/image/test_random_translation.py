import numpy as np
import pytest
from keras.ops import convert_to_numpy
from scipy import stats
from warp_oracles import SCIPY_MODES, shifted, warp

from kerasaug.layers import RandomTranslation

SIZE = (8, 10)
HEIGHT, WIDTH = [0.0, 0.33, -0.81, 1.0], [0.27, -0.5, 0.07, -1.0]
PARAMS = {"height": np.array(HEIGHT, "float32"), "width": np.array(WIDTH, "float32")}


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
def test_pixels_are_scipy_s(rng, fill_mode):
    images = rng.uniform(0, 255, (4, *SIZE, 2)).astype("float32")
    found = convert_to_numpy(RandomTranslation(1.0, 1.0, fill_mode, fill_value=31.0).apply(images, PARAMS))
    forwards = [shifted(w * SIZE[1], h * SIZE[0]) for h, w in zip(HEIGHT, WIDTH, strict=True)]
    np.testing.assert_allclose(found, warp(images, forwards, fill_mode, 1, 31.0), atol=5e-3)


def test_whole_pixels_are_numpy_s_roll_down_and_to_the_right(rng):
    images = rng.integers(0, 256, (2, *SIZE, 3), dtype="uint8")
    params = {"height": np.array([0.25, -0.5], "float32"), "width": np.array([0.3, -0.1], "float32")}
    found = convert_to_numpy(RandomTranslation(1.0, 1.0, "wrap", dtype="uint8").apply(images, params))
    np.testing.assert_array_equal(found[0], np.roll(images[0], (2, 3), axis=(0, 1)))
    np.testing.assert_array_equal(found[1], np.roll(images[1], (-4, -1), axis=(0, 1)))


def test_draws():
    drawn = RandomTranslation((-0.1, 0.4), 0.2).draw(np.zeros((20_000, 1, 1, 1), "uint8"), seed=1)
    height, width = convert_to_numpy(drawn["height"]), convert_to_numpy(drawn["width"])
    assert stats.kstest(height, stats.uniform(-0.1, 0.5).cdf).pvalue > 1e-3
    assert stats.kstest(width, stats.uniform(-0.2, 0.4).cdf).pvalue > 1e-3
    assert abs(np.corrcoef(height, width)[0, 1]) < 4 / np.sqrt(20_000)
