"""LabelwiseTokenReplacement: what a corpus holds, exact odds, and a reference by injected draws."""

from collections import Counter

import numpy as np
import pytest
from contract_tools import to_numpy, uncompiled
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasaug.layers import LabelwiseTokenReplacement
from kerasaug.ops.tokens.lots import Lots

CORPUS = [[1, 10, 11, 12, 2, 0], [1, 10, 13, 2], [1, 14, 10, 15, 12, 2]]
LABELS = [[-100, 0, 0, 1, -100, -100], [-100, 0, 1, -100], [-100, 3, 0, -100, 1, -100]]
TABLE = [[10, 11], [12, 13], [], [14, 15, 16]]


def test_tokens_are_counted_by_label():
    layer = LabelwiseTokenReplacement.from_corpus(CORPUS, LABELS, 0.3, special_token_ids=[1, 2])
    expected = {0: Counter({10: 3, 11: 1}), 1: Counter({12: 2, 13: 1}), 2: Counter(), 3: Counter({14: 1})}
    assert [dict(zip(*one, strict=True)) for one in zip(layer.tokens, layer.counts, strict=True)] == [
        *expected.values()
    ]
    flat = LabelwiseTokenReplacement.from_corpus(CORPUS, LABELS, 0.3, power=0.0, skip_list=[12])
    assert flat.counts == [[1.0, 1.0], [1.0], [], [1.0]]
    assert flat.tokens[1] == [13]


def test_words_are_counted_by_label():
    words = [[-1, 0, 0, 1, -1, -1], [-1, 0, 1, -1], [-1, 0, 1, 1, 2, -1]]
    layer = LabelwiseTokenReplacement.from_corpus(CORPUS, LABELS, 0.3, word_ids=words, special_token_ids=[1, 2])
    assert layer.unit == "word"
    assert layer.tokens == [[[10, 11], 10, [10, 15]], [12, 13], [], [14]]
    assert layer.counts == [[1.0, 1.0, 1.0], [2.0, 1.0], [], [1.0]]


WEIGHTS = st.lists(st.lists(st.integers(0, 50), max_size=9), min_size=1, max_size=4)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(weights=WEIGHTS)
def test_odds_are_proportional_to_weights(weights):
    """Summed over everything that can be drawn, not estimated."""
    lots = Lots(weights)
    for first, size, group in zip(lots.first, lots.size, weights, strict=True):
        odds = np.zeros(len(lots.keep))
        for i in range(first, first + size):
            odds[i] += lots.keep[i] / size
            odds[lots.other[i]] += (1 - lots.keep[i]) / size
        if sum(group) == 0:
            assert size == 0
        else:
            np.testing.assert_allclose(odds[first : first + size], np.array(group) / sum(group), atol=1e-6)
            assert abs(odds.sum() - 1) < 1e-6


@uncompiled()
def test_draws_follow_the_counts():
    layer = LabelwiseTokenReplacement(1.0, TABLE, [[1, 3], [1, 1], [], [1, 2, 5]], seed=2)
    labels = np.tile([[0, 1, 2, 3]], (4000, 1))
    ids = to_numpy(layer({"token_ids": np.full((4000, 4), 30), "token_labels": labels}))["token_ids"]
    shares = [[0.25, 0.75], [0.5, 0.5], [], [0.125, 0.25, 0.625]]
    for column, (tokens, share) in enumerate(zip(TABLE, shares, strict=True)):
        counts = [int((ids[:, column] == one).sum()) for one in tokens or [30]]
        np.testing.assert_allclose(counts, np.array(share or [1.0]) * 4000, atol=4 * 32)
        assert sum(counts) == 4000


@settings(max_examples=15, deadline=None, derandomize=True)
@given(ends=st.lists(st.integers(0, 9), min_size=1, max_size=4), seed=st.integers(0, 99))
@uncompiled()
def test_tokens_that_are_taken_become_what_is_drawn(ends, seed):
    rng = np.random.default_rng(seed)
    shape = (len(ends), 9)
    mask = np.arange(9)[None] < np.array(ends)[:, None]
    ids, labels = np.where(mask, rng.integers(20, 30, shape), 0), rng.integers(-1, 6, shape)
    ids[:, 0] = 1
    taken, number = rng.random(shape) < 0.5, rng.integers(0, 2, shape)
    data = {"token_ids": ids.astype("int32"), "padding_mask": mask, "token_labels": labels.astype("int32")}
    layer = LabelwiseTokenReplacement(0.5, TABLE, special_token_ids=[1], skip_list=[25])
    result = to_numpy(layer.apply(data, {"taken": taken, "drawn": number}))
    for i, j in np.ndindex(shape):
        known = labels[i, j] in (0, 1, 3)
        replaced = mask[i, j] and taken[i, j] and known and ids[i, j] not in (1, 25)
        assert result["token_ids"][i, j] == (TABLE[labels[i, j]][number[i, j]] if replaced else ids[i, j])
    np.testing.assert_array_equal(result["token_labels"], labels)


@uncompiled()
def test_a_word_becomes_one_of_as_many_tokens():
    tokens = [[[10, 11], 12, [13, 14], [15, 16, 17]], [18]]
    layer = LabelwiseTokenReplacement(1.0, tokens, unit="word", special_token_ids=[1, 2])
    data = {
        "token_ids": [[1, 30, 31, 32, 33, 34, 35, 36, 37, 2]],
        "word_ids": [[-1, 0, 0, 1, 2, 2, 2, 3, 3, -1]],
        "token_labels": [[-100, 0, -100, 0, 0, -100, -100, 1, -100, -100]],
    }
    result = layer.apply(data, {"taken": np.ones((1, 10)), "drawn": [[0, 1, 1, 0, 0, 0, 0, 0, 0, 0]]})
    assert to_numpy(result)["token_ids"].tolist() == [[1, 13, 14, 12, 15, 16, 17, 36, 37, 2]]
    drawn = to_numpy(layer({name: np.repeat(value, 200, axis=0) for name, value in data.items()}))["token_ids"]
    assert {tuple(row) for row in drawn[:, 1:3].tolist()} == {(10, 11), (13, 14)}


def test_what_does_not_fit_together_is_named():
    with pytest.raises(ValueError, match=r"expects token_labels, the number.*\['token_ids'\]"):
        LabelwiseTokenReplacement(1.0, TABLE)({"token_ids": [[10]]})
    with pytest.raises(ValueError, match=r"counts, a number of 0 or more for each of the \[2, 2, 0, 3\] tokens"):
        LabelwiseTokenReplacement(1.0, TABLE, [[1, 1], [1], [], [1, 1, 1]])
    with pytest.raises(ValueError, match="at least one token of a label"):
        LabelwiseTokenReplacement(1.0, [[], []])
    with pytest.raises(ValueError, match="tokens to be ids from 0 on"):
        LabelwiseTokenReplacement(1.0, [[-1]])
    with pytest.raises(ValueError, match="sequence 0 of 2 tokens and 1 labels"):
        LabelwiseTokenReplacement.from_corpus([[1, 2]], [[0]], 0.5)
    with pytest.raises(ValueError, match="1 of tokens, 0 of labels"):
        LabelwiseTokenReplacement.from_corpus([[1, 2]], [], 0.5)
    with pytest.raises(ValueError, match=r"writes ids up to 300.*uint8"):
        LabelwiseTokenReplacement(1.0, [[300]])({"token_ids": np.ones((1, 2), "uint8"), "token_labels": [[0, 0]]})
