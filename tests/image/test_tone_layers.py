"""Tone layers against PIL and OpenCV, sample by sample and channel by channel."""

import cv2
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from PIL import Image, ImageOps
from scipy import stats

from kerasaug import Pipeline
from kerasaug.layers import (
    CLAHE,
    AutoContrast,
    ContrastLimitedAdaptiveHistogramEqualization,
    Equalization,
    RandomPosterization,
    Solarization,
)

RANGES = pytest.mark.parametrize("value_range", [(0, 255), (0.0, 1.0), (-1.0, 1.0)])
WHOLE = (AutoContrast, CLAHE, Equalization)


def photographs(rng, batch=3, height=24, width=30):
    """Whole pixel values; each channel of each image has its own histogram, and one channel is constant."""
    mean, deviation = rng.uniform(60, 190, (batch, 1, 1, 3)), rng.uniform(5, 60, (batch, 1, 1, 3))
    images = np.clip(rng.normal(mean, deviation, (batch, height, width, 3)), 0, 255).astype("uint8")
    images[1, ..., 2] = 77
    return images


def pil(function, images, *arguments):
    each = zip(images, *arguments, strict=True)
    return np.stack([np.asarray(function(Image.fromarray(image), *rest)) for image, *rest in each])


def opencv(images, clip_limit, grid):
    clahe = cv2.createCLAHE(clip_limit, grid[::-1])
    channels = [[clahe.apply(np.ascontiguousarray(image[..., i])) for i in range(3)] for image in images]
    return np.moveaxis(np.array(channels), 1, -1)


def scaled(images, value_range):
    low, high = value_range
    return (images / 255 * (high - low) + low).astype("float32")


def apply(layer, images, **params):
    return convert_to_numpy(layer.apply(images, params))


def bits(*values):
    return np.array(values, "int32")


# --- posterization ---


@pytest.mark.parametrize("kept", range(1, 9))
def test_posterization_of_every_value_is_pil_s(kept):
    values = np.arange(256, dtype="uint8").reshape(1, 16, 16, 1)
    expected = np.asarray(ImageOps.posterize(Image.fromarray(values[0, ..., 0]), kept))
    np.testing.assert_array_equal(apply(RandomPosterization(4), values, bits=bits(kept))[0, ..., 0], expected)


@RANGES
def test_posterization_keeps_each_image_s_own_bits(rng, value_range):
    images = photographs(rng)
    expected = pil(ImageOps.posterize, images, (1, 3, 6))
    found = apply(RandomPosterization(4, value_range), scaled(images, value_range), bits=bits(1, 3, 6))
    np.testing.assert_allclose(found, scaled(expected, value_range), atol=1e-4)


def test_eight_bits_keep_fractions(rng):
    images = rng.uniform(-20, 270, (2, 3, 4, 1)).astype("float32")
    found = apply(RandomPosterization(4), images, bits=bits(8, 1), chosen=np.array([True, False]))
    np.testing.assert_array_equal(found, images)


@pytest.mark.parametrize("kept", [1, 5, 7])
def test_values_beyond_the_range_are_posterized_as_its_ends(kept):
    """Not as levels below 0, which would go down further: -3 to -32."""
    images = np.array([-300.0, -3.0, 258.0, 1e6], "float32").reshape(1, 2, 2, 1)
    top = np.asarray(ImageOps.posterize(Image.fromarray(np.full((1, 1), 255, "uint8")), kept))[0, 0]
    np.testing.assert_array_equal(apply(RandomPosterization(4), images, bits=bits(kept)).ravel(), [0, 0, top, top])


def test_fractions_are_rounded_to_a_level():
    images = np.array([126.4, 127.4, 127.6, 255.0], "float32").reshape(1, 2, 2, 1)
    np.testing.assert_array_equal(apply(RandomPosterization(1), images, bits=bits(1)).ravel(), [0, 0, 128, 128])


@pytest.mark.parametrize(("factor", "possible"), [((3, 6), [3, 4, 5, 6]), ((8, 6), [6, 7, 8])])
def test_bits_are_drawn_evenly_with_both_ends(factor, possible):
    layer = RandomPosterization(factor, seed=3)
    assert layer.factor == (possible[0], possible[-1])
    drawn = convert_to_numpy(layer.draw(np.zeros((8000, 1, 1, 1), "uint8"))["bits"])
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == possible
    assert stats.chisquare(counts).pvalue > 1e-3


def test_one_number_of_bits_is_kept_by_all():
    drawn = convert_to_numpy(RandomPosterization(4, seed=3).draw(np.zeros((100, 1, 1, 1), "uint8"))["bits"])
    assert (drawn == 4).all()


def test_strength_is_the_probability_of_losing_bits():
    drawn = convert_to_numpy(RandomPosterization(2, strength=0.25, seed=3).draw(np.zeros((8000, 1, 1, 1)))["bits"])
    assert set(drawn) == {2, 8}
    assert stats.binomtest(int((drawn == 2).sum()), 8000, 0.25).pvalue > 1e-3


