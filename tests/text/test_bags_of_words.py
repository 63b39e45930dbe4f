"""Dropout and mixing of counts, against formulas and the binomial distribution."""

import keras
import numpy as np
import pytest
from contract_tools import to_numpy, uncompiled
from scipy import stats

from kerasaug import layers as L
from kerasaug.ops.thinning import dropped

COUNTS = np.array([[3, 0, 1, 12], [0, 2, 0, 40]])


@pytest.mark.parametrize("dtype", ["int32", "float32", "uint8"])
@uncompiled()
def test_chosen_words_and_occurrences_are_dropped(dtype):
    counts, words = COUNTS.astype(dtype), np.array([[True, True, False, False], [False, True, False, False]])
    found = to_numpy(L.CountDropout(0.5).apply(counts, {"dropped": words}))
    np.testing.assert_array_equal(found, [[0, 0, 1, 12], [0, 0, 0, 40]])
    some = np.array([[1, 0, 1, 5], [0, 0, 0, 40]])
    found = to_numpy(L.CountDropout(0.5, unit="occurrence").apply(counts, {"dropped": some}))
    np.testing.assert_array_equal(found, COUNTS - some)
    assert found.dtype == "float32"


@uncompiled()
def test_of_a_fraction_each_occurrence_is_its_part():
    values = np.array([[2.5, 0.3, 0.0, 1.0]], "float32")
    layer = L.CountDropout(0.5, unit="occurrence")
    found = to_numpy(layer.apply(values, {"dropped": np.array([[1, 1, 0, 0]])}))
    np.testing.assert_allclose(found, [[2.5 * 2 / 3, 0.0, 0.0, 1.0]], rtol=1e-6)
    np.testing.assert_array_equal(to_numpy(layer.apply(values, {"dropped": np.zeros((1, 4), "int32")})), values)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.93])
def test_occurrences_are_dropped_binomially(rate):
    """Counts on either side of 32, of which one word of bits holds the coins; every word of every bag for itself."""
    each = np.array([1, 4, 31, 32, 33, 80])
    counts, size = np.repeat(each, 700)[None].repeat(4, axis=0), 2800
    key = np.random.default_rng(0).integers(-(2**31), 2**31, (4, 2)).astype("int32")
    arguments = (keras.ops.convert_to_tensor(one) for one in (key, counts.astype("int32"), np.full(4, rate, "float32")))
    found = to_numpy(dropped(*arguments)).reshape(4, len(each), 700).transpose(1, 0, 2).reshape(len(each), size)
    for n, values in zip(each, found, strict=True):
        exact = stats.binom(n, rate)
        levels = np.arange(-1, n + 1)
        empirical = np.searchsorted(np.sort(values), levels, side="right") / size
        assert np.abs(empirical - exact.cdf(levels)).max() < 1.95 / np.sqrt(size)
    rows = found.reshape(len(each), 4, 700).transpose(1, 0, 2).reshape(4, -1)
    spread = (rows - rows.reshape(4, len(each), 700).mean(axis=2).repeat(700, axis=1)).astype("float64")
    assert np.abs(np.corrcoef(spread) - np.eye(4)).max() < 4.5 / np.sqrt(spread.shape[1])


def test_nothing_all_and_more_than_there_are_coins_for():
    key = keras.ops.convert_to_tensor(np.array([[1, 2], [3, 4]], "int32"))
    counts = np.array([[0, 5, 33], [64, 1, 7]], "int32")
    for rate in (0.0, 1.0):
        found = dropped(key, keras.ops.convert_to_tensor(counts), keras.ops.full((2,), rate))
        np.testing.assert_array_equal(to_numpy(found), counts * rate)
    many = np.array([[3000], [100_000]], "int32")
    found = to_numpy(dropped(key, keras.ops.convert_to_tensor(many), keras.ops.full((2,), 0.25)))
    np.testing.assert_allclose(found, many / 4, atol=4.5 * (1024 * 0.25 * 0.75) ** 0.5)


def test_words_are_dropped_at_the_rate_of_their_sample():
    layer, counts = L.CountDropout((0.2, 0.6)), np.ones((64, 2000), "float32")
    params = to_numpy(layer.draw(counts, seed=1))
    found = 1 - to_numpy(layer.apply(counts, params)).mean(axis=1)
    assert np.ptp(params["rate"]) > 0.3
    np.testing.assert_allclose(found, params["rate"], atol=4.5 * 0.5 / 2000**0.5)


@uncompiled()
def test_counts_and_labels_are_mixed():
    partner, share = np.array([1, 0], "int32"), np.array([0.75, 0.25], "float32")
    data = {"counts": COUNTS, "labels": np.array([2, 0]), "sample_weight": np.array([1.0, 3.0], "float32")}
    found = to_numpy(L.CountMixUp(num_classes=3).apply(data, {"partner": partner, "share": share}))
    np.testing.assert_allclose(found["counts"], [[2.25, 0.5, 0.75, 19], [0.75 * 3, 0.25 * 2, 0.75, 19]], rtol=1e-6)
    np.testing.assert_allclose(found["labels"], [[0.25, 0, 0.75], [0.25, 0, 0.75]], rtol=1e-6)
    np.testing.assert_allclose(found["sample_weight"], [1.5, 1.5], rtol=1e-6)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"CountDropout expects unit to be one of \['word', 'occurrence'\]"):
        L.CountDropout(0.5, unit="token")
    with pytest.raises(ValueError, match="CountDropout expects rate"):
        L.CountDropout(1.5)
    with pytest.raises(ValueError, match=r"CountMixUp .*mixes labels.*num_classes"):
        L.CountMixUp()({"counts": COUNTS, "labels": np.array([0, 1])})
