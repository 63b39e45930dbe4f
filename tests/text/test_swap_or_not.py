"""Permutations without a sort, against the paper's shuffle in NumPy, and as random as they say."""

import math

import numpy as np
import pytest
from contract_tools import BACKEND
from keras.ops import convert_to_numpy, convert_to_tensor
from numpy_shuffles import swap_or_not
from scipy import stats

from kerasaug.ops.tokens.swap_or_not import shuffled

once = pytest.mark.skipif(BACKEND != "tensorflow", reason="arithmetic of integers is the same on every backend")


def _keys(count, seed=0):
    return np.random.default_rng(seed).integers(-(2**31), 2**31 - 1, (count, 2)).astype("int32")


def _shuffled(index, count, first, key, stream=0):
    index, count, first = (
        np.broadcast_to(one, (len(key), len(index))).astype("int32") for one in (index, count, first)
    )
    tensors = [convert_to_tensor(np.ascontiguousarray(one)) for one in (index, count, first, key)]
    return convert_to_numpy(shuffled(*tensors, stream))


def test_it_is_the_paper_s():
    keys, counts = _keys(4), np.array([[1], [2], [7], [33]])
    for first, stream in ((0, 0), (5, 1)):
        result = _shuffled(np.arange(33), counts, first, keys, stream)
        for row, key, count in zip(result, keys, counts[:, 0], strict=True):
            assert row[:count].tolist() == swap_or_not(count, key, first, stream)
            assert sorted(row[:count]) == list(range(count))


@once
@pytest.mark.parametrize("count", [3, 4])
def test_every_order_is_as_likely(count):
    orders = _shuffled(np.arange(count), count, 0, _keys(60_000))
    seen = np.unique(orders @ count ** np.arange(count), return_counts=True)[1]
    assert len(seen) == math.factorial(count)
    assert stats.chisquare(seen).pvalue > 1e-3


@once
def test_lists_and_streams_of_one_key_are_independent():
    one, other = (_shuffled(np.arange(4), 4, first, _keys(20_000), stream) for first, stream in ((0, 0), (4, 0)))
    for again in (other, _shuffled(np.arange(4), 4, 0, _keys(20_000), 1)):
        assert stats.chi2_contingency(np.histogram2d(one[:, 0], again[:, 0], bins=4)[0]).pvalue > 1e-3
