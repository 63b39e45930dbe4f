"""The resampler against scipy in float64, OpenCV and Pillow."""

import cv2
import numpy as np
import pytest
from keras.ops import convert_to_numpy, convert_to_tensor
from PIL import Image
from warp_oracles import SCIPY_MODES, read_indices, warp

from kerasaug.backend import compile_stage
from kerasaug.ops.resample import resample

CV_MODES = {
    "reflect": cv2.BORDER_REFLECT,
    "constant": cv2.BORDER_CONSTANT,
    "wrap": cv2.BORDER_WRAP,
    "nearest": cv2.BORDER_REPLICATE,
}


def resampled(images, matrices, *options, compiled=True):
    """The library's, of arrays."""

    def run(images, matrices):
        return resample(images, matrices, *options)

    call = compile_stage(run) if compiled else run
    return convert_to_numpy(call(convert_to_tensor(images), convert_to_tensor(matrices.astype("float32"))))


def turn(degrees, zoom=(1.0, 1.0), shear=0.0, shift=(0.0, 0.0)):
    angle = np.deg2rad(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = rotation @ np.diag(zoom) @ np.array([[1.0, shear], [0.0, 1.0]])
    return np.block([[linear, np.reshape(shift, (2, 1))], [np.zeros((1, 2)), np.ones((1, 1))]])


MATRICES = np.stack(
    [
        turn(0.0, shift=(0.37, -1.61)),
        turn(31.0, zoom=(1.3, 0.8)),
        turn(-118.0, shear=0.4, shift=(3.3, 2.2)),
        turn(12.0, zoom=(2.9, 3.3), shift=(-4.1, 0.2)),  # reads whole images beyond the frame
    ]
)


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
@pytest.mark.parametrize("size", [(9, 12), (8, 7)])
def test_bilinear_is_scipy_s(rng, fill_mode, size):
    images = rng.uniform(0, 255, (4, 9, 12, 2)).astype("float32")
    found = resampled(images, MATRICES, size, "bilinear", fill_mode, 7.5)
    expected = warp(images, np.linalg.inv(MATRICES), fill_mode, 1, 7.5, size)
    np.testing.assert_allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
@pytest.mark.parametrize("size", [(9, 12), (8, 7)])
def test_op_by_op_it_is_the_same(rng, fill_mode, size):
    images = rng.integers(0, 256, (4, 9, 12, 2), dtype="uint8")
    ways = [
        resampled(images, MATRICES, size, "bilinear", fill_mode, 7.5, compiled=compiled) for compiled in (True, False)
    ]
    np.testing.assert_allclose(*ways, atol=2e-3)


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_nearest_is_scipy_s_and_keeps_the_dtype(rng, fill_mode, dtype):
    images = rng.integers(0, 256, (4, 9, 12, 2)).astype(dtype)
    found = resampled(images, MATRICES, None, "nearest", fill_mode, 9)
    assert found.dtype == dtype
    expected = warp(images, np.linalg.inv(MATRICES), fill_mode, 0, 9, (9, 12))
    np.testing.assert_array_equal(found, expected)


def test_uint8_is_read_as_it_is_and_returned_as_floats(rng):
    images = rng.integers(0, 256, (4, 9, 12, 3), dtype="uint8")
    found = resampled(images, MATRICES)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, warp(images, np.linalg.inv(MATRICES)), atol=2e-3)


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_identity_is_bit_for_bit(rng, fill_mode, interpolation):
    images = rng.normal(0, 1e3, (2, 9, 12, 2)).astype("float32")
    identity = np.tile(np.eye(3, dtype="float32"), (2, 1, 1))
    found = resampled(images, identity, None, interpolation, fill_mode, 5.0)
    np.testing.assert_array_equal(found, images)


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
def test_far_beyond_the_frame(rng, fill_mode):
    images = rng.uniform(0, 1, (2, 5, 6, 1)).astype("float32")
    far = np.stack([turn(0, shift=(1000.25, -700.5)), turn(0, zoom=(300.0, 300.0))])
    found = resampled(images, far, None, "bilinear", fill_mode, 0.25)
    np.testing.assert_allclose(found, warp(images, np.linalg.inv(far), fill_mode, 1, 0.25, (5, 6)), atol=1e-3)


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
def test_opencv_agrees_within_its_fixed_point(fill_mode):
    ys, xs = np.mgrid[:9, :12].astype("float32")
    images = np.stack([20 * np.sin(xs / 3) + 5 * ys, 4 * xs + 30 * np.cos(ys / 2)], axis=-1)[None]
    matrix = turn(23.0, zoom=(1.2, 0.9), shift=(0.8, -0.4))
    middle = np.array([[1, 0, (12 - 1) / 2], [0, 1, (9 - 1) / 2], [0, 0, 1]])
    absolute = middle @ matrix @ np.linalg.inv(middle)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    expected = cv2.warpAffine(images[0], absolute[:2], (12, 9), flags=flags, borderMode=CV_MODES[fill_mode])
    found = resampled(images, matrix[None], None, "bilinear", fill_mode)[0]
    assert np.abs(found - expected).max() < 2.0  # 1/32 of a pixel, on slopes of 20 a pixel and 90 at a wrapped edge
    assert np.abs(found - expected).mean() < 0.15


def test_pillow_agrees_inside(rng):
    image = rng.uniform(0, 255, (11, 14)).astype("float32")
    found = resampled(image[None, ..., None], turn(33.0)[None], None, "bilinear", "constant")[0, ..., 0]
    expected = np.asarray(Image.fromarray(image).rotate(33.0, Image.Resampling.BILINEAR))  # counter-clockwise
    rows, columns = read_indices(np.linalg.inv(turn(33.0)), (11, 14), (11, 14))
    inside = (rows > 0) & (rows < 10) & (columns > 0) & (columns < 13)
    assert inside.mean() > 0.5
    np.testing.assert_allclose(found[inside], expected[inside], atol=1e-2)


def test_constants_blend_into_the_border():
    images = np.full((1, 1, 2, 1), 8.0, "float32")
    half_a_pixel = turn(0, shift=(-0.5, 0.0))[None]
    found = resampled(images, half_a_pixel, None, "bilinear", "constant", 2.0)
    np.testing.assert_allclose(found[0, 0, :, 0], [5.0, 8.0])
