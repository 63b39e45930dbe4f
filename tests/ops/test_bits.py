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


def test_expand_reads_each_sample_s_own_key(rng):
    keys = rng.integers(0, 2**32, (3, 2), dtype="uint32")
    words = unsigned(bits.expand(convert_to_tensor(keys.view("int32")), 7))
    for key, row in zip(keys, words, strict=True):
        pairs = np.concatenate([np.arange(4, dtype="uint32"), np.zeros(4, "uint32")])
        np.testing.assert_array_equal(row, np.asarray(jax.extend.random.threefry_2x32(key, pairs))[:7])


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
