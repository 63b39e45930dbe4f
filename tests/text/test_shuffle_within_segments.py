"""ShuffleWithinSegments against a reference written from the paper."""

from collections import Counter

import numpy as np
import pytest
from contract_tools import to_numpy, uncompiled
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasaug.layers import ShuffleWithinSegments
from kerasaug.layers.text.tagging import TaggingScheme

BIO = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
SPECIAL = [1, 2]


def shuffled(ids, labels, order, taken):
    """Dai and Adel: segments are mentions and runs of O; the tokens of each that is taken change places."""
    ids, segment, number = list(ids), [], 0
    for i, label in enumerate(labels):
        if i and not (label in (2, 4) or (label == 0 and labels[i - 1] == 0)):
            number += 1
        segment.append(number)
    for one in set(segment):
        at = [i for i, number in enumerate(segment) if number == one]
        if any(taken[i] for i in at):
            by_order = sorted(at, key=lambda i: order[i])
            for place, token in zip(at, [ids[i] for i in by_order], strict=True):
                ids[place] = token
    return ids


def bio(draw_from, count):
    """Labels that are valid."""
    labels = []
    for _ in range(count):
        before = labels[-1] if labels else 0
        inside = {0: [], 1: [2], 2: [2], 3: [4], 4: [4]}[before]
        labels.append(int(draw_from.choice([0, 0, 1, 3, *inside, *inside])))
    return labels


def rows(ends, seed, length=12):
    """Valid sequences between specials, with padding behind."""
    rng = np.random.default_rng(seed)
    ids, labels = np.zeros((len(ends), length), "int32"), np.full((len(ends), length), -100, "int32")
    for row, end in enumerate(ends):
        count = max(end - 2, 0)
        ids[row, :end] = [1, *range(10, 10 + count), 2][:end]
        labels[row, 1 : 1 + count] = bio(rng, count)
    return {"token_ids": ids, "padding_mask": (ids > 0).astype("int32"), "token_labels": labels}


@settings(max_examples=15, deadline=None, derandomize=True)
@given(ends=st.lists(st.integers(0, 12), min_size=1, max_size=4), seed=st.integers(0, 99))
@uncompiled()
def test_segments_are_shuffled_as_in_the_paper(ends, seed):
    data, rng = rows(ends, seed), np.random.default_rng(seed)
    order = np.stack([rng.permutation(12) for _ in ends]).astype("int32")
    taken = rng.random((len(ends), 12)) < 0.3
    layer = ShuffleWithinSegments(0.5, BIO, special_token_ids=SPECIAL)
    result = to_numpy(layer.apply(data, {"taken": taken, "order": order}))
    for row, end in enumerate(ends):
        inner = slice(1, max(end - 1, 1))
        parts = [one[row, inner].tolist() for one in (data["token_ids"], data["token_labels"], order, taken)]
        expected = data["token_ids"][row].copy()
        expected[inner] = shuffled(*parts)
        assert result["token_ids"][row].tolist() == expected.tolist()
    np.testing.assert_array_equal(result["token_labels"], data["token_labels"])
    np.testing.assert_array_equal(result["padding_mask"], data["padding_mask"])


@uncompiled()
def test_every_order_of_a_segment_is_as_likely():
    layer = ShuffleWithinSegments(1.0, BIO, special_token_ids=SPECIAL, seed=3)
    data = {"token_ids": [[1, 10, 11, 12, 13, 14, 2]] * 3000, "token_labels": [[-100, 0, 0, 0, 1, 2, -100]] * 3000}
    ids = to_numpy(layer(data))["token_ids"]
    orders = Counter(map(tuple, ids[:, 1:4].tolist()))
    assert len(orders) == 6
    assert all(abs(count - 500) < 85 for count in orders.values())  # four deviations of 20
    assert abs((ids[:, 4] == 13).sum() - 1500) < 115


