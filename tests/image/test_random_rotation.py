import numpy as np
import pytest
from keras.ops import convert_to_numpy
from PIL import Image
from scipy import stats
from warp_oracles import SCIPY_MODES, turned, warp

from kerasaug.layers import RandomRotation

DEGREES = [0.0, 90.0, -37.0, 155.0]
PARAMS = {"angle": np.deg2rad(DEGREES).astype("float32")}


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_pixels_are_scipy_s(rng, fill_mode, interpolation):
    images = rng.uniform(0, 255, (4, 8, 11, 2)).astype("float32")
    layer = RandomRotation(0.5, fill_mode, interpolation, fill_value=31.0)
    found = convert_to_numpy(layer.apply(images, PARAMS))
    order = 1 if interpolation == "bilinear" else 0
    expected = warp(images, [turned(one) for one in DEGREES], fill_mode, order, 31.0)
    keep = [0, 2, 3] if order == 0 else slice(None)  # at 90° an 8 x 11 image is read right between pixels
    np.testing.assert_allclose(found[keep], expected[keep], atol=5e-3)


@pytest.mark.parametrize("length", [6, 7])
def test_quarter_turns_are_numpy_s(rng, length):
    images = rng.integers(0, 256, (4, length, length, 3), dtype="uint8")
    params = {"angle": (np.arange(4) * np.pi / 2).astype("float32")}
    found = convert_to_numpy(RandomRotation(0.5, dtype="uint8").apply(images, params))
    expected = np.stack([np.rot90(image, k) for k, image in enumerate(images)])  # numpy's are counter-clockwise
    np.testing.assert_array_equal(found, expected)


def test_half_a_turn_flips_both_ways(rng):
    images = rng.integers(0, 256, (1, 6, 9, 3), dtype="uint8")
    found = RandomRotation(0.5, "constant", dtype="uint8").apply(images, {"angle": np.array([np.pi], "float32")})
    np.testing.assert_array_equal(convert_to_numpy(found), images[:, ::-1, ::-1])


def test_pillow_turns_the_same_way(rng):
    image = rng.integers(0, 256, (15, 22, 3), dtype="uint8")
    layer = RandomRotation(0.5, "constant", "nearest", dtype="uint8")
    found = convert_to_numpy(layer.apply(image[None], {"angle": np.deg2rad([33.0]).astype("float32")}))[0]
    expected = np.asarray(Image.fromarray(image).rotate(33.0))
    assert np.all(found == expected, axis=-1).mean() > 0.99


def test_the_factor_is_part_of_a_turn():
    drawn = convert_to_numpy(RandomRotation((-0.1, 0.3)).draw(np.zeros((20_000, 1, 1, 1), "uint8"), seed=1)["angle"])
    assert stats.kstest(drawn / (2 * np.pi), stats.uniform(-0.1, 0.4).cdf).pvalue > 1e-3
