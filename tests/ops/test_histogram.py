"""Histograms and tables against NumPy; images of unknown size against PIL and OpenCV."""

import cv2
import numpy as np
import pytest
import tensorflow as tf
from keras.ops import convert_to_numpy, convert_to_tensor
from PIL import Image, ImageOps

from kerasaug.layers import CLAHE, AutoContrast, Equalization
from kerasaug.ops.histogram import histograms, look_up
from kerasaug.ops.levels import as_index, spread
from kerasaug.ops.planes import as_planes


@pytest.fixture
def images(rng):
    return rng.integers(0, 8, (3, 5, 7, 2)).astype("float32")


def test_histograms_are_each_sample_s_own(images):
    found = histograms(convert_to_tensor(images), as_index, 8)
    expected = [np.bincount(image.astype(int).ravel(), minlength=8) for image in images]
    np.testing.assert_array_equal(convert_to_numpy(found), expected)


def test_histograms_of_no_image():
    assert tuple(histograms(convert_to_tensor(np.zeros((0, 5, 7, 2), "float32")), as_index, 8).shape) == (0, 8)


def test_tables_are_read_between_their_entries(rng):
    tables = rng.uniform(0, 255, (3, 16)).astype("float32")
    levels = np.append(rng.uniform(0, 15, (3, 9)), [[0], [7], [15]], axis=1).astype("float32")
    first = np.array([[16], [0], [32]], "int32")
    found = convert_to_numpy(look_up(*map(convert_to_tensor, (tables, first, levels))))
    expected = [np.interp(one, np.arange(16), tables[i]) for i, one in zip((1, 0, 2), levels, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    np.testing.assert_array_equal(found[:, -1], tables[[1, 0, 2], [0, 7, 15]])


def test_indices_of_numbers_that_are_none():
    found = as_index(convert_to_tensor(np.array([np.nan, 0.0, 3.0, -2.0], "float32")))
    assert convert_to_numpy(found).tolist() == [0, 0, 3, 0]


@pytest.mark.parametrize("axis", [1, 3])
def test_planes_know_the_place_of_each_value(axis):
    shape = (2, 3, 4, 5) if axis == 1 else (2, 4, 5, 3)  # three channels of 4 × 5
    places = np.indices(shape)
    sample, channel, row, column = places if axis == 1 else places[[0, 3, 1, 2]]
    planes = as_planes(convert_to_tensor(np.arange(120, dtype="int32").reshape(shape)), axis)
    assert (planes.batch, planes.channels, tuple(planes.size)) == (2, 3, (4, 5))
    found = (planes.sample, planes.channel, planes.row, planes.column)
    for one, expected in zip(found, (sample, channel, row, column), strict=True):
        broadcast = np.broadcast_to(convert_to_numpy(one), planes.values.shape)
        np.testing.assert_array_equal(broadcast, expected.reshape(planes.values.shape))


@pytest.mark.parametrize("axis", [1, 3])
def test_spread_is_each_channel_s_own(rng, axis):
    images = rng.normal(size=(2, 3, 4, 5)).astype("float32")
    axes = (2, 3) if axis == 1 else (1, 2)
    low, high = map(convert_to_numpy, spread(convert_to_tensor(images), axis))
    np.testing.assert_array_equal(low, images.min(axis=axes, keepdims=True))
    np.testing.assert_array_equal(high, images.max(axis=axes, keepdims=True))


@pytest.mark.parametrize(("size", "data_format"), [((24, 32), "channels_last"), ((25, 31), "channels_first")])
def test_sizes_may_be_unknown(rng, size, data_format):
    """In a dataset, where a grid of 8 × 8 divides the images and where it does not; equalized as PIL and OpenCV do."""
    images = rng.normal(120, 30, (2, *size, 3)).clip(0, 255).astype("uint8")
    channels = [[np.ascontiguousarray(image[..., i]) for i in range(3)] for image in images]
    clahe = cv2.createCLAHE(4.0, (8, 8))
    tiles = np.array([[clahe.apply(channel) for channel in image] for image in channels]).transpose(0, 2, 3, 1)
    equalized = np.stack([ImageOps.equalize(Image.fromarray(image)) for image in images])
    low, high = images.min(axis=(1, 2), keepdims=True), images.max(axis=(1, 2), keepdims=True)
    axes = (0, 1, 2, 3) if data_format == "channels_last" else (0, 3, 1, 2)
    cases = ((AutoContrast, (images - low) / (high - low) * 255.0), (Equalization, equalized), (CLAHE, tiles))
    signature = tf.TensorSpec((None,) * 4, "uint8")
    for make, expected in cases:
        dataset = tf.data.Dataset.from_generator(lambda: iter([images.transpose(axes)]), output_signature=signature)
        layer = make(data_format=data_format)
        (found,) = dataset.map(lambda batch, layer=layer: layer.apply(batch, {}))
        np.testing.assert_allclose(found, expected.transpose(axes), atol=0.501 if make is CLAHE else 1e-3)