@uncompiled()
def test_a_coin_for_each_segment_or_a_share_of_them():
    labels = [[-100, 0, 0, 1, 2, 0, 0, 3, 4, 0, -100]]
    data = {"token_ids": [[1, *range(10, 19), 2]] * 1000, "token_labels": labels * 1000}
    for count, most in (("bernoulli", 4), ("exact", 2)):
        layer = ShuffleWithinSegments(0.5, BIO, count=count, special_token_ids=SPECIAL, seed=1)
        ids = to_numpy(layer(data))["token_ids"]
        changed = np.stack([ids[:, i] != 9 + i for i in (1, 3, 5, 7)], axis=1)
        assert abs(changed.sum() - 1000) < 4 * 28  # half of the four, and half of those stay by chance
        assert changed.sum(axis=1).max() == most
        np.testing.assert_array_equal(ids[:, 9], 18)


@uncompiled()
def test_words_move_whole_and_labels_stay_with_their_first_tokens():
    layer = ShuffleWithinSegments(1.0, BIO, special_token_ids=SPECIAL, unit="word")
    data = {
        "token_ids": [[1, 10, 11, 12, 13, 14, 15, 16, 2, 0]],
        "word_ids": [[-1, 0, 0, 1, 2, 2, 3, 4, -1, -1]],
        "token_labels": [[-100, 0, -100, 0, 1, -100, 2, 2, -100, -100]],
        "offsets": [[[i, i] for i in range(10)]],
    }
    order = [[0, 5, 5, 1, 9, 9, 8, 7, 0, 0]]
    result = to_numpy(layer.apply(data, {"taken": np.ones((1, 10)), "order": order}))
    assert result["token_ids"].tolist() == [[1, 12, 10, 11, 16, 15, 13, 14, 2, 0]]
    assert result["word_ids"].tolist() == [[-1, 1, 0, 0, 4, 3, 2, 2, -1, -1]]
    assert result["token_labels"].tolist() == [[-100, 0, 0, -100, 1, 2, 2, -100, -100, -100]]
    assert result["offsets"][0, :, 0].tolist() == [0, 3, 1, 2, 7, 6, 4, 5, 8, 9]


@uncompiled()
def test_nothing_crosses_a_protected_token_a_pair_s_border_or_a_label_that_is_none():
    layer = ShuffleWithinSegments(1.0, BIO, special_token_ids=SPECIAL, skip_list=[12])
    data = {
        "token_ids": [[1, 10, 11, 12, 13, 14, 15, 16, 17, 2]],
        "segment_ids": [[0, 0, 0, 0, 0, 0, 1, 1, 1, 1]],
        "token_labels": [[-100, 0, 0, 0, 0, 0, 0, 0, 7, -100]],
    }
    order = [[9, 8, 7, 6, 5, 4, 3, 2, 1, 0]]
    result = to_numpy(layer.apply(data, {"taken": np.ones((1, 10)), "order": order}))
    assert result["token_ids"].tolist() == [[1, 11, 10, 12, 14, 13, 16, 15, 17, 2]]


@uncompiled()
def test_an_odd_label_begins_a_mention():
    data = {"token_ids": [[10, 11, 12, 13, 14]], "token_labels": [[0, 2, 2, 4, 4]]}
    layer = ShuffleWithinSegments(1.0, BIO)
    result = to_numpy(layer.apply(data, {"taken": np.ones((1, 5)), "order": [[4, 3, 2, 1, 0]]}))
    assert result["token_ids"].tolist() == [[10, 12, 11, 14, 13]]
    assert [(one.first, one.last) for one in TaggingScheme(BIO).mentions([0, 2, 2, 4, 4])] == [(1, 2), (3, 4)]


def test_labels_that_are_not_there_or_no_numbers_are_named():
    layer = ShuffleWithinSegments(1.0, BIO, name="sis")
    with pytest.raises(ValueError, match=r"name='sis'.*expects token_labels.*Received: the kinds \['token_ids'\]"):
        layer({"token_ids": [[10, 11]]})
    with pytest.raises(ValueError, match=r"name='sis'.*integers \(batch, length\).*\(1, 2, 5\).*argmax"):
        layer({"token_ids": [[10, 11]], "token_labels": np.zeros((1, 2, 5), "float32")})
    with pytest.raises(ValueError, match=r"ShuffleWithinSegments expects labels.*'PER'"):
        ShuffleWithinSegments(1.0, ["O", "PER"])
