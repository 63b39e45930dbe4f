"""Displacement fields: their statistics, and the way back."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy, convert_to_tensor
from scipy import ndimage

from kerasaug.backend import compile_stage
from kerasaug.ops import displacement

SIZE, SHARE = (48, 64), 0.08  # of which 48 pixels make 3.84


def keys(rng, count):
    return convert_to_tensor(rng.integers(-(2**31), 2**31, (count, 2)).astype("int32"))


def smooth_noise(key, share, size):
    """The library's; JAX runs single operations so slowly for the first time that it had better compile."""

    def run(key):
        return displacement.smooth_noise(key, share, size)

    return convert_to_numpy(compile_stage(run)(key) if keras.backend.backend() == "jax" else run(key))


@pytest.fixture(scope="module")
def noise():
    return smooth_noise(keys(np.random.default_rng(0), 400), SHARE, SIZE)


def test_noise_has_a_deviation_of_one_everywhere(noise):
    assert noise.shape == (400, 2, *SIZE)
    deviation = noise.std(axis=(0, 1))  # of each pixel, from 800 numbers
    assert np.abs(deviation - 1).max() < 5 / np.sqrt(2 * 800)
    assert deviation.mean() == pytest.approx(1.0, abs=0.02)
    assert deviation[[0, -1]].mean() == pytest.approx(1.0, abs=0.05)
    assert deviation[:, [0, -1]].mean() == pytest.approx(1.0, abs=0.05)
    assert np.abs(noise.mean(axis=(0, 1))).max() < 5 / np.sqrt(800)


def test_noise_is_as_smooth_as_white_noise_that_a_gaussian_smooths(noise):
    """Two pixels d apart correlate by exp(-d²/4σ²), along either axis."""
    sigma = SHARE * SIZE[0]
    for distance in (1, 3, 6, 10):
        expected = np.exp(-(distance**2) / (4 * sigma**2))
        assert (noise[..., distance:] * noise[..., :-distance]).mean() == pytest.approx(expected, abs=0.02)
        assert (noise[..., distance:, :] * noise[..., :-distance, :]).mean() == pytest.approx(expected, abs=0.02)


def test_right_and_down_are_independent_and_so_are_samples(noise):
    assert abs((noise[:, 0] * noise[:, 1]).mean()) < 0.02
    assert abs((noise[1:] * noise[:-1]).mean()) < 0.02
    single = [np.corrcoef(one.reshape(2, -1))[0, 1] for one in noise[:50]]
    assert np.abs(single).max() < 0.6  # Keras's are 1
    assert np.std(single) < 0.2


def test_smoothing_is_no_less_than_a_pixel(rng):
    small = smooth_noise(keys(rng, 200), 1e-3, (9, 7))
    assert (small[..., 1:] * small[..., :-1]).mean() == pytest.approx(np.exp(-1 / 4), abs=0.03)


def test_sizes_that_are_tensors_give_the_same(rng):
    key = keys(rng, 2)
    lengths = tuple(convert_to_tensor(np.int32(one)) for one in SIZE)
    found = convert_to_numpy(displacement.smooth_noise(key, SHARE, lengths))
    np.testing.assert_allclose(found, smooth_noise(key, SHARE, SIZE), atol=1e-5)


def test_coordinates_are_those_of_the_pixel_and_the_field_s():
    field = np.zeros((1, 2, 2, 3), "float32")
    field[0, 0, 1, 2], field[0, 1, 1, 2] = 0.5, -7.0
    x, y = map(convert_to_numpy, displacement.coordinates(convert_to_tensor(field)))
    np.testing.assert_array_equal(x, [[[0, 1, 2], [0, 1, 2.5]]])
    np.testing.assert_array_equal(y, [[[0, 0, 0], [1, 1, -6]]])


def test_points_go_where_the_field_reads_them(noise):
    """A slope of a third on average, as steep as Keras's fields are."""
    field = (noise[:3] * 1.8).astype("float32")
    assert np.abs(np.gradient(field, axis=-1)).max() > 0.9
    points = np.random.default_rng(1).uniform((8, 8), (SIZE[1] - 9, SIZE[0] - 9), (3, 200, 2)).astype("float32")
    moved = convert_to_numpy(displacement.move_points(convert_to_tensor(points), convert_to_tensor(field)))
    for one, places, origin in zip(field, moved, points, strict=True):
        x, y = places.T.astype("float64")
        read = [ndimage.map_coordinates(part, [y, x], order=1, mode="nearest") for part in one]
        distance = np.hypot(x + read[0] - origin[:, 0], y + read[1] - origin[:, 1])
        assert np.median(distance) < 1e-3
        assert np.mean(distance < 0.1) > 0.95


def test_no_points_are_moved_nowhere():
    nothing = displacement.move_points(
        convert_to_tensor(np.zeros((2, 0, 2), "float32")), np.zeros((2, 2, 4, 5), "float32")
    )
    assert tuple(nothing.shape) == (2, 0, 2)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_mirrored_indices_are_numpy_s(length):
    index = np.arange(-20, 20)
    expected = np.pad(np.arange(length), 20, "reflect")[index + 20] if length > 1 else np.zeros(40)
    found = convert_to_numpy(displacement.mirror(convert_to_tensor(index.astype("float32")), length))
    np.testing.assert_allclose(found, expected, atol=1e-4)
