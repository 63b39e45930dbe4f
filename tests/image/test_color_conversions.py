"""Hue, degeneration, gray and inversion against PIL, colorsys and float64 formulas."""

import colorsys

import numpy as np
import pytest
from keras.ops import convert_to_numpy
from PIL import Image, ImageEnhance, ImageOps
from scipy import stats

from kerasaug import Pipeline
from kerasaug.layers import (
    RandomBrightness,
    RandomColorDegeneration,
    RandomColorJitter,
    RandomContrast,
    RandomGrayscale,
    RandomHue,
    RandomInvert,
    RandomSaturation,
)
from kerasaug.stages import plan

LUMA = np.array([0.299, 0.587, 0.114])
MANY = np.zeros((20_000, 1, 1, 3), "uint8")


def floats(*values):
    return np.array(values, "float32")


def each(values):
    return np.asarray(values, "float64").reshape(-1, 1, 1, 1)


def gray(x):
    return (x @ LUMA)[..., None] * np.ones(3)


def drawn(layer, name):
    return convert_to_numpy(layer.draw(MANY, seed=1)[name])


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (3, 6, 5, 3), dtype="uint8")


# --- hue ---


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("value_range", [(0, 255), (0.0, 1.0), (-1.0, 1.0)])
def test_hue_is_that_of_colorsys_in_any_range(images, value_range, data_format):
    low, high = value_range
    factors, expected = [0.5, -0.8, 1.0], np.empty(images.shape)
    for index in np.ndindex(images.shape[:3]):
        h, s, v = colorsys.rgb_to_hsv(*(images[index] / 255.0))
        expected[index] = colorsys.hsv_to_rgb((h + factors[index[0]] / 2) % 1.0, s, v)
    data = (images / 255.0 * (high - low) + low).astype("float32")
    first = data_format == "channels_first"
    layer = RandomHue(1.0, value_range, data_format)
    found = convert_to_numpy(layer.apply(data.transpose(0, 3, 1, 2) if first else data, {"hue": floats(*factors)}))
    found = (found.transpose(0, 2, 3, 1) if first else found) - low
    np.testing.assert_allclose(found / (high - low), expected, atol=1e-5)


def test_a_hue_of_zero_changes_no_bit(rng):
    images = rng.uniform(0, 255, (2, 9, 8, 3)).astype("float32")
    params = {"hue": floats(0.0, 0.4)}
    for layer in (RandomHue(1.0), RandomColorJitter(hue_factor=1.0)):
        found = convert_to_numpy(layer.apply(images, params))
        assert found[0].tobytes() == images[0].tobytes()
        assert np.abs(found[1] - images[1]).max() > 1


def test_hue_turns_either_way():
    assert stats.kstest(drawn(RandomHue(0.4), "hue"), stats.uniform(-0.4, 0.8).cdf).pvalue > 1e-3


# --- degeneration ---


def test_degeneration_is_pil_s(images):
    factors = [0.25, 0.6, 1.0]
    found = convert_to_numpy(RandomColorDegeneration(1.0).apply(images, {"degeneration": floats(*factors)}))
    for one, image, factor in zip(found, images, factors, strict=True):
        expected = np.asarray(ImageEnhance.Color(Image.fromarray(image)).enhance(1 - factor), "float64")
        assert np.abs(one - expected).max() < 2.0  # PIL rounds the gray, and truncates
    exact = images + each(factors) * (gray(images) - images)
    np.testing.assert_allclose(found, exact, atol=1e-3)


def test_degeneration_of_zero_changes_nothing(images):
    found = RandomColorDegeneration(1.0).apply(images, {"degeneration": floats(0.0, 0.0, 0.0)})
    np.testing.assert_array_equal(convert_to_numpy(found), images)


def test_degeneration_draws():
    found = drawn(RandomColorDegeneration((0.2, 0.9)), "degeneration")
    assert stats.kstest(found, stats.uniform(0.2, 0.7).cdf).pvalue > 1e-3
    assert stats.kstest(drawn(RandomColorDegeneration(0.5), "degeneration"), stats.uniform(0, 0.5).cdf).pvalue > 1e-3


# --- gray ---


def test_gray_is_pil_s_in_three_channels(images):
    params = {"gray": np.array([True, False, True])}
    found = convert_to_numpy(RandomGrayscale().apply(images, params))
    assert found.shape == images.shape
    for i in (0, 2):
        np.testing.assert_array_equal(found[i], np.broadcast_to(found[i][..., :1], found[i].shape))
        expected = np.asarray(Image.fromarray(images[i]).convert("L"), "float64")
        assert np.abs(found[i][..., 0] - expected).max() < 0.51  # PIL rounds
    np.testing.assert_array_equal(found[1], images[1])


def test_gray_needs_no_value_range(rng):
    images = rng.uniform(-3, 900, (2, 4, 5, 3))
    found = RandomGrayscale(1.0).apply(images.astype("float32"), {"gray": np.array([True, False])})
    np.testing.assert_allclose(convert_to_numpy(found), np.stack([gray(images)[0], images[1]]), rtol=1e-5)


