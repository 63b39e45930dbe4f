import numpy as np
import pytest
from keras.ops import convert_to_numpy
from scipy import stats
from warp_oracles import SCIPY_MODES, sheared, warp

from kerasaug.layers import RandomShear

X, Y = [0.0, 0.4, -0.9, 0.3], [0.25, 0.0, 0.17, -0.6]
PARAMS = {"x": np.array(X, "float32"), "y": np.array(Y, "float32")}


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
def test_pixels_are_scipy_s(rng, fill_mode):
    images = rng.uniform(0, 255, (4, 8, 11, 2)).astype("float32")
    layer = RandomShear(0.5, 0.5, fill_mode=fill_mode, fill_value=31.0)
    found = convert_to_numpy(layer.apply(images, PARAMS))
    forwards = [sheared(*one) for one in zip(X, Y, strict=True)]
    np.testing.assert_allclose(found, warp(images, forwards, fill_mode, 1, 31.0), atol=5e-3)


def test_a_slope_of_one_moves_each_row_by_a_pixel_more(rng):
    image = rng.integers(0, 256, (1, 5, 7, 1), dtype="uint8")
    params = {"x": np.ones(1, "float32"), "y": np.zeros(1, "float32")}
    found = convert_to_numpy(RandomShear(1.0, fill_mode="wrap", dtype="uint8").apply(image, params))[0]
    for row in range(5):  # the middle row stays
        np.testing.assert_array_equal(found[row], np.roll(image[0, row], 2 - row, axis=0))


def test_the_direction_is_drawn():
    drawn = RandomShear((0.1, 0.3), 0.2).draw(np.zeros((20_000, 1, 1, 1), "uint8"), seed=1)
    x, y = convert_to_numpy(drawn["x"]), convert_to_numpy(drawn["y"])
    assert stats.kstest(np.abs(x), stats.uniform(0.1, 0.2).cdf).pvalue > 1e-3
    assert stats.kstest(y, stats.uniform(-0.2, 0.4).cdf).pvalue > 1e-3
    assert stats.binomtest(int((x > 0).sum()), 20_000, 0.5).pvalue > 1e-3
    assert abs(np.corrcoef(x, y)[0, 1]) < 4 / np.sqrt(20_000)
