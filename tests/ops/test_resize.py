"""Resizing, compiled and not, against Pillow, OpenCV and TensorFlow."""

import cv2
import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy, convert_to_tensor
from PIL import Image

from kerasaug.backend import compile_stage, is_interpreted
from kerasaug.ops.kernels import weights
from kerasaug.ops.resize import _Taps, frame, resize

BACKEND = keras.backend.backend()
SIZES = [(9, 12), (30, 11), (17, 40)]
PILLOW = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos3": Image.Resampling.LANCZOS,
}
WAYS = [True, False] if BACKEND == "tensorflow" else [True]  # JAX is slow op by op, and torch has no compiler here
ways = pytest.mark.parametrize("compiled", WAYS)


@pytest.fixture
def images(rng):
    return rng.uniform(0, 255, (2, 17, 23, 2)).astype("float32")


def resized(images, *arguments, compiled=True):
    def run(images):
        return resize(images, *arguments)

    return convert_to_numpy((compile_stage(run) if compiled else run)(convert_to_tensor(images)))


def pillow(images, size, kernel):
    channels = [[Image.fromarray(one[..., c]) for c in range(one.shape[-1])] for one in images]
    return np.stack(
        [np.stack([np.asarray(c.resize(size[::-1], PILLOW[kernel])) for c in one], axis=-1) for one in channels]
    )


@ways
@pytest.mark.parametrize("kernel", PILLOW)
@pytest.mark.parametrize("size", SIZES)
def test_antialiased_kernels_are_pillow_s(images, size, kernel, compiled):
    found = resized(images, size, kernel, True, compiled=compiled)
    np.testing.assert_allclose(found, pillow(images, size, kernel), atol=1e-2)


@ways
def test_a_kernel_of_many_pixels_is_pillow_s(rng, compiled):
    images = rng.uniform(0, 255, (1, 60, 45, 1)).astype("float32")
    found = resized(images, (5, 4), "lanczos3", True, compiled=compiled)
    np.testing.assert_allclose(found, pillow(images, (5, 4), "lanczos3"), atol=1e-2)


@ways
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_bilinear_is_opencv_s(images, size, dtype, compiled):
    images = images.astype(dtype)
    floats = images.astype("float32")
    expected = np.stack([cv2.resize(one, size[::-1], interpolation=cv2.INTER_LINEAR) for one in floats])
    np.testing.assert_allclose(resized(images, size, compiled=compiled), expected, atol=1e-2)


@ways
@pytest.mark.parametrize(("kernel", "atol"), [("bicubic", 0.2), ("lanczos3", 1e-2), ("lanczos5", 1e-2)])
@pytest.mark.parametrize("size", SIZES[:2])
def test_kernels_without_antialias_are_tensorflow_s(images, size, kernel, atol, compiled):
    """Which reads the cubic off a table of 1024 entries."""
    tf = pytest.importorskip("tensorflow")
    found, expected = resized(images, size, kernel, compiled=compiled), tf.image.resize(images, size, kernel).numpy()
    np.testing.assert_allclose(found, expected, atol=atol)
    assert np.abs(found - expected).mean() < atol / 4


@ways
def test_area_is_opencv_s(images, compiled):
    expected = np.stack([cv2.resize(one, (10, 8), interpolation=cv2.INTER_AREA) for one in images])
    np.testing.assert_allclose(resized(images, (8, 10), "area", compiled=compiled), expected, atol=1e-2)


@ways
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", ["uint8", "int32"])
def test_nearest_is_opencv_s_and_keeps_the_dtype(rng, size, dtype, compiled):
    images = rng.integers(0, 256, (2, 17, 23, 3)).astype(dtype)
    expected = np.stack([cv2.resize(one, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT) for one in images])
    found = resized(images, size, "nearest", compiled=compiled)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("kernel", ["bilinear", "bicubic", "lanczos3", "lanczos5", "area"])
@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("count", [3, 7, 19])
def test_weights_sum_to_one_and_leave_a_ramp_a_ramp(kernel, antialias, count):
    shares = weights(7, count, kernel, antialias)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    if kernel in ("bilinear", "bicubic") and count > 7:  # which interpolate lines exactly, away from the border
        inner = slice(6, -6)
        places = (np.arange(count) + 0.5) * 7 / count - 0.5
        np.testing.assert_allclose((shares @ np.arange(7))[inner], places[inner])
    np.testing.assert_allclose(shares, shares[::-1, ::-1], atol=1e-12)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="elsewhere sizes are known")
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    ("kernel", "antialias"),
    [("bilinear", False), ("bilinear", True), ("bicubic", False), ("bicubic", True), ("nearest", False)],
)
def test_sizes_unknown_while_tracing(images, kernel, antialias, compiled):
    """XLA knows them by the time it compiles, but has none of TensorFlow's kernels for most of these."""
    import tensorflow as tf

    signature = [tf.TensorSpec((None, None, None, 2), "float32")]
    run = tf.function(lambda one: resize(one, (9, 12), kernel, antialias), signature, jit_compile=compiled)
    for one in (images, images[:, :9, :12], images[:1, :5]):
        expected = resized(one, (9, 12), kernel, antialias)
        atol = 0.25 if kernel == "bicubic" and not antialias and not compiled else 1e-2  # a table of 1024 entries
        np.testing.assert_allclose(run(one).numpy(), expected, atol=atol)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="it is about TensorFlow's graphs")
def test_where_xla_compiles_is_known_while_tracing():
    import tensorflow as tf

    seen = []

    def note(x):
        seen.append(is_interpreted())
        return x

    tf.function(note)(tf.zeros(2))
    tf.function(note, jit_compile=True)(tf.zeros(2))
    tf.function(lambda x: tf.function(note, jit_compile=True)(x))(tf.zeros(2))
    tf.function(lambda x: tf.function(note)(x), jit_compile=True)(tf.zeros(2))
    assert [*seen, is_interpreted()] == [True, False, False, False, True]


@pytest.mark.parametrize("window", [(2, 3, 4, 5), (-1, 0, 19, 23), (-2, -3, 21, 29), (0, 0, 17, 23)])
def test_a_frame_is_a_slice_of_the_padded(images, window):
    top, left, height, width = window
    padded = np.pad(images, [(0, 0), (5, 5), (5, 5), (0, 0)], constant_values=7.5)
    expected = padded[:, 5 + top : 5 + top + height, 5 + left : 5 + left + width]
    np.testing.assert_array_equal(convert_to_numpy(frame(convert_to_tensor(images), window, 7.5)), expected)


@pytest.mark.parametrize("kernel", ["lanczos3", "lanczos5", "bicubic"])
def test_an_axis_whose_length_is_kept_is_read_once(kernel):
    """The sine of a whole number of half turns is not quite zero."""
    assert _Taps(weights(12, 12, kernel)).count == 1
