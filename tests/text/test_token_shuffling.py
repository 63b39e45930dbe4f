"""Shuffling of tokens and words, against sorts in NumPy."""

from collections import Counter

import numpy as np
import pytest
from contract_tools import to_numpy, uncompiled
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasaug import layers as L

LENGTH = 14


def sequence(end, words):
    """Places as ids from 10 on, between 1 and 2, in two segments, with words of one to three tokens, and padding."""
    rng, at = np.random.default_rng(words), np.arange(LENGTH)
    mask, segments = at < end, (at > end // 2).astype("int32")
    ids = np.where(mask, at + 10, 0)
    ids[0], ids[end - 1], ids[end // 2] = 1, 2, 2
    word = np.repeat(at, rng.integers(1, 4, LENGTH))[:LENGTH]
    word = np.where(ids < 10, -1, word + 100 * segments)
    return {"token_ids": ids, "segment_ids": segments, "word_ids": word, "padding_mask": mask}


def units_of(row, unit):
    """Tokens side by side that stay together; special ones by themselves."""
    found, before = [], None
    for place, (word, segment) in enumerate(zip(row["word_ids"], row["segment_ids"], strict=True)):
        if unit == "word" and word >= 0 and before == (word, segment):
            found[-1].append(place)
        else:
            found.append([place])
        before = (word, segment)
    return found


def reference(row, unit, window, noise, taken):
    """Lample et al.: sort the units of each segment by their number plus noise; the others keep their slots."""
    units = units_of(row, unit)
    movable = [i for i, one in enumerate(units) if all(taken[place] and row["token_ids"][place] >= 10 for place in one)]
    order = list(range(len(units)))
    for segment in (0, 1):
        slots = [n for n, i in enumerate(movable) if row["segment_ids"][units[i][0]] == segment]
        keys = np.array([n + np.float32(noise[n]) * np.float32(window + 1) for n in slots], "float32")
        for n, source in zip(slots, np.argsort(keys, kind="stable"), strict=True):
            order[movable[n]] = movable[slots[source]]
    return [row["token_ids"][place] for i in order for place in units[i]]


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    end=st.integers(5, LENGTH),
    words=st.integers(0, 9),
    unit=st.sampled_from(["subword", "word"]),
    window=st.sampled_from([1, 3, 20]),
    seed=st.integers(0, 99),
)
@uncompiled()
def test_a_window_is_a_sort_of_noisy_places(end, words, unit, window, seed):
    rng, row = np.random.default_rng(seed), sequence(end, words)
    noise, taken = rng.random((2, LENGTH), dtype="float32"), rng.random((2, LENGTH)) < 0.8
    for one in units_of(row, unit):
        taken[:, one] = taken[:, one[:1]]
    data = {name: np.stack([value] * 2) for name, value in row.items()}
    layer = L.TokenShuffling(window=window, unit=unit, special_token_ids=[1, 2])
    found = to_numpy(layer.apply(data, {"noise": noise, "taken": taken}))
    for i in range(2):
        assert found["token_ids"][i].tolist() == reference(row, unit, window, noise[i], taken[i])
        np.testing.assert_array_equal(found["segment_ids"][i], row["segment_ids"])


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    end=st.integers(5, LENGTH),
    words=st.integers(0, 9),
    unit=st.sampled_from(["subword", "word"]),
    rate=st.sampled_from([0.3, 1.0]),
    seed=st.integers(0, 99),
)
@uncompiled()
def test_words_stay_whole_and_everything_else_in_its_slot(end, words, unit, rate, seed):
    row = sequence(end, words)
    data = {name: np.stack([value] * 2) for name, value in row.items()}
    layer = L.TokenShuffling(rate, unit=unit, special_token_ids=[1, 2])
    found = to_numpy(layer.apply(data, layer.draw(data, seed=seed)))
    units = [tuple(row["token_ids"][one]) for one in units_of(row, unit)]
    for i in range(2):
        after = {name: value[i] for name, value in found.items()}
        moved = [tuple(after["token_ids"][one]) for one in units_of(after, unit)]
        assert Counter(moved) == Counter(units)
        assert [one for one in moved if one[0] < 10] == [one for one in units if one[0] < 10]
        np.testing.assert_array_equal(after["segment_ids"], row["segment_ids"])
        np.testing.assert_array_equal(after["token_ids"] < 10, row["token_ids"] < 10)


def test_every_order_is_as_likely():
    """24 orders of four tokens, and each of 40 places for each of 40 tokens."""
    ids = np.tile(np.array([1, 10, 11, 12, 13, 2]), (4800, 1))
    layer = L.TokenShuffling(special_token_ids=[1, 2])
    found = Counter(map(tuple, to_numpy(layer.apply(ids, layer.draw(ids, seed=1)))))
    assert len(found) == 24
    assert sum((one - 200) ** 2 / 200 for one in found.values()) < 49.7  # of chi-square with 23 degrees, once in 1000
    ids = np.tile(np.arange(1, 41), (4000, 1))
    found = to_numpy(L.TokenShuffling().apply(ids, L.TokenShuffling().draw(ids, seed=2)))
    table = np.stack([np.bincount(column, minlength=41)[1:] for column in found.T])
    assert ((table - 100) ** 2 / 100).sum() < 1521 + 4 * (2 * 1521) ** 0.5  # chi-square with 39 · 39 degrees
    followed = (np.diff(found, axis=1) == 1).mean()
    np.testing.assert_allclose(followed, 1 / 40, atol=0.002)


def test_windows_and_units_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="TokenShuffling expects window, a positive integer up to 64"):
        L.TokenShuffling(window=0)
    with pytest.raises(ValueError, match=r"TokenShuffling .* expects word_ids for unit='word'"):
        L.TokenShuffling(unit="word")(np.array([[1, 2, 3]]))
