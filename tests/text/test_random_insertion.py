"""Insertion of synonyms against EDA's definition on lists, and as random as it says."""

import json

import numpy as np
import pytest
from contract_tools import BACKEND, assert_same, to_numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_insertions import CONTINUATION, gaps, inserted, room, units
from numpy_shuffles import swap_or_not
from scipy import stats
from token_rows import ENDS, LENGTH, SPECIAL, runs_of_row, token_keys, token_rows

from kerasaug.layers import RandomInsertion

once = pytest.mark.skipif(BACKEND != "tensorflow", reason="draws are the same on every backend")
RULES = 3 if BACKEND == "tensorflow" else 1  # JAX compiles a layer for each
SYNONYMS = np.tile(np.arange(60)[:, None], (1, 3))
SYNONYMS[10:30, 0], SYNONYMS[20:30, 1] = np.arange(40, 60), np.arange(40, 50)
COUNTS = np.sum(SYNONYMS != np.arange(60)[:, None], axis=1)  # none up to 9, one up to 19, two up to 29


def _expected(data, row, key, taken, unit):
    """The synonym behind each place: of the j-th token taken in a segment, behind the shuffled j-th gap of it."""
    ids, words, open_ = data["token_ids"][row], data["word_ids"][row], gaps(data, row, unit)
    mine = [i for i in range(LENGTH) if taken[i] and COUNTS[ids[i]] and i in gaps(data, row, "subword")]
    result, before, chance = {}, 0, units(key[None], 1)[0]
    if unit == "word":
        run = {int(i): [j for part in runs_of_row(data, row) if i in part for j in part] for i in mine}
        mine = [i for i in mine if sum(words[j] == words[i] for j in run[i]) == 1]
    mine = mine[: room(data, row)]
    for part in runs_of_row(data, row):
        there = [i for i in open_ if i in part]
        order = swap_or_not(len(there), key, before)
        for j, i in enumerate(i for i in mine if i in part):
            gap = there[order[j]]
            result[gap] = SYNONYMS[ids[i], int(chance[gap] * COUNTS[ids[i]])]
        before += len(there)
    return result


@pytest.mark.parametrize(("unit", "rule"), [pytest.param("subword", "inherit", marks=once), ("word", "ignore")])
def test_synonyms_come_where_lists_have_them(unit, rule):
    rules = {"inserted_labels": rule, "continuation": CONTINUATION}
    layer = RandomInsertion(0.3, SYNONYMS, unit=unit, skip_list=[9], **rules, **SPECIAL)

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
        taken = np.random.default_rng(seed).random((3, LENGTH)) < share
        result = to_numpy(layer.apply(data, {"taken": taken, "key": keys}))
        for row in range(3):
            expected = inserted(data, row, _expected(data, row, keys[row], taken[row], unit), rule)
            for name, value in expected.items():
                np.testing.assert_array_equal(result[name][row], value, err_msg=name)

    check()


def test_what_goes_with_new_tokens_by_hand():
    data = {
        "token_ids": np.array([[1, 8, 11, 8, 2, 0]]),
        "padding_mask": np.array([[True, True, True, True, True, False]]),
        "offsets": np.arange(1, 13).reshape(1, 6, 2),
        "protected_mask": np.array([[0, 1, 0, 1, 0, 0]]),
        "sample_weight": np.array([[0.0, 0.25, 0.5, 0.5, 0.0, 0.0]], "float32"),
        "token_labels": np.eye(4, dtype="float32")[[[0, 1, 1, 1, 0, 0]]],
        "start_positions": np.array([1]),
        "end_positions": np.array([1]),
        "tags": np.array([[1, 2, 3, 3, 5, 0]]),
    }
    data["token_labels"][0, 5] = 0
    for rule, label in (("inherit", [0, 0, 1, 0]), ("ignore", [0, 0, 0, 0]), ("outside", [0, 0, 0, 1]))[:RULES]:
        rules = {"inserted_labels": rule, "outside_class": 3, "continuation": [0, 2]}
        layer = RandomInsertion(1.0, SYNONYMS, aligned=["tags"], seed=2, **rules, **SPECIAL)
        result = to_numpy(layer(data))
        place = int(np.flatnonzero(result["token_ids"][0] == 40 + 1)[0])
        assert place in (2, 3, 4)
        np.testing.assert_array_equal(result["token_labels"][0, place], label)
        assert result["offsets"][0, place].tolist() == [0, 0]
        assert result["protected_mask"][0, place] == 0
        for name, value in result.items():
            if name not in ("token_labels", "start_positions", "end_positions"):
                np.testing.assert_array_equal(np.delete(value[0], place, axis=0), data[name][0, :5], err_msg=name)
        assert result["sample_weight"][0, place] == data["sample_weight"][0, place - 1]
        assert result["tags"][0, place] == data["tags"][0, place - 1]
        assert result["padding_mask"].all()
        assert result["start_positions"].tolist() == result["end_positions"].tolist() == [1]


