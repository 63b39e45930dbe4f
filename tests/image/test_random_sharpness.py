"""Sharpness against PIL."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy
from PIL import Image, ImageEnhance
from scipy import stats

from kerasaug.layers import RandomSharpness

AMOUNTS = np.array([0.0, 0.3, 1.0, 1.7, 2.0], "float32")


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_sharpness_is_pil_s(rng, data_format):
    images = rng.integers(0, 256, (5, 9, 12, 3), dtype="uint8")
    layer = RandomSharpness(1.0, data_format=data_format)
    first = data_format == "channels_first"
    found = convert_to_numpy(layer.apply(images.transpose(0, 3, 1, 2) if first else images, {"amount": AMOUNTS}))
    found = found.transpose(0, 2, 3, 1) if first else found
    for one, image, amount in zip(found, images, AMOUNTS, strict=True):
        expected = np.asarray(ImageEnhance.Sharpness(Image.fromarray(image)).enhance(float(amount)), "float64")
        assert np.abs(one - expected).max() < 2.0  # PIL rounds what it smooths, and truncates


def test_one_colour_stays_up_to_the_corners():
    found = convert_to_numpy(RandomSharpness(1.0).apply(np.full((2, 5, 6, 3), 100, "uint8"), {"amount": AMOUNTS[:2]}))
    np.testing.assert_allclose(found, 100.0, atol=1e-4)


def test_results_are_clipped_to_the_value_range():
    images = np.zeros((1, 5, 5, 1), "float32")
    images[:, 2, 2] = 1.0
    found = convert_to_numpy(RandomSharpness(1.0, (0, 1)).apply(images, {"amount": AMOUNTS[4:]}))
    assert (found.min(), found.max()) == (0.0, 1.0)


def test_a_sample_that_is_not_chosen_keeps_every_bit():
    images = np.array([-7.0, 3.0, np.nan, np.inf, 1e9, 300.0, 0.1, 5.0, 2.0], "float32").reshape(1, 3, 3, 1)
    params = {"amount": AMOUNTS[:1], "chosen": np.array([False])}
    np.testing.assert_array_equal(convert_to_numpy(RandomSharpness(1.0).apply(images, params)), images)


def test_amounts_are_twice_the_factors():
    images = np.zeros((20_000, 1, 1, 1), "uint8")
    for factor, (low, high) in {(0.2, 0.6): (0.4, 1.2), 0.7: (0.0, 1.4)}.items():
        drawn = convert_to_numpy(RandomSharpness(factor).draw(images, seed=1)["amount"])
        assert stats.kstest(drawn, stats.uniform(low, high - low).cdf).pvalue > 1e-3
    np.testing.assert_array_equal(convert_to_numpy(RandomSharpness((0.5, 0.5)).draw(images[:9])["amount"]), 1.0)


def test_half_the_strength_is_half_as_far_from_doing_nothing():
    drawn = RandomSharpness((1.0, 1.0), strength=0.5).draw(np.zeros((3, 1, 1, 1), "uint8"))
    np.testing.assert_allclose(convert_to_numpy(drawn["amount"]), 1.5)
