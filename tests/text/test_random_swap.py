"""Swaps against EDA's definition on lists of tokens and words, and as random as they say."""

import numpy as np
import pytest
from contract_tools import BACKEND, assert_same, to_numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_shuffles import paired
from scipy import stats
from token_rows import ENDS, LENGTH, SPECIAL, segments_of, token_keys, token_rows

from kerasaug.layers import RandomSwap

once = pytest.mark.skipif(BACKEND != "tensorflow", reason="draws are the same on every backend")


def _by_segment(units, segment_of):
    """Runs of units of one segment."""
    runs = []
    for i, unit in enumerate(units):
        if not i or segment_of(unit) != segment_of(units[i - 1]):
            runs.append([])
        runs[-1].append(i)
    return runs


def _swapped(segment, key, taken, units, eligible):
    """The places of a row's tokens after swaps of units, which are lists of places, within each segment."""
    partner, before = {}, [0, 0]
    for run in _by_segment(units, lambda unit: segment[unit[0]]):
        members = [i for i in run if eligible(units[i])]
        first = [i for i in members if taken[units[i][0]] and len(members) > 1]
        pairs = paired(first, members, key, before)
        partner |= pairs
        before = [before[0] + len(first), before[1] + len(members) - len(pairs) // 2]
    return [place for i in range(len(units)) for place in units[partner.get(i, i)]]


def _units(data, row, unit):
    """Tokens; or words, and each other token on its own."""
    words, segment, units = data["word_ids"][row], segments_of(data, row), []
    for i in range(LENGTH):
        if unit == "word" and i and words[i] >= 0 and (words[i], segment[i]) == (words[i - 1], segment[i - 1]):
            units[-1].append(i)
        else:
            units.append([i])
    return units


@pytest.mark.parametrize("unit", [pytest.param("subword", marks=once), "word"])
def test_swaps_are_those_of_lists(unit):
    layer = RandomSwap(0.3, unit=unit, skip_list=[9], **SPECIAL)

    @settings(max_examples=12, deadline=None, derandomize=True)
    @given(
        ends=ENDS,
        pair=st.booleans(),
        left=st.booleans(),
        seed=st.integers(0, 999),
        share=st.sampled_from([0.0, 0.2, 0.5, 1.0]),
    )
    def check(ends, pair, left, seed, share):
        data, keys = token_rows(ends, pair, seed, left), token_keys(3, seed)
        taken = np.random.default_rng(seed).random((3, LENGTH)) < share
        result = to_numpy(layer.apply(data, {"taken": taken, "key": keys}))
        for row in range(3):
            free = (data["token_ids"][row] > 9) & data["padding_mask"][row]
            segment, units = segments_of(data, row), _units(data, row, unit)
            free &= (data["word_ids"][row] >= 0) | (unit == "subword")
            order = _swapped(segment, keys[row], taken[row], units, lambda one, free=free: free[one].all())
            assert sorted(order) == list(range(LENGTH))
            for name, value in data.items():
                np.testing.assert_array_equal(result[name][row], value[row][order], err_msg=name)
            np.testing.assert_array_equal(segment[order], segment)

    check()


def test_words_of_unequal_length_make_room_by_hand():
    data = {
        "token_ids": np.array([[1, 11, 12, 13, 9, 14, 2, 0], [0, 0, 1, 11, 9, 14, 15, 2]]),
        "padding_mask": np.array([[1, 1, 1, 1, 1, 1, 1, 0], [0, 0, 1, 1, 1, 1, 1, 1]]),
        "word_ids": np.array([[-1, 0, 0, 0, 5, 7, -1, -1], [-1, -1, -1, 0, 1, 2, 2, -1]]),
        "token_labels": np.array([[-100, 1, 2, 3, 4, 5, -100, -100], [-100, -100, -100, 1, 4, 5, 6, -100]]),
        "start_positions": np.array([4, 4]),
        "end_positions": np.array([4, 4]),
    }
    layer = RandomSwap(0.5, unit="word", **SPECIAL)
    result = to_numpy(layer.apply(data, {"partner": np.tile([2, 1, 0, 3, 4, 5, 6, 7], (2, 1))}))
    np.testing.assert_array_equal(result["token_ids"], [[1, 14, 9, 11, 12, 13, 2, 0], [0, 0, 1, 14, 15, 9, 11, 2]])
    np.testing.assert_array_equal(
        result["token_labels"], [[-100, 5, 4, 1, 2, 3, -100, -100], [-100, -100, -100, 5, 6, 4, 1, -100]]
    )
    np.testing.assert_array_equal(result["word_ids"], [[-1, 7, 5, 0, 0, 0, -1, -1], [-1, -1, -1, 2, 2, 1, 0, -1]])
    assert result["start_positions"].tolist() == result["end_positions"].tolist() == [2, 5]


def _pairs(samples, members, segments=None, **arguments):
    """The pairs swapped in each of so many equal rows of `members` tokens."""
    ids = np.tile(np.arange(10, 10 + members, dtype="int32"), (samples, 1))
    data = {"token_ids": ids, "padding_mask": np.ones_like(ids)}
    if segments is not None:
        data["segment_ids"] = np.tile(np.array(segments, "int32"), (samples, 1))
    layer = RandomSwap(seed=3, **arguments)
    result = to_numpy(layer(data)["token_ids"]) - 10
    assert (np.take_along_axis(result, result, axis=1) == np.arange(members)).all(), "swapped twice, all are back"
    return [[(i, int(j)) for i, j in enumerate(row) if i < j] for row in result]


@once
def test_every_pair_is_as_likely():
    rows = _pairs(6000, 6, rate=0.2, count="exact")
    assert {len(row) for row in rows} == {1}
    counts = np.unique(np.array([a * 6 + b for row in rows for a, b in row]), return_counts=True)[1]
    assert len(counts) == 15
    assert stats.chisquare(counts).pvalue > 1e-3


@once
def test_every_matching_is_as_likely_where_all_have_a_partner():
    rows = _pairs(6000, 6, rate=1.0)
    assert {len(row) for row in rows} == {3}
    counts = np.unique([str(row) for row in rows], return_counts=True)[1]
    assert len(counts) == 15
    assert stats.chisquare(counts).pvalue > 1e-3


@once
def test_each_segment_has_pairs_of_its_own():
    rows = _pairs(3000, 8, [0, 0, 0, 0, 0, 1, 1, 1], rate=1.0)
    assert all(len([a for a, b in row if b < 5]) == 2 and len([a for a, b in row if a > 4]) == 1 for row in rows)
    second = np.unique([str(row[-1]) for row in rows], return_counts=True)[1]
    assert len(second) == 3
    assert stats.chisquare(second).pvalue > 1e-3


@once
def test_counts_are_exact_a_coin_each_or_cut_off():
    assert {len(row) for row in _pairs(200, 11, rate=0.29, count="exact")} == {3}
    assert {len(row) for row in _pairs(200, 11, rate=0.02, count="exact")} == {1}
    assert {len(row) for row in _pairs(200, 11, rate=0.9, count="exact")} == {5}
    assert {len(row) for row in _pairs(200, 11, rate=0.2, max_swaps=2)} == {0, 1, 2}
    coins = np.array([len(row) for row in _pairs(2000, 20, rate=0.15)])
    assert abs(coins.mean() - 3.0) < 4 * np.sqrt(20 * 0.15 * 0.85 / 2000)


@once
def test_segments_of_one_token_take_no_place_in_an_exact_count():
    rows = _pairs(100, 5, [0, 1, 2, 3, 3], rate=0.2, count="exact")
    assert all(row == [(3, 4)] for row in rows)


def test_equal_words_ids_in_two_segments_are_two_words():
    ids = np.array([[10, 11, 12, 13]])
    data = {"token_ids": ids, "word_ids": np.array([[0, 0, 0, 1]]), "segment_ids": np.array([[0, 0, 1, 1]])}
    result = RandomSwap(1.0, unit="word").apply(data, {"taken": np.ones((1, 4), bool), "key": token_keys(1)})
    assert to_numpy(result["token_ids"]).tolist() == [[10, 11, 13, 12]]


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"RandomSwap expects max_swaps, .*Received: max_swaps=-1"):
        RandomSwap(0.1, max_swaps=-1)
    with pytest.raises(ValueError, match=r"RandomSwap expects rate"):
        RandomSwap(1.1)
    with pytest.raises(ValueError, match=r"RandomSwap .*expects word_ids for unit='word'"):
        RandomSwap(0.1, unit="word")(np.ones((2, 4), "int32"))


def test_a_sample_that_is_not_chosen_stays():
    data = token_rows([12, 8, 5], True)
    params = {"chosen": np.array([True, False, True]), "taken": data["padding_mask"], "key": token_keys(3)}
    result = to_numpy(RandomSwap(0.5, **SPECIAL).apply(data, params))
    assert_same({name: value[1] for name, value in result.items()}, {name: value[1] for name, value in data.items()})
    assert (result["token_ids"][0] != data["token_ids"][0]).any()