# --- automatic contrast ---


@RANGES
def test_auto_contrast_is_pil_s_within_a_level(rng, value_range):
    images = photographs(rng)
    expected = pil(ImageOps.autocontrast, images)
    found = apply(AutoContrast(value_range), scaled(images, value_range))
    levels = (found - value_range[0]) / (value_range[1] - value_range[0]) * 255
    assert (levels - expected).min() > -1e-3
    assert (levels - expected).max() < 1 + 1e-3  # PIL rounds down


def test_auto_contrast_stretches_each_channel_of_each_image(rng):
    images = rng.uniform(50, 200, (3, 5, 7, 2)).astype("float32")
    low, high = images.min(axis=(1, 2), keepdims=True), images.max(axis=(1, 2), keepdims=True)
    found = apply(AutoContrast(), images)
    np.testing.assert_allclose(found, (images - low) / (high - low) * 255, atol=1e-3)


def test_auto_contrast_stays_in_the_value_range(rng):
    """Bounds that 255 / spread, and its products, round beyond."""
    images = np.sort(rng.uniform(0, 255, (500, 2)).astype("float32"), axis=1).reshape(500, 1, 2, 1)
    found = apply(AutoContrast(), images)
    assert found.max() <= 255.0
    np.testing.assert_allclose(found.reshape(500, 2), [[0.0, 255.0]] * 500, atol=1e-4)
    for value_range in ((-0.1, 0.7), (-1e-3, 3e-3)):
        found = apply(AutoContrast(value_range), images)
        assert found.min() >= np.float32(value_range[0])
        assert found.max() <= np.float32(value_range[1])


@pytest.mark.parametrize("spread", [1e-30, 1e-36, 1e-37])
def test_auto_contrast_of_hardly_any_contrast(spread):
    images = (np.array([0.0, 0.5, 1.0], "float32") * np.float32(spread)).reshape(1, 1, 3, 1)
    found = apply(AutoContrast(), images).ravel()
    np.testing.assert_allclose(found, [0.0, 127.5, 255.0], atol=1e-3)


def test_auto_contrast_of_no_normal_number():
    images = np.array([0.0, 3e-39], "float32").reshape(1, 1, 2, 1)
    np.testing.assert_allclose(apply(AutoContrast(), images), images, atol=1e-30)


# --- equalization ---


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_equalization_is_pil_s_to_the_bit(rng, dtype):
    images = photographs(rng)
    expected = pil(ImageOps.equalize, images)
    assert (expected[0] != images[0]).mean() > 0.5
    np.testing.assert_array_equal(apply(Equalization(), images.astype(dtype)), expected)


@pytest.mark.parametrize("value_range", [(0.0, 1.0), (-1.0, 1.0)])
def test_equalization_in_other_ranges(rng, value_range):
    images = photographs(rng)
    found = apply(Equalization(value_range), scaled(images, value_range))
    np.testing.assert_allclose(found, scaled(pil(ImageOps.equalize, images), value_range), atol=1e-4)


def test_the_tables_that_leave_the_levels_are_cut_off():
    """764 pixels, 255 of them the brightest: PIL's step is 1, its last entries beyond 255."""
    values = np.repeat([10, 20, 30], [400, 109, 255]).astype("uint8").reshape(1, 4, 191, 1)
    expected = np.asarray(ImageOps.equalize(Image.fromarray(values[0, ..., 0])))
    np.testing.assert_array_equal(apply(Equalization(), values)[0, ..., 0], expected)


def test_an_image_of_few_pixels_stays_as_in_pil(rng):
    images = rng.integers(0, 256, (2, 8, 8, 3), dtype="uint8")
    np.testing.assert_array_equal(pil(ImageOps.equalize, images), images)
    np.testing.assert_array_equal(apply(Equalization(), images), images)


def test_fractions_lie_between_the_levels_about_them(rng):
    levels = np.repeat(np.arange(256), rng.integers(1, 9, 256)).reshape(1, 1, -1, 1)  # every one of them
    equalized = pil(ImageOps.equalize, levels[..., 0].astype("uint8")).ravel()
    table = equalized[np.searchsorted(levels.ravel(), np.arange(256))]
    found = apply(Equalization(), (levels + 0.25).astype("float32")).ravel()  # counted as what they were
    np.testing.assert_allclose(found, np.interp(levels.ravel() + 0.25, np.arange(256), table), atol=1e-3)


