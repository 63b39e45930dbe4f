"""Insertion of punctuation against AEDA's definition on lists, and as random as it says."""

import keras
import numpy as np
import pytest
from contract_tools import BACKEND, to_numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_insertions import CONTINUATION, gaps, inserted, room, units
from scipy import stats
from token_rows import ENDS, LENGTH, SPECIAL, token_keys, token_rows

from kerasaug.layers import RandomPunctuation

once = pytest.mark.skipif(BACKEND != "tensorflow", reason="draws are the same on every backend")
MARKS = [50, 51, 52]


@pytest.mark.parametrize(("unit", "rule"), [pytest.param("subword", "inherit", marks=once), ("word", "outside")])
def test_marks_come_where_lists_have_them(unit, rule):
    rules = {"inserted_labels": rule, "outside_class": 7, "continuation": CONTINUATION}
    layer = RandomPunctuation(MARKS, unit=unit, skip_list=[9], **rules, **SPECIAL)

    @settings(max_examples=12, deadline=None, derandomize=True)
    @given(
        ends=ENDS,
        pair=st.booleans(),
        left=st.booleans(),
        seed=st.integers(0, 999),
        share=st.sampled_from([0.0, 0.3, 1.0]),
    )
    def check(ends, pair, left, seed, share):
        data, keys = token_rows(ends, pair, seed, left), token_keys(3, seed)
        last = np.where(data["padding_mask"], np.arange(LENGTH), 0).max(axis=1) * (np.array(ends) > 4) * [0, 1, 1]
        data["start_positions"], data["end_positions"] = np.maximum([last - 2, last - 1], 0)
        taken = np.random.default_rng(seed).random((3, LENGTH)) < share
        result = to_numpy(layer.apply(data, {"taken": taken, "key": keys}))
        marks = np.array(MARKS)[(units(keys, 1) * len(MARKS)).astype(int)]
        for row in range(3):
            places = [i for i in gaps(data, row, unit) if taken[row, i]][: room(data, row)]
            expected = inserted(data, row, {i: marks[row, i] for i in places}, rule)
            for name, value in expected.items():
                np.testing.assert_array_equal(result[name][row], value, err_msg=name)

    check()


def _places(layer, rows, count, free):
    """Which of `count` words of equal rows are followed by a mark, and by which."""
    ids = np.zeros((rows, count + 2 + free), "int32")
    ids[:, 1 : count + 1], ids[:, 0], ids[:, count + 1] = np.arange(10, 10 + count), 1, 2
    result = to_numpy(layer({"token_ids": ids, "padding_mask": ids > 0}))["token_ids"]
    assert (
        np.sort(np.where((result > 2) & (result < 50), result, 0), axis=1)[:, -count:] == ids[:, 1 : count + 1]
    ).all()
    assert ((result == 2).sum(axis=1) == 1).all()
    return [[(row[i - 1] - 10, mark) for i, mark in enumerate(row) if mark >= 50] for row in result]


@once
def test_every_number_every_gap_and_every_mark_is_as_likely():
    """AEDA: 1 to ⌊0.3 · 10 + 1⌋ marks, at different places."""
    rows = _places(RandomPunctuation(MARKS, seed=3, **SPECIAL), 4000, 10, 5)
    assert stats.chisquare(np.bincount([len(row) for row in rows])[1:5]).pvalue > 1e-3
    assert {len(row) for row in rows} == {1, 2, 3, 4}
    assert all(len({place for place, _ in row}) == len(row) for row in rows)
    every = np.array([one for row in rows for one in row])
    for column, kinds in ((0, 10), (1, 3)):
        counts = np.unique(every[:, column], return_counts=True)[1]
        assert len(counts) == kinds
        assert stats.chisquare(counts).pvalue > 1e-3


@once
def test_padding_strength_and_ratio_limit_the_number():
    layer = RandomPunctuation(MARKS, ratio=0.29, seed=3, **SPECIAL)
    assert {len(row) for row in _places(layer, 300, 10, 2)} == {1, 2}
    assert {len(row) for row in _places(layer, 30, 10, 0)} == {0}
    layer.strength = 0.4  # of 0.29: ⌊0.116 · 10 + 1⌋
    assert {len(row) for row in _places(layer, 300, 10, 5)} == {1, 2}
    most = RandomPunctuation(MARKS, ratio=0.29, **SPECIAL)
    params = {"ratio": np.array([0.29]), "share": np.array([0.9999999]), "key": token_keys(1)}
    ids = np.pad(np.full((1, 100), 11), ((0, 0), (0, 100)))
    assert (to_numpy(most.apply(ids, params)) >= 50).sum() == 30


def test_bad_arguments_are_named():
    for wrong in ([], None):
        with pytest.raises(ValueError, match=r"RandomPunctuation expects punctuation_ids, at least one. Received"):
            RandomPunctuation(wrong)
    with pytest.raises(ValueError, match=r"RandomPunctuation expects ratio, .*Received: ratio=1.5"):
        RandomPunctuation(MARKS, ratio=1.5)
    with pytest.raises(ValueError, match=r"RandomPunctuation expects inserted_labels to be one of"):
        RandomPunctuation(MARKS, inserted_labels="other")
    with pytest.raises(
        ValueError, match=r"RandomPunctuation expects continuation, a dict.*Received: continuation=\{1: 0.5\}"
    ):
        RandomPunctuation(MARKS, continuation={1: 0.5})
    with pytest.raises(ValueError, match=r"RandomPunctuation .*writes ids up to 300.*dtype=uint8"):
        RandomPunctuation([300])(keras.ops.convert_to_tensor(np.ones((2, 4), "uint8")))
    with pytest.raises(ValueError, match=r"RandomPunctuation .*expects word_ids for unit='word'"):
        RandomPunctuation(MARKS, unit="word")(np.ones((2, 4), "int32"))