def test_gray_takes_dicts_and_keeps_its_seed(images):
    layer = RandomGrayscale(1.0, seed=3)
    found = layer({"images": images, "labels": np.arange(3)})
    np.testing.assert_array_equal(convert_to_numpy(found["labels"]), np.arange(3))
    np.testing.assert_allclose(convert_to_numpy(found["images"]), gray(images), atol=1e-3)
    assert layer.get_config()["seed"] == 3


@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0])
def test_as_many_are_gray_as_the_factor_says(factor):
    count = int(drawn(RandomGrayscale(factor), "gray").sum())
    assert stats.binomtest(count, len(MANY), factor).pvalue > 1e-3


# --- inversion ---


def test_inversion_is_pil_s(images):
    found = convert_to_numpy(RandomInvert(dtype="uint8").apply(images, {"inverted": np.array([True, False, True])}))
    for i in (0, 2):
        np.testing.assert_array_equal(found[i], np.asarray(ImageOps.invert(Image.fromarray(images[i]))))
    np.testing.assert_array_equal(found[1], images[1])


@pytest.mark.parametrize(("value_range", "expected"), [((-1, 1), [1.0, -1.0, -0.25]), ((10, 20), [31.0, 29.0, 29.75])])
def test_inversion_knows_the_value_range(value_range, expected):
    images = floats(-1.0, 1.0, 0.25).reshape(1, 1, 1, 3)
    found = RandomInvert((1.0, 1.0), value_range)(images)
    np.testing.assert_allclose(convert_to_numpy(found).ravel(), expected)


@pytest.mark.parametrize(("factor", "probability"), [(1.0, 0.5), ((0.2, 0.4), 0.3), ((1.0, 1.0), 1.0)])
def test_as_many_are_inverted_as_the_factor_says(factor, probability):
    count = int(drawn(RandomInvert(factor), "inverted").sum())
    assert stats.binomtest(count, len(MANY), probability).pvalue > 1e-3


# --- together ---


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_fused_is_one_after_another(images, data_format):
    x = images * 0.25 + 90.0
    layers = [RandomContrast(1.0), RandomInvert(), RandomColorDegeneration(1.0), RandomGrayscale(), RandomInvert()]
    layers = [type(layer).from_config({**layer.get_config(), "data_format": data_format}) for layer in layers]
    flags, factors = np.array([True, False, True]), floats(0.5, 0.0, 0.3)
    names = ["contrast", "inverted", "degeneration", "gray", "inverted"]
    values = [floats(0.7, 1.2, 1.1), flags, factors, ~flags, ~flags]
    params = {"layers": [{name: value} for name, value in zip(names, values, strict=True)]}
    mean = x.mean(axis=(1, 2), keepdims=True)
    expected = (x - mean) * each(values[0]) + mean
    expected = np.where(each(flags), 255.0 - expected, expected)
    expected = expected + each(factors) * (gray(expected) - expected)
    expected = np.where(each(~flags), gray(expected), expected)
    expected = np.where(each(~flags), 255.0 - expected, expected)
    first = data_format == "channels_first"
    data = x.astype("float32").transpose(0, 3, 1, 2) if first else x.astype("float32")
    found = convert_to_numpy(Pipeline(layers).apply(data, params))
    np.testing.assert_allclose(found.transpose(0, 2, 3, 1) if first else found, expected, atol=5e-3)


def test_gray_shares_a_pass_with_ops_of_any_value_range():
    images = floats(0.5, 0.5, 0.5).reshape(1, 1, 1, 3)
    params = {"layers": [{"gray": np.array([True])}, {"brightness": floats(0.8)}]}
    layers = [RandomGrayscale(), RandomBrightness(1.0, (-1, 1))]
    assert len(plan(layers, "float32", fuse=True)) == 1
    found = Pipeline(layers).apply(images, params)
    np.testing.assert_allclose(convert_to_numpy(found), 1.0)  # of (-1, 1), not of gray's (0, 255)


LAYERS = [
    RandomBrightness(0.2),
    RandomColorDegeneration(1.0),
    RandomColorJitter((0, 255), 0.2, 0.5, 1.0, 1.0),
    RandomContrast(0.5),
    RandomGrayscale(1.0),
    RandomHue(1.0),
    RandomInvert((1.0, 1.0)),
    RandomSaturation(1.0),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_a_sample_that_is_not_chosen_keeps_every_bit(rng, layer):
    images = rng.uniform(0, 255, (3, 5, 4, 3)).astype("float32")
    images[1].reshape(-1)[:6] = [np.nan, np.inf, -900.0, 1e-40, -0.0, 3e38]  # what arithmetic would not leave alone
    params = {**layer.draw(images, seed=1), "chosen": np.array([True, False, True])}
    found = convert_to_numpy(layer.apply(images, params))
    assert found[1].tobytes() == images[1].tobytes()
    assert np.abs(found[0] - images[0]).max() > 0.1
