import numpy as np
import pytest
from keras.ops import convert_to_numpy
from PIL import Image, ImageOps
from scipy import stats

from kerasaug import Pipeline
from kerasaug.layers import Solarization


def params(addition, threshold):
    return {"addition": np.array(addition, "float32"), "threshold": np.array(threshold, "float32")}


@pytest.mark.parametrize("scale", [255.0, 1.0])
def test_every_value_is_pil_s(scale):
    values = np.arange(256, dtype="uint8").reshape(16, 16)
    thresholds = [0, 1, 128, 200, 255]
    images = np.broadcast_to(values[None, ..., None] * np.float32(scale / 255), (5, 16, 16, 1))
    layer = Solarization(1.0, 1.0, (0.0, scale))
    found = convert_to_numpy(layer.apply(images, params([0.0] * 5, np.array(thresholds) / 255)))[..., 0]
    for threshold, one in zip(thresholds, found, strict=True):
        expected = np.asarray(ImageOps.solarize(Image.fromarray(values), threshold), "float64")
        np.testing.assert_allclose(one * 255 / scale, expected, atol=1e-3)


def test_uint8_comes_back_exact(rng):
    images = rng.integers(0, 256, (3, 7, 5, 4), dtype="uint8")
    thresholds = [100, 37, 251]
    layer = Solarization(1.0, 1.0, dtype="uint8")
    found = convert_to_numpy(layer.apply(images, params([0.0] * 3, np.array(thresholds) / 255)))
    threshold = np.array(thresholds)[:, None, None, None]
    np.testing.assert_array_equal(found, np.where(images < threshold, images, 255 - images))


def test_addition_comes_first_and_is_clipped():
    images = np.array([0, 60, 100, 250], "uint8").reshape(1, 2, 2, 1)
    found = convert_to_numpy(Solarization(1.0, 1.0, dtype="uint8").apply(images, params([0.2], [0.5])))
    np.testing.assert_array_equal(found.ravel(), [51, 111, 255 - 151, 0])  # 51 is added: 51, 111, 151, 255


def test_a_range_about_zero():
    images = np.array([-1.0, -0.5, 0.25, 1.0], "float32").reshape(1, 2, 2, 1)
    found = convert_to_numpy(Solarization(1.0, 1.0, (-1.0, 1.0)).apply(images, params([0.0], [0.5])))
    np.testing.assert_allclose(found.ravel(), [-1.0, -0.5, -0.25, -1.0], atol=1e-6)


def test_by_default_every_pixel_is_inverted(rng):
    images = rng.integers(0, 256, (2, 4, 5, 3), dtype="uint8")
    layer = Solarization(dtype="uint8")
    np.testing.assert_array_equal(convert_to_numpy(layer.apply(images, layer.draw(images, seed=1))), 255 - images)


def test_two_in_one_pass(rng):
    images = rng.integers(0, 256, (1, 4, 5, 1), dtype="uint8")
    layers = [Solarization(1.0, 1.0), Solarization(1.0, 1.0)]
    both = {"layers": [params([0.0], [200 / 255]), params([0.0], [30 / 255])]}
    found = convert_to_numpy(Pipeline(layers, dtype="uint8").apply(images, both))[0, ..., 0]
    once = ImageOps.solarize(Image.fromarray(images[0, ..., 0]), 200)
    np.testing.assert_array_equal(found, np.asarray(ImageOps.solarize(once, 30)))


def test_both_ends_of_the_ranges_are_fractions():
    drawn = Solarization((0.1, 0.3), (0.4, 0.9)).draw(np.zeros((20_000, 1, 1, 1), "uint8"), seed=1)
    assert stats.kstest(convert_to_numpy(drawn["addition"]), stats.uniform(0.1, 0.2).cdf).pvalue > 1e-3
    assert stats.kstest(convert_to_numpy(drawn["threshold"]), stats.uniform(0.4, 0.5).cdf).pvalue > 1e-3
