"""What a TPU computes instead of a gather: against scipy, and against the gather."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy, convert_to_tensor
from warp_oracles import SCIPY_MODES, warp

from kerasaug.backend import compile_stage
from kerasaug.ops.axes import copy_axes, resample_axes
from kerasaug.ops.crop import windows
from kerasaug.ops.resample import resample


def scaled(x, y, right=0.0, down=0.0):
    return np.array([[x, 0.0, right], [0.0, y, down], [0.0, 0.0, 1.0]], "float32")


MATRICES = np.stack(
    [
        scaled(1.3, 0.6, 0.37, -2.2),
        scaled(-1.0, 1.0, 3.0, 0.0),
        scaled(3.1, -2.7, -7.3, 20.4),  # beyond the frame by more than an image
    ]
)


def both(images, size, *options):
    return [resampled(one, images, MATRICES, size, *options) for one in (resample_axes, resample)]


def resampled(one, images, matrices, *options):
    """Of arrays; JAX runs single operations so slowly for the first time that it had better compile."""

    def run(*tensors):
        return one(*tensors, *options)

    compiled = compile_stage(run) if keras.backend.backend() == "jax" else run
    return convert_to_numpy(compiled(convert_to_tensor(images), convert_to_tensor(matrices)))


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize("size", [(9, 12), (8, 7)])
def test_products_are_scipy_s_and_the_gather_s(rng, fill_mode, dtype, size):
    images = rng.integers(0, 256, (3, 9, 12, 2)).astype(dtype)
    found, gathered = both(images, size, "bilinear", fill_mode, 7.5)
    assert found.dtype == gathered.dtype == "float32"
    np.testing.assert_allclose(found, gathered, atol=2e-3)
    np.testing.assert_allclose(found, warp(images, np.linalg.inv(MATRICES), fill_mode, 1, 7.5, size), atol=2e-3)


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
@pytest.mark.parametrize("dtype", ["float32", "uint8", "int32", "float16"])
def test_nearest_pixels_are_copied_whatever_their_dtype(rng, fill_mode, dtype):
    high = 2**31 - 1 if dtype == "int32" else 256
    images = rng.integers(-high if dtype == "int32" else 0, high, (3, 9, 12, 2)).astype(dtype)
    found, gathered = both(images, (8, 7), "nearest", fill_mode, 9)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, gathered)


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_identity_is_bit_for_bit(rng, fill_mode, interpolation):
    images = rng.normal(0, 1e3, (2, 9, 12, 2)).astype("float32")
    identity = np.tile(np.eye(3, dtype="float32"), (2, 1, 1))
    found = resampled(resample_axes, images, identity, (9, 12), interpolation, fill_mode)
    np.testing.assert_array_equal(found, images)


def test_one_matrix_serves_a_whole_batch(rng):
    images = rng.uniform(0, 1, (3, 9, 12, 2)).astype("float32")
    for one in (resample_axes, resample):
        found = resampled(one, images, MATRICES[:1], (4, 5))
        expected = warp(images, [np.linalg.inv(MATRICES[0])] * 3, size=(4, 5))
        np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "uint8", "int32"])
def test_windows_are_slices_by_a_gather_and_by_products(rng, dtype):
    images = rng.integers(0, 2**31 - 1 if dtype == "int32" else 256, (3, 9, 12, 2)).astype(dtype)
    top, left = np.array([0, 5, 2], "int32"), np.array([7, 0, 3], "int32")
    expected = np.stack([one[t : t + 4, c : c + 5] for one, t, c in zip(images, top, left, strict=True)])
    tensors = [convert_to_tensor(one) for one in (images, top, left)]
    rows, columns = (convert_to_tensor(one[:, None] + np.arange(n, dtype="int32")) for one, n in ((top, 4), (left, 5)))
    for found in (windows(*tensors, (4, 5)), copy_axes(tensors[0], rows, columns)):
        assert keras.backend.standardize_dtype(found.dtype) == dtype
        np.testing.assert_array_equal(convert_to_numpy(found), expected)
