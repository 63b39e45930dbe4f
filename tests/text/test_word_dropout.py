"""Word dropout: which tokens become unknown, and how many."""

from functools import cache

import numpy as np
import pytest
from contract_tools import to_numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasaug.layers import WordDropout

UNKNOWN = 3


@cache
def _layer(rate=0.5, **arguments):
    return WordDropout(rate, UNKNOWN, special_token_ids=[1, 2], **{"seed": 3, **arguments})


@st.composite
def _batches(draw):
    """Two segments between special tokens, and padding; now and then nothing but padding."""
    length = 9  # the same for all: JAX compiles each op for each shape
    ends = draw(st.lists(st.integers(0, length), min_size=3, max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    mask = np.arange(length) < np.array(ends)[:, None]
    ids = np.where(mask, rng.choice([1, 2, 10, 11, 12], (3, length)), 0).astype("int32")
    words = np.where(mask & (ids >= 10), np.arange(length) // 2, -1).astype("int32")
    segments = np.tile(np.arange(length) >= length // 2, (3, 1)).astype("int32")
    taken = rng.random(ids.shape) < 0.5
    return {"token_ids": ids, "padding_mask": mask, "word_ids": words, "segment_ids": segments}, taken


@settings(max_examples=40, deadline=None, derandomize=True)
@given(batch=_batches())
def test_what_is_taken_becomes_unknown_and_nothing_else_changes(batch):
    data, taken = batch
    result = to_numpy(_layer().apply(data, {"taken": taken}))
    ids = data["token_ids"]
    np.testing.assert_array_equal(result["token_ids"], np.where(taken & (ids >= 10), UNKNOWN, ids))
    for name in ("padding_mask", "word_ids", "segment_ids"):
        np.testing.assert_array_equal(result[name], data[name])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(batch=_batches(), seed=st.integers(0, 99))
def test_words_go_as_a_whole(batch, seed):
    data, _ = batch
    layer = _layer(unit="word")
    gone = to_numpy(layer.apply(data, layer.draw(data, seed=seed)))["token_ids"] == UNKNOWN
    for row, words, segments in zip(gone, data["word_ids"], data["segment_ids"], strict=True):
        assert not row[words < 0].any()
        for word in set(zip(words, segments, strict=True)):
            mine = (words == word[0]) & (segments == word[1]) & (words >= 0)
            runs = np.split(np.flatnonzero(mine), np.flatnonzero(np.diff(np.flatnonzero(mine)) > 1) + 1)
            assert all(len(set(row[run])) <= 1 for run in runs)


def test_coins_are_independent_and_of_the_rate():
    ids = np.full((2000, 10), 10, "int32")
    layer = _layer(0.2)
    gone = to_numpy(layer.apply(ids, layer.draw(ids, seed=4))) == UNKNOWN
    assert abs(gone.mean() - 0.2) < 4 * np.sqrt(0.16 / gone.size)
    assert np.var(gone.sum(axis=1)) == pytest.approx(10 * 0.16, rel=0.12)
    pair = _layer((0.0, 1.0))
    shares = (to_numpy(pair.apply(ids, pair.draw(ids, seed=4))) == UNKNOWN).mean(axis=1)
    assert np.var(shares) == pytest.approx(1 / 12 + 1 / 60, rel=0.1)  # of rates, and of coins: E[p(1 - p)] / 10


def test_exact_counts():
    ids = np.full((50, 10), 10, "int32")
    layer = _layer(0.35, count="exact")
    assert (np.sum(to_numpy(layer.apply(ids, layer.draw(ids, seed=4))) == UNKNOWN, axis=1) == 3).all()


def test_an_unknown_token_that_is_none_or_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"WordDropout expects unknown_token_id, an integer from 0.*'unk'"):
        WordDropout(0.1, "unk")
    with pytest.raises(ValueError, match=r"word_dropout.* writes ids up to 300.*dtype=uint8"):
        WordDropout(0.1, 300)(np.ones((2, 3), "uint8"))
