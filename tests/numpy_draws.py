"""Threefry in NumPy, and draws to compare with it and with distributions."""

import zlib

import numpy as np
from keras.ops import convert_to_numpy, convert_to_tensor
from scipy import stats

from kerasaug.draw import Rng

N = 60_000
LEAST = 1e-4  # p-value: there are some fifty comparisons here, and a good generator fails one in 10,000
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def threefry(key, counter):
    """Threefry-2x32 with 20 rounds, from the paper (Salmon et al., SC 2011), on uint32."""
    key = [np.uint32(word) for word in key]
    schedule = (*key, key[0] ^ key[1] ^ np.uint32(0x1BD11BDA))
    with np.errstate(over="ignore"):
        a, b = (np.asarray(c, "uint32") + k for c, k in zip(counter, key, strict=True))
        for round_ in range(20):
            distance = ROTATIONS[round_ // 4 % 2][round_ % 4]
            a = a + b
            b = ((b << np.uint32(distance)) | (b >> np.uint32(32 - distance))) ^ a
            if round_ % 4 == 3:
                group = round_ // 4 + 1
                a = a + schedule[group % 3]
                b = b + schedule[(group + 1) % 3] + np.uint32(group)
    return a, b


def units(seed, step, ids, op, count):
    """(ids, count) numbers in (0, 1): two words a block, blocks counted below the op's own twelve bits."""
    ids = np.asarray(ids, "uint32")
    words = [half for block in range((count + 1) // 2) for half in threefry((seed, step), (ids, op << 12 | block))]
    return ((np.stack(words[:count], axis=1) >> np.uint32(9)) + 0.5) / 2.0**23


def make(n=N, seed=1, step=0, op=0, first=0, **kwargs):
    key = tuple(convert_to_tensor(np.int32(one)) for one in (seed, step))
    return Rng(key, convert_to_tensor(np.arange(first, first + n, dtype="int32")), op, **kwargs)


def numbers(tensor):
    return convert_to_numpy(tensor)


def assert_distributed(sample, cdf):
    assert stats.kstest(sample, cdf).pvalue > LEAST


def assert_proportions(counts, probabilities):
    expected = np.asarray(probabilities) / np.sum(probabilities) * np.sum(counts)
    assert stats.chisquare(counts, expected).pvalue > LEAST


def op_number(layer):
    return zlib.crc32(type(layer).__name__.encode()) & 0x3FFFF