@pytest.mark.parametrize("bins", [2, 16, 100, 1024])
@pytest.mark.parametrize("count", [784, 5000])
def test_as_many_bins_as_one_asks_for(rng, bins, count):
    """A pixel's level is the share of the others that are darker: by ranks, without a histogram."""
    levels = np.clip(rng.normal(bins / 2, bins / 8 + 1, count), 0, bins - 1).astype(int)
    darker = stats.rankdata(levels, method="min") - 1
    images = (levels / (bins - 1)).astype("float32").reshape(1, 4, -1, 1)
    found = apply(Equalization((0.0, 1.0), bins), images).ravel() * (bins - 1)
    np.testing.assert_allclose(found, darker / darker.max() * (bins - 1), atol=0.501 + 2e-4 * bins)
    assert found.max() == pytest.approx(bins - 1)


@pytest.mark.parametrize(("darker", "level"), [(7, 11), (9, 14), (8, 12)])
def test_shares_between_two_levels_become_the_brighter_one(darker, level):
    """On every backend: 7/10, 9/10 and 8/10 of fifteen levels are 10.5, 13.5 and 12."""
    levels = np.array([0] * darker + [7] * (10 - darker) + [15] * 2).reshape(1, 1, -1, 1)
    found = apply(Equalization((0.0, 15.0), 16), levels.astype("float32")).ravel()
    np.testing.assert_allclose(found[darker], level, atol=1e-4)


def test_levels_above_the_brightest_stay_in_the_range():
    """One dark pixel, and 50175 between two levels: counted with the lower, read from both."""
    images = np.full((1, 224, 224, 1), 200.3, "float32")
    images[0, 0, 0] = 10.0
    found = apply(Equalization(bins=1 << 16), images)
    assert found.min() == 0.0
    np.testing.assert_allclose(found[0, 1:], 255.0, atol=0.01)


# --- CLAHE ---


@pytest.mark.parametrize(
    ("size", "grid", "clip_limit"),
    [
        ((24, 30), (4, 5), 4.0),
        ((24, 32), (2, 4), 1.0),
        ((17, 23), (5, 3), 2.0),  # OpenCV extends the image
        ((24, 33), (4, 4), 40.0),
        ((16, 16), (4, 4), 0.0),
        ((5, 6), (8, 8), 4.0),
    ],
)
def test_clahe_is_opencv_s(rng, size, grid, clip_limit):
    images = photographs(rng, 2, *size)
    found = apply(CLAHE(clip_limit=clip_limit, tile_grid_size=grid), images)
    np.testing.assert_allclose(found, opencv(images, clip_limit, grid), atol=0.501)  # which OpenCV rounds


@pytest.mark.parametrize("value_range", [(0.0, 1.0), (-1.0, 1.0)])
def test_clahe_in_other_ranges(rng, value_range):
    images = photographs(rng)
    found = apply(CLAHE(value_range, tile_grid_size=(2, 3)), scaled(images, value_range))
    level = (value_range[1] - value_range[0]) / 255
    np.testing.assert_allclose(found, scaled(opencv(images, 4.0, (2, 3)), value_range), atol=0.51 * level)


def test_clahe_has_keras_s_name_too():
    assert CLAHE is ContrastLimitedAdaptiveHistogramEqualization
    assert CLAHE(tile_grid_size=3).tile_grid_size == (3, 3)


# --- what they share ---


@pytest.mark.parametrize("make", WHOLE)
def test_channels_first_are_the_same_pixels(rng, make):
    images = photographs(rng, 2, 9, 31)
    found = apply(make(data_format="channels_first"), images.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(found.transpose(0, 2, 3, 1), apply(make(), images))


@pytest.mark.parametrize("make", WHOLE)
def test_an_image_does_not_depend_on_the_others(rng, make):
    images = photographs(rng).astype("float32")
    expected = apply(make(), images)
    images[1, 2, 3, 0], images[1, 4, 5, 1] = np.nan, np.inf
    np.testing.assert_array_equal(apply(make(), images)[[0, 2]], expected[[0, 2]])


@pytest.mark.parametrize("make", [AutoContrast, Equalization])
def test_constant_channels_stay(make):
    images = np.arange(6, dtype="float32").reshape(2, 1, 1, 3) * np.ones((2, 16, 20, 3), "float32") * 40
    np.testing.assert_array_equal(apply(make(), images), images)


@pytest.mark.parametrize("make", WHOLE)
def test_strength_is_the_probability_of_a_change(make):
    chosen = convert_to_numpy(make(strength=0.25, seed=4).draw(np.zeros((8000, 1, 1, 1)))["chosen"])
    assert stats.binomtest(int(chosen.sum()), 8000, 0.25).pvalue > 1e-3


def test_ops_in_one_pipeline_are_ops_in_turn(rng):
    images = photographs(rng)
    layers = [Solarization(0.0, (0.6, 0.6)), Equalization(), AutoContrast()]
    params = Pipeline(layers).draw(images, seed=1)
    expected = images
    for layer, one in zip(layers, params["layers"], strict=True):
        expected = layer.apply(expected, one)
    found = convert_to_numpy(Pipeline(layers).apply(images, params))
    np.testing.assert_allclose(found, convert_to_numpy(expected), atol=1e-3)
