"""Random bits against the published vectors of the block function, JAX's own implementation, and scipy."""

import jax.extend.random
import numpy as np
import pytest
from keras.ops import convert_to_numpy, convert_to_tensor
from scipy import stats

from kerasaug.ops import bits


def signed(*words):
    return tuple(convert_to_tensor(np.asarray(word, "uint32").view("int32")) for word in words)


def unsigned(tensor):
    return convert_to_numpy(tensor).view("uint32")


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0x00000000, 0x00000000), (0x00000000, 0x00000000), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_threefry_gives_the_known_answers_of_random123(counter, key, expected):
    first, second = bits.threefry2x32(signed([key[0]], [key[1]])[:2], signed([counter[0]], [counter[1]]))
    assert (unsigned(first)[0], unsigned(second)[0]) == expected


def test_threefry_is_jax_s_own(rng):
    key = rng.integers(0, 2**32, 2, dtype="uint32")
    counter = rng.integers(0, 2**32, (2, 500), dtype="uint32")
    expected = np.asarray(jax.extend.random.threefry_2x32(key, counter.reshape(-1))).reshape(2, 500)
    first, second = bits.threefry2x32(signed(key[:1], key[1:]), signed(counter[0], counter[1]))
    np.testing.assert_array_equal(unsigned(first), expected[0])
    np.testing.assert_array_equal(unsigned(second), expected[1])


@pytest.fixture(scope="module")
def expanded():
    keys = np.random.default_rng(5).integers(0, 2**32, (4, 2), dtype="uint32")
    return unsigned(bits.expand(convert_to_tensor(keys.view("int32")), 40_001))


def test_expanded_words_are_uniform_in_every_bit(expanded):
    assert expanded.shape == (4, 40_001)
    for row in expanded:
        assert stats.kstest(row / 2.0**32, "uniform").pvalue > 1e-3
        ones = (row[:, None] >> np.arange(32, dtype="uint32")) & 1
        assert np.abs(ones.mean(axis=0) - 0.5).max() < 4 * 0.5 / np.sqrt(len(row))


def test_expanded_words_do_not_correlate(expanded):
    unit = expanded / 2.0**32
    limit = 4 / np.sqrt(expanded.shape[1])
    assert np.abs(np.corrcoef(unit)[np.triu_indices(4, 1)]).max() < limit
    for lag in (1, 2, 3, 64, 20_000):
        assert abs(np.corrcoef(unit[0, lag:], unit[0, :-lag])[0, 1]) < limit
    cells, _, _ = np.histogram2d(unit[0, 1:], unit[0, :-1], bins=16, range=[[0, 1], [0, 1]])
    assert stats.chisquare(cells.ravel()).pvalue > 1e-3


def test_unit_stays_inside_the_open_interval():
    extremes = np.array([0x00000000, 0x000001FF, 0x80000000, 0xFFFFFFFF], "uint32").view("int32")
    unit = convert_to_numpy(bits.to_unit(convert_to_tensor(extremes)))
    np.testing.assert_allclose(unit, [2.0**-24, 2.0**-24, 0.5 + 2.0**-24, 1.0 - 2.0**-24], rtol=1e-6)
    assert unit.min() > 0.0
    assert unit.max() < 1.0


def test_normal_is_the_quantile_of_the_normal_distribution():
    unit = np.array([2.0**-24, 0.001, 0.1, 0.5, 0.8, 0.99, 1 - 2.0**-24], "float32")
    normal = convert_to_numpy(bits.to_normal(convert_to_tensor(unit)))
    np.testing.assert_allclose(normal, stats.norm.ppf(unit.astype("float64")), rtol=1e-3, atol=1e-6)


def test_noise_is_nearly_normal(expanded):
    noise = convert_to_numpy(bits.to_noise(convert_to_tensor(expanded[0].view("int32"))))
    assert stats.kstest(noise, "norm").statistic < 0.01 + 1.95 / np.sqrt(noise.size)
    assert abs(noise.mean()) < 4 / np.sqrt(noise.size)
    assert noise.std() == pytest.approx(1.0, abs=0.015)
    ends = signed([0, 0xFFFFFFFF])[0]  # four bytes of variance (256² - 1) / 12 each, and mean 127.5
    np.testing.assert_allclose(convert_to_numpy(bits.to_noise(ends)), [-510 / 147.8, 510 / 147.8], rtol=1e-4)