def _inserted(rows, ids, segments=None, free=8, **arguments):
    """The new tokens of equal rows, each with the place that it follows."""
    ids = np.tile(np.array([1, *ids, 2] + [0] * free, "int32"), (rows, 1))
    data = {
        "token_ids": ids,
        "padding_mask": ids > 0,
        "offsets": np.stack([np.arange(ids.shape[1]) + 1] * 2, axis=-1)[None],
    }
    data["offsets"] = np.repeat(data["offsets"], rows, axis=0)
    if segments is not None:
        data["segment_ids"] = np.tile(np.array([0, *segments, segments[-1]] + [0] * free), (rows, 1))
    layer = RandomInsertion(synonyms=SYNONYMS, seed=4, **SPECIAL, **arguments)
    result = to_numpy(layer(data))
    new = (result["offsets"][..., 0] == 0) & result["padding_mask"]
    assert (result["token_ids"][result["padding_mask"] & ~new].reshape(rows, -1) == ids[:, ids[0] > 0]).all()
    each = [
        [(int(row["p"][i - 1]) - 1, int(row["t"][i])) for i in np.flatnonzero(row["n"])] for row in _rows(result, new)
    ]
    return each


def _rows(result, new):
    columns = zip(result["offsets"][..., 0], result["token_ids"], new, strict=True)
    return [dict(zip("ptn", one, strict=True)) for one in columns]


@once
def test_every_token_every_synonym_and_every_gap_is_as_likely():
    rows = _inserted(4000, [8, 21, 8, 25, 29, 8], rate=0.2)
    assert {len(row) for row in rows} == {1}
    counts = np.unique([str(row) for row in rows], return_counts=True)[1]
    assert len(counts) == 6 * 3 * 2
    assert stats.chisquare(counts).pvalue > 1e-3


@once
def test_numbers_are_those_of_eda_cut_off_where_room_or_synonyms_end():
    many = [11, 12, 13, 14, 15, 16, 17, 18, 8, 8]
    assert {len(row) for row in _inserted(50, many, rate=0.3)} == {3}
    assert {len(row) for row in _inserted(50, many, rate=0.01)} == {1}
    assert {len(row) for row in _inserted(50, many, rate=1.0)} == {8}
    assert {len(row) for row in _inserted(50, many, rate=1.0, free=2)} == {2}
    assert {len(row) for row in _inserted(50, many, rate=1.0, free=0)} == {0}
    assert {len(row) for row in _inserted(50, many, rate=0.9, max_insertions=4)} == {4}
    assert {len(row) for row in _inserted(50, [8, 8, 8], rate=1.0)} == {0}
    coins = np.array([len(row) for row in _inserted(1000, many, rate=0.25, count="bernoulli")])
    assert abs(coins.mean() - 2.0) < 4 * np.sqrt(8 * 0.25 * 0.75 / 1000)


@once
def test_synonyms_stay_in_their_segment_and_gaps_differ():
    rows = _inserted(500, [8, 11, 12, 21, 8, 8], [0, 0, 0, 1, 1, 1], rate=1.0)
    for row in rows:
        assert {token for place, token in row if place < 4} == {41, 42}
        assert {token for place, token in row if place > 3} <= {51, 41}
        assert len({place for place, _ in row}) == len(row) == 3
        assert min(row)[0] > 0, "none before the first"
    assert {place for row in rows for place, _ in row} == {1, 2, 3, 4, 5, 6}


def test_continuation_survives_json():
    layer = RandomInsertion(0.1, SYNONYMS, continuation={1: 2, 3: 4}, synonym_counts=COUNTS)
    config = json.loads(json.dumps(layer.get_config()))
    clone = RandomInsertion.from_config(config)
    assert clone.continuation == [0, 2, 2, 4]
    np.testing.assert_array_equal(clone.synonyms, layer.synonyms)
    assert_same(clone.get_config(), layer.get_config())


def test_bad_arguments_and_labels_are_named():
    with pytest.raises(ValueError, match=r"RandomInsertion expects max_insertions, .*Received: max_insertions=-1"):
        RandomInsertion(0.1, SYNONYMS, max_insertions=-1)
    with pytest.raises(ValueError, match=r"RandomInsertion expects synonyms, integers of shape"):
        RandomInsertion(0.1, [1, 2])
    with pytest.raises(ValueError, match=r"RandomInsertion expects continuation, a dict .*Received: continuation='I'"):
        RandomInsertion(0.1, SYNONYMS, continuation="I")
    data = {"token_ids": np.full((1, 4), 11), "token_labels": np.zeros((1, 4, 3), "float32")}
    for rules in (
        {"inserted_labels": "outside", "outside_class": 3},
        {"inserted_labels": "inherit", "continuation": {0: 3}},
    ):
        with pytest.raises(ValueError, match=r"RandomInsertion .*the label 3 and expects one-hot.*\(1, 4, 3\)"):
            RandomInsertion(0.1, SYNONYMS, **rules)(data)
