"""Colour layers against float64 formulas, PIL and colorsys."""

import colorsys

import numpy as np
import pytest
from keras.ops import convert_to_numpy
from PIL import Image, ImageEnhance
from scipy import stats

from kerasaug import Pipeline
from kerasaug.layers import RandomBrightness, RandomColorJitter, RandomContrast, RandomSaturation

LUMA = np.array([0.299, 0.587, 0.114])


def floats(*values):
    return np.array(values, "float32")


def each(values):
    return np.asarray(values, "float64").reshape(-1, 1, 1, 1)


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (3, 6, 5, 3), dtype="uint8")


def contrast(x, factor):
    """`(x - mean) * factor + mean`, each channel's own mean, as `keras.layers.RandomContrast` documents."""
    mean = x.mean(axis=(1, 2), keepdims=True)
    return (x - mean) * each(factor) + mean


def saturation(x, factor):
    """torchvision's blend with the luma; Keras's factor is 0 for gray and 0.5 for no change."""
    gain = each(factor) / (1 - each(factor))
    return gain * x + (1 - gain) * (x @ LUMA)[..., None]


def hue(x, factor, scale=255.0):
    out = np.empty_like(x, "float64")
    for index in np.ndindex(x.shape[:3]):
        h, s, v = colorsys.rgb_to_hsv(*(x[index] / scale))
        out[index] = colorsys.hsv_to_rgb((h + factor[index[0]] / 2) % 1.0, s, v)
    return out * scale


# --- brightness ---


