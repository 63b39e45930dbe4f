"""Colour maps against float64 arithmetic step by step, PIL and colorsys."""

import colorsys

import numpy as np
import pytest
from contract_tools import compile_whole
from keras.ops import convert_to_numpy, convert_to_tensor
from PIL import Image

from kerasaug.ops.color import ColorMap, channel_mean, shift_hue

LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


def tensor(values):
    return convert_to_tensor(np.asarray(values, "float32"))


@pytest.fixture
def images(rng):
    return rng.uniform(80, 170, (3, 4, 6, 3))


def gray(images):
    return (images @ LUMA)[..., None]


def each(values):
    return np.asarray(values)[:, None, None, None]


def brighten(images, delta):
    return images + each(delta)


def contrast(images, factor):
    mean = images.mean(axis=(1, 2), keepdims=True)
    return (images - mean) * each(factor) + mean


def saturate(images, factor):
    return each(factor) * images + (1 - each(factor)) * gray(images)


STEPS = {"brighten": brighten, "scale_about": contrast, "saturate": saturate}
FACTORS = {"brighten": [-9.0, 4.0, 12.5], "scale_about": [0.7, 1.3, 1.0], "saturate": [0.0, 0.6, 1.7]}


@pytest.mark.parametrize(
    "order",
    [
        ("brighten",),
        ("scale_about",),
        ("saturate",),
        ("brighten", "scale_about", "saturate"),
        ("saturate", "scale_about", "brighten", "saturate"),
        ("saturate", "saturate", "scale_about", "scale_about"),
    ],
)
def test_composed_is_one_after_another(images, order):
    colors, expected = ColorMap(), images
    for name in order:
        arguments = [tensor(FACTORS[name])]
        if name == "scale_about":
            arguments.append(tensor(images.mean(axis=(1, 2))))  # of the images as they came
        colors = getattr(colors, name)(*arguments)
        expected = STEPS[name](expected, FACTORS[name])
    np.testing.assert_allclose(convert_to_numpy(colors(tensor(images))), expected, atol=2e-3)


def test_contrast_has_a_mean_of_its_own_for_each_channel(rng):
    images = rng.uniform(0, 1, (2, 3, 5, 4))
    mean = images.mean(axis=(1, 2))
    colors = ColorMap().scale_about(tensor([0.0, 2.0]), tensor(mean))
    mapped = convert_to_numpy(colors(tensor(images)))
    np.testing.assert_allclose(mapped[0], np.broadcast_to(mean[0], (3, 5, 4)), atol=1e-6)
    np.testing.assert_allclose(mapped[1], 2 * images[1] - mean[1], atol=1e-5)


@pytest.mark.parametrize("size", [(5, 7), (6, 5), (8, 12), (1, 64), (3, 32)])  # runs of 1, 2, 32, 32 and 32 pixels
def test_means_are_those_of_each_channel(rng, size):
    images = rng.uniform(-1, 1, (2, *size, 4))
    expected = images.mean(axis=(1, 2))
    np.testing.assert_allclose(convert_to_numpy(channel_mean(tensor(images))), expected, atol=1e-6)
    first = tensor(images.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(convert_to_numpy(channel_mean(first, 1)), expected, atol=1e-6)


def test_gray_is_pil_s(rng):
    pixels = rng.integers(0, 256, (8, 9, 3), dtype="uint8")
    images = tensor(pixels[None])
    mapped = convert_to_numpy(ColorMap().saturate(tensor([0.0]))(images))[0]
    expected = np.asarray(Image.fromarray(pixels).convert("L"), "float32")
    assert np.abs(mapped - expected[..., None]).max() <= 0.51  # PIL rounds to whole grays


@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_hue_is_that_of_colorsys(rng, scale):
    images = rng.uniform(0, 1, (4, 3, 5, 3))
    images[0, 0, :] = [[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0, 0], [0, 0, 1]]  # gray, and primary colours
    images[1, 0, :3] = [[0.7, 0.7, 0.2], [0.2, 0.7, 0.7], [0.7, 0.2, 0.7]]  # two channels share the maximum
    turns = [1 / 3, -0.5, 0.07, 0.5]
    expected = np.empty_like(images)
    for index in np.ndindex(4, 3, 5):
        hue, saturation, value = colorsys.rgb_to_hsv(*images[index])
        expected[index] = colorsys.hsv_to_rgb((hue + turns[index[0]]) % 1.0, saturation, value)
    shifted = convert_to_numpy(shift_hue(tensor(images * scale), tensor(turns)))
    np.testing.assert_allclose(shifted / scale, expected, atol=1e-5)


def test_a_third_of_a_turn_makes_red_green():
    red = tensor(np.broadcast_to([200.0, 10.0, 10.0], (1, 1, 1, 3)))
    np.testing.assert_allclose(convert_to_numpy(shift_hue(red, tensor([1 / 3])))[0, 0, 0], [10, 200, 10], atol=1e-3)


@pytest.mark.parametrize(("shape", "axis"), [((1, 2160, 3840, 1), -1), ((1, 1, 2160, 3840), 1)])
def test_means_of_large_images(shape, axis):
    """Compiled, where eight million numbers that are added up at once lose what they have behind the point."""
    found = compile_whole(lambda images: channel_mean(images, axis))(tensor(np.full(shape, 128.4)))
    np.testing.assert_allclose(convert_to_numpy(found), 128.4, atol=0.01)
