"""Filters against scipy and OpenCV."""

import cv2
import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy, convert_to_tensor
from scipy import ndimage

from kerasaug.ops import filters

LAYOUTS = ("channels_last", "channels_first")
SHAPES = [(9, 12, 3), (4, 3, 2), (2, 5, 1), (1, 6, 1), (5, 1, 2), (1, 1, 1)]
WAYS = ("in slices", "by TensorFlow") if keras.backend.backend() == "tensorflow" else ("in slices",)
SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """As where XLA compiles, or as where it does not."""
    if request.param == "in slices":
        monkeypatch.setattr(filters, "is_interpreted", lambda: False)
    return request.param


def floats(*values):
    return np.array(values, "float32")


def run(function, images, data_format, *arguments):
    """A function of rows, of images (batch, height, width, channels) in either layout."""
    given = np.ascontiguousarray(images.transpose(0, 3, 1, 2)) if data_format == "channels_first" else images
    rows = filters.Rows.of(convert_to_tensor(given), data_format)
    found = convert_to_numpy(function(rows, *map(convert_to_tensor, arguments))).reshape(given.shape)
    return found.transpose(0, 2, 3, 1) if data_format == "channels_first" else found


def symmetric(rng, batch, size):
    half = rng.uniform(0.1, 1.0, (batch, size // 2 + 1))
    weights = np.concatenate([half[:, :0:-1], half], axis=1)
    return (weights / weights.sum(axis=1, keepdims=True)).astype("float32")


@pytest.mark.parametrize("data_format", LAYOUTS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [(3, 3), (1, 5), (7, 1)])
def test_blur_is_scipy_s(rng, shape, data_format, size, way):
    """The images are smaller than some kernels, and mirrored as often as it takes."""
    images = rng.uniform(0, 255, (3, *shape)).astype("float32")
    vertical, horizontal = (symmetric(rng, 3, one) for one in size)
    together = [slice(None)] if way == "in slices" else [slice(i, i + 1) for i in range(3)]
    each = [run(filters.blur, images[i], data_format, vertical[i], horizontal[i]) for i in together]
    found = np.concatenate(each)
    expected = images.astype("float64")
    for i in range(3):
        expected[i] = ndimage.correlate1d(expected[i], vertical[i], axis=0, mode="mirror")
        expected[i] = ndimage.correlate1d(expected[i], horizontal[i], axis=1, mode="mirror")
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("size", [1, 3, 9])
def test_gaussian_weights_are_opencv_s(size):
    sigmas = floats(0.3, 1.0, 4.0)
    expected = [cv2.getGaussianKernel(size, float(sigma))[:, 0] for sigma in sigmas]
    np.testing.assert_allclose(convert_to_numpy(filters.gaussian(convert_to_tensor(sigmas), size)), expected, atol=1e-6)


def test_no_deviation_is_no_blur():
    weights = convert_to_numpy(filters.gaussian(convert_to_tensor(floats(0.0)), 5))
    np.testing.assert_array_equal(weights, [[0, 0, 1, 0, 0]])


@pytest.mark.parametrize("data_format", LAYOUTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_sharpening_is_scipy_s_inside_and_nothing_outside(rng, shape, data_format, way):
    images = rng.uniform(0, 255, (3, *shape)).astype("float32")
    amount = floats(0.0, 0.4, 2.0)
    found = run(filters.sharpen, images, data_format, amount)
    expected = images.astype("float64")
    for i in range(3):
        smoothed = ndimage.correlate(expected[i], SMOOTH[..., None])
        blended = amount[i] * expected[i] + (1 - amount[i]) * smoothed
        expected[i, 1:-1, 1:-1] = blended[1:-1, 1:-1]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    np.testing.assert_array_equal(found[:, [0, -1]], images[:, [0, -1]])
    np.testing.assert_array_equal(found[:, :, [0, -1]], images[:, :, [0, -1]])


def test_an_amount_of_one_changes_no_bit(rng, way):
    images = rng.normal(0, 1e3, (2, 6, 7, 3)).astype("float32")
    np.testing.assert_array_equal(run(filters.sharpen, images, "channels_last", floats(1.0, 1.0)), images)