@pytest.mark.parametrize(("value_range", "scale"), [((0, 255), 1.0), ((0.0, 1.0), 1 / 255), ((-1.0, 1.0), 2 / 255)])
def test_brightness_adds_part_of_the_range(images, value_range, scale):
    x = images * scale + value_range[0]
    found = RandomBrightness(1.0, value_range).apply(x.astype("float32"), {"brightness": floats(0.2, -0.35, 1.0)})
    expected = np.clip(x + each([0.2, -0.35, 1.0]) * (value_range[1] - value_range[0]), *value_range)
    np.testing.assert_allclose(convert_to_numpy(found), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(convert_to_numpy(found)[2], value_range[1])  # 1 is white


def test_brightness_of_uint8_saturates_and_never_wraps():
    images = np.array([0, 10, 230, 255], "uint8").reshape(1, 2, 2, 1)
    params = {"brightness": floats(0.2)}
    found = convert_to_numpy(RandomBrightness(1.0, dtype="uint8").apply(images, params))
    np.testing.assert_array_equal(found.ravel(), [51, 61, 255, 255])
    found = convert_to_numpy(RandomBrightness(1.0, dtype="uint8").apply(images, {"brightness": floats(-0.2)}))
    np.testing.assert_array_equal(found.ravel(), [0, 0, 179, 204])


# --- contrast ---


def test_contrast_is_about_each_channel_s_own_mean(rng):
    x = rng.uniform(100, 150, (3, 6, 5, 4)) + np.array([0, 10, 20, 30])
    found = RandomContrast(1.0).apply(x.astype("float32"), {"contrast": floats(0.5, 1.7, 0.0)})
    np.testing.assert_allclose(convert_to_numpy(found), contrast(x, [0.5, 1.7, 0.0]), atol=1e-3)


def test_contrast_of_one_channel_is_pil_s(rng):
    image = rng.integers(60, 200, (16, 16), dtype="uint8")
    found = convert_to_numpy(RandomContrast(1.0).apply(image[None, ..., None], {"contrast": floats(0.6)}))[0, ..., 0]
    expected = np.asarray(ImageEnhance.Contrast(Image.fromarray(image)).enhance(0.6), "float64")
    assert np.abs(found - expected).max() < 1.3  # PIL truncates, about a mean that it rounds


def test_contrast_goes_both_ways():
    drawn = RandomContrast((0.3, 0.6)).draw(np.zeros((20_000, 1, 1, 1), "uint8"), seed=1)["contrast"]
    assert stats.kstest(convert_to_numpy(drawn), stats.uniform(0.7, 0.9).cdf).pvalue > 1e-3


# --- saturation ---


def test_saturation_blends_with_the_luma(images):
    x = images * 0.2 + 100.0
    factors = [0.0, 0.3, 0.7]
    found = convert_to_numpy(RandomSaturation(1.0).apply(x.astype("float32"), {"saturation": floats(*factors)}))
    np.testing.assert_allclose(found, saturation(x, factors), atol=1e-3)
    np.testing.assert_allclose(found[0], found[0][..., :1] * [1, 1, 1], atol=1e-3)


def test_a_factor_of_a_half_changes_nothing(images):
    found = convert_to_numpy(RandomSaturation(1.0).apply(images, {"saturation": floats(0.5, 0.5, 0.5)}))
    np.testing.assert_allclose(found, images, atol=1e-4)


@pytest.mark.parametrize(("factor", "gain"), [(0.25, 1 / 3), (2 / 3, 2.0)])
def test_saturation_is_pil_s(images, factor, gain):
    params = {"saturation": floats(factor, factor, factor)}
    found = convert_to_numpy(RandomSaturation(1.0).apply(images, params))
    for one, image in zip(found, images, strict=True):
        expected = np.asarray(ImageEnhance.Color(Image.fromarray(image)).enhance(gain), "float64")
        assert np.abs(one - expected).max() < 2.0  # PIL rounds the gray, and truncates


def test_full_saturation_keeps_gray_gray():
    gray = np.full((1, 2, 2, 3), 77, "uint8")
    found = convert_to_numpy(RandomSaturation(1.0).apply(gray, {"saturation": floats(1.0)}))
    np.testing.assert_allclose(found, gray, atol=0.05)


# --- jitter ---


def test_hue_is_that_of_colorsys(images):
    factors = [2 / 3, -0.2, 1.0]
    found = convert_to_numpy(RandomColorJitter(hue_factor=1.0).apply(images, {"hue": floats(*factors)}))
    np.testing.assert_allclose(found, hue(images, factors), atol=2e-3)


def test_hue_knows_the_value_range(images):
    x = images / 127.5 - 1.0
    jitter = RandomColorJitter((-1.0, 1.0), hue_factor=1.0)
    found = convert_to_numpy(jitter.apply(x.astype("float32"), {"hue": floats(0.5, 0.5, -0.3)}))
    np.testing.assert_allclose(found, hue(images, [0.5, 0.5, -0.3]) / 127.5 - 1.0, atol=2e-5)


def test_jitter_is_its_four_steps_in_order(images):
    x = images * 0.25 + 90.0  # nothing clips
    params = {
        "brightness": floats(0.05, -0.1, 0.0),
        "contrast": floats(0.6, 1.3, 1.1),
        "saturation": floats(0.4, 0.55, 0.2),
        "hue": floats(0.3, -0.8, 0.05),
    }
    jitter = RandomColorJitter((0, 255), 0.2, 0.5, 1.0, 1.0)
    found = convert_to_numpy(jitter.apply(x.astype("float32"), params))
    steps = contrast(x + each(params["brightness"]) * 255, params["contrast"])
    expected = hue(saturation(steps, params["saturation"]), params["hue"])
    np.testing.assert_allclose(found, expected, atol=5e-3)


def test_hue_turns_either_way_within_half_a_turn():
    drawn = RandomColorJitter(hue_factor=0.4).draw(np.zeros((20_000, 1, 1, 3), "uint8"), seed=1)["hue"]
    assert stats.kstest(convert_to_numpy(drawn), stats.uniform(-0.4, 0.8).cdf).pvalue > 1e-3


# --- fused ---


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_fused_is_one_after_another_where_nothing_clips(images, data_format):
    x = images * 0.25 + 90.0
    layers = [
        RandomSaturation(1.0, data_format=data_format),
        RandomContrast(1.0, data_format=data_format),
        RandomBrightness(1.0, data_format=data_format),
        RandomColorJitter((0, 255), None, 1.0, None, 1.0, data_format=data_format),
        RandomContrast(1.0, data_format=data_format),
    ]
    factors = {
        "saturation": floats(0.6, 0.3, 0.5),
        "contrast": floats(0.8, 1.2, 0.5),
        "brightness": floats(0.1, 0.0, -0.05),
        "hue": floats(0.2, 0.7, -0.4),
    }
    names = [["saturation"], ["contrast"], ["brightness"], ["contrast", "hue"], ["contrast"]]
    params = [{name: factors[name] for name in one} for one in names]
    data = x.astype("float32")
    if data_format == "channels_first":
        data = np.ascontiguousarray(data.transpose(0, 3, 1, 2))
    found = convert_to_numpy(Pipeline(layers).apply(data, {"layers": params}))
    if data_format == "channels_first":
        found = found.transpose(0, 2, 3, 1)
    expected = contrast(saturation(x, factors["saturation"]), factors["contrast"]) + each(factors["brightness"]) * 255
    expected = contrast(hue(contrast(expected, factors["contrast"]), factors["hue"]), factors["contrast"])
    np.testing.assert_allclose(found, expected, atol=1e-2)


def test_fused_clips_once_at_the_end():
    images = np.array([100.0, 200.0], "float32").reshape(1, 1, 2, 1)
    params = {"layers": [{"brightness": floats(0.5)}, {"brightness": floats(-0.5)}]}
    layers = [RandomBrightness(1.0), RandomBrightness(1.0)]
    found = convert_to_numpy(Pipeline(layers).apply(images, params))
    np.testing.assert_allclose(found, images, atol=1e-3)
    in_turn = convert_to_numpy(Pipeline(layers, fuse=False).apply(images, params))
    np.testing.assert_allclose(in_turn.ravel(), [100.0, 127.5], atol=1e-3)
