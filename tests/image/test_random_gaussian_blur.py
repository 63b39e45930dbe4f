"""Gaussian blur against OpenCV."""

import cv2
import numpy as np
import pytest
from contract_tools import to_numpy
from keras.ops import convert_to_numpy
from scipy import stats

from kerasaug.layers import RandomGaussianBlur, RandomSharpness

tf = pytest.importorskip("tensorflow")
SIGMAS = np.array([0.2, 0.8, 1.5, 6.0], "float32")


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("kernel_size", [3, (5, 7), (7, 1)])
def test_blur_is_opencv_s(rng, kernel_size, data_format):
    images = rng.integers(0, 256, (4, 9, 12, 3), dtype="uint8")
    layer = RandomGaussianBlur(1.0, kernel_size, data_format=data_format)
    first = data_format == "channels_first"
    found = convert_to_numpy(layer.apply(images.transpose(0, 3, 1, 2) if first else images, {"sigma": SIGMAS}))
    found = found.transpose(0, 2, 3, 1) if first else found
    height, width = layer.kernel_size
    for one, image, sigma in zip(found, images, SIGMAS, strict=True):
        border = cv2.BORDER_REFLECT_101
        expected = cv2.GaussianBlur(image.astype("float32"), (width, height), float(sigma), None, float(sigma), border)
        np.testing.assert_allclose(one, expected, atol=1e-3)


def test_one_colour_stays_up_to_the_corners():
    found = RandomGaussianBlur(kernel_size=5).apply(np.full((4, 5, 6, 3), 100, "uint8"), {"sigma": SIGMAS})
    np.testing.assert_allclose(convert_to_numpy(found), 100.0, atol=1e-4)


def test_whom_it_blurs_and_how_much():
    images = np.zeros((20_000, 1, 1, 1), "uint8")
    drawn = to_numpy(RandomGaussianBlur((0.2, 0.6), sigma=(0.5, 2.0)).draw(images, seed=1))
    assert stats.binomtest(int(drawn["chosen"].sum()), 20_000, 0.4).pvalue > 1e-3
    assert stats.kstest(drawn["sigma"], stats.uniform(0.5, 1.5).cdf).pvalue > 1e-3
    assert abs(np.corrcoef(drawn["chosen"], drawn["sigma"])[0, 1]) < 0.03


def test_a_number_is_the_deviation_itself_and_the_default_blurs_half():
    drawn = to_numpy(RandomGaussianBlur(sigma=1.3).draw(np.zeros((20_000, 1, 1, 1), "uint8"), seed=2))
    np.testing.assert_allclose(drawn["sigma"], 1.3, rtol=1e-6)
    assert stats.binomtest(int(drawn["chosen"].sum()), 20_000, 0.5).pvalue > 1e-3


def test_a_sample_that_is_not_chosen_keeps_every_bit():
    images = np.array([-7.0, 3.0, np.nan, np.inf, 1e9, 300.0], "float32").reshape(1, 2, 3, 1)
    params = {"sigma": SIGMAS[:1], "chosen": np.array([False])}
    np.testing.assert_array_equal(convert_to_numpy(RandomGaussianBlur().apply(images, params)), images)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(
    ("layer", "params"),
    [(RandomGaussianBlur, {"sigma": SIGMAS}), (RandomSharpness, {"amount": SIGMAS})],
    ids=["blur", "sharpness"],
)
def test_images_of_unknown_size_are_filtered_alike(rng, layer, params, data_format):
    """Sample by sample, where nothing is compiled."""
    layer = layer((0.0, 1.0), data_format=data_format)
    params = {**params, "chosen": np.array([True, False, True, True])}
    images = rng.integers(0, 256, (4, 6, 7, 5)).astype("float32")
    signature = tf.TensorSpec((None, None, None, None), "float32")
    dataset = tf.data.Dataset.from_generator(lambda: iter([images]), output_signature=signature)
    (found,) = dataset.map(lambda batch: layer.apply(batch, params))
    np.testing.assert_allclose(found, convert_to_numpy(layer.apply(images, params)), atol=1e-3)


@pytest.mark.parametrize("kernel_size", [4, (3, 4), 0, 257])
def test_kernels_that_have_no_middle_or_are_too_large(kernel_size):
    with pytest.raises(ValueError, match=r"RandomGaussianBlur expects kernel_size.*Received"):
        RandomGaussianBlur(kernel_size=kernel_size)


def test_strength_acts_once():
    layers = [RandomGaussianBlur((1.0, 1.0), sigma=2.0, strength=one) for one in (0.5, 1.0)]
    half, whole = (to_numpy(layer.draw(np.zeros((64, 1, 1, 1), "uint8"), seed=1)) for layer in layers)
    assert half["chosen"].all()
    np.testing.assert_allclose(half["sigma"], whole["sigma"] / 2)
