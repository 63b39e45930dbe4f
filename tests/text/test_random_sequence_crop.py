"""Crops of sequences against their definition on lists, tensorflow-text's trimmer, and as random as they say."""

import keras
import numpy as np
import pytest
from contract_tools import BACKEND, assert_same, to_numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_shuffles import number_below
from scipy import stats
from token_rows import ENDS, LENGTH, SPECIAL, runs_of_row, token_keys, token_rows

import kerasaug
from kerasaug.layers import RandomSequenceCrop

once = pytest.mark.skipif(BACKEND != "tensorflow", reason="draws are the same on every backend")


def _in_turn(lists, count, ahead):
    """As many as `count` of the items of lists, one of each in turn, but those in `ahead` first, in order."""
    waiting = [[i for i in one if i not in ahead] for one in lists]
    turns = sorted((one.index(i), i) for one, rest in zip(lists, waiting, strict=True) for i in rest)
    return set([*sorted(ahead), *(i for _, i in turns)][: max(count, 0)])


def _kept(data, row, rate, key, unit="subword", pairs="each", length=None):
    """The places that stay."""
    ids, words, mask = (data[name][row] for name in ("token_ids", "word_ids", "padding_mask"))
    start, end = (int(data[name][row]) if name in data else 0 for name in ("start_positions", "end_positions"))
    answer = set(range(start, end + 1)) if end else set()
    runs = [[int(i) for i in run if mask[i] and ids[i] > 2] for run in runs_of_row(data, row)]
    held = {i for run in runs for i in run if i in answer or ids[i] == 9}
    special = [int(i) for i in np.flatnonzero(mask & (ids <= 2))]
    units = []
    for run in runs:
        units.append([])
        for i in run:
            goes_on = unit == "word" and units[-1] and words[i] == words[units[-1][-1][-1]]
            units[-1][-1].append(i) if goes_on else units[-1].append([i])
    sizes, before, kept = [len(one) for one in units], 0, []
    room = _in_turn(runs, LENGTH if length is None else length - len(special), held)
    for j, (run, one) in enumerate(zip(runs, units, strict=True)):
        n = len(one)
        cut = int(rate * n + 1e-4) if pairs == "each" or j == sizes.index(max(sizes)) else 0
        keep = min(n - cut, n * len(room & set(run)) // max(len(run), 1)) if length else n - cut
        keep = min(max(keep, 1), n)
        inside = [k for k, part in enumerate(one) if answer & set(part)]
        low, high = 0, n - keep
        if inside and inside[-1] - inside[0] < keep and answer <= set(run):
            low, high = max(inside[-1] - keep + 1, 0), min(inside[0], high)
        first = low + number_below(max(high - low + 1, 1), key, before)
        for k, part in enumerate(one):
            if first <= k < first + keep or held & set(part):
                kept += part
        before += n
    if length is not None and len(kept) + len(special) > length:
        kept = list(_in_turn([[i for i in run if i in kept] for run in runs], length - len(special), held))
    return sorted([*kept, *special])


def _closed(value, kept, left, width, fill):
    """Entries of the places that stay, together, and behind or before them what was padding, or is now."""
    result = value.copy()
    gone = LENGTH - len(kept)
    order = [*[None] * gone, *kept] if left else [*kept, *[None] * gone]
    for place, i in enumerate(order):
        result[place] = fill if i is None else value[i]
    return result[LENGTH - width :] if left else result[:width]


FILLS = {"token_ids": 0, "padding_mask": False, "word_ids": -1, "token_labels": -100, "segment_ids": 0}


@pytest.mark.parametrize(
    ("unit", "pairs", "length", "with_answer"),
    [
        pytest.param("subword", "each", None, True, marks=once),
        pytest.param("subword", "longest", 7, False, marks=once),
        ("word", "each", 8, True),
    ],
)
def test_crops_are_those_of_lists(unit, pairs, length, with_answer):
    layer = RandomSequenceCrop(length, pairs=pairs, unit=unit, skip_list=[9], **SPECIAL)

    @settings(max_examples=12, deadline=None, derandomize=True)
    @given(
        ends=ENDS,
        pair=st.booleans(),
        left=st.booleans(),
        seed=st.integers(0, 999),
        rate=st.sampled_from([0.0, 0.29, 0.5, 1.0]),
    )
    def check(ends, pair, left, seed, rate):
        data, keys = token_rows(ends, pair, seed, left), token_keys(3, seed)
        if with_answer:
            last = np.where(data["padding_mask"], np.arange(LENGTH), 0).max(axis=1) * (np.array(ends) > 4) * [0, 1, 1]
            data["start_positions"], data["end_positions"] = np.maximum([last - 2, last - 1], 0)
        result = to_numpy(layer.apply(data, {"rate": np.full(3, rate, "float32"), "key": keys}))
        for row in range(3):
            kept = _kept(data, row, np.float32(rate), keys[row], unit, pairs, length)
            flush = left and data["padding_mask"][row, -1] and not data["padding_mask"][row, 0]
            full = data["padding_mask"][row].all()
            for name, fill in FILLS.items():
                if name in data:
                    expected = _closed(data[name][row], kept, flush, length or LENGTH, fill)
                    np.testing.assert_array_equal(result[name][row], expected, err_msg=f"{name} {full}")
            if with_answer and data["end_positions"][row]:
                first = (length or LENGTH) - len(kept) if flush else 0
                for name in ("start_positions", "end_positions"):
                    assert result[name][row] == first + kept.index(data[name][row])

    check()


def _windows(rows, count, **arguments):
    """First token, and number of tokens, that are left of each of equal rows of `count`."""
    ids = np.tile(np.array([1, *range(10, 10 + count), 2], "int32"), (rows, 1))
    result = to_numpy(RandomSequenceCrop(seed=3, **SPECIAL, **arguments)({"token_ids": ids, "padding_mask": ids > 0}))
    windows = [row[mask][1:-1] - 10 for row, mask in zip(result["token_ids"], result["padding_mask"], strict=True)]
    assert all((np.diff(one) == 1).all() for one in windows)
    return np.array([(one[0], len(one)) for one in windows])


@once
def test_every_window_is_as_likely_and_the_share_varies():
    first, size = _windows(2000, 10, rate=0.4).T
    assert set(size) == {6}
    assert stats.chisquare(np.bincount(first, minlength=5)).pvalue > 1e-3
    size = _windows(2000, 10, rate=(0.0, 0.6))[:, 1]  # ⌊6u⌋ of ten go
    assert set(size) == {5, 6, 7, 8, 9, 10}
    assert stats.chisquare(np.bincount(size)[5:]).pvalue > 1e-3
    assert set(_windows(50, 10, rate=1.0)[:, 1]) == {1}
    assert set(_windows(50, 10, rate=0.8, strength=0.5)[:, 1]) == {6}


@once
def test_every_window_that_holds_the_answer_is_as_likely():
    ids = np.tile(np.array([1, *range(10, 20), 2], "int32"), (1500, 1))
    at = np.full(1500, 1, "int32")
    data = {"token_ids": ids, "start_positions": at + 3, "end_positions": at + 4}  # tokens 13 and 14
    result = to_numpy(RandomSequenceCrop(rate=0.6, seed=3, **SPECIAL)(data))
    first = result["token_ids"][:, 1]
    assert stats.chisquare(np.unique(first, return_counts=True)[1]).pvalue > 1e-3
    assert set(first) == {11, 12, 13}
    for name, token in (("start_positions", 13), ("end_positions", 14)):
        assert (np.take_along_axis(result["token_ids"], result[name][:, None], axis=1) == token).all()


def _pairs(rows, seed=0):
    """[CLS] a [SEP] b [SEP] of random lengths, and the two segments without special tokens."""
    rng, ids, segments, parts = np.random.default_rng(seed), [], [], []
    for _ in range(rows):
        a, b = (rng.integers(10, 40, size).tolist() for size in rng.integers(1, 9, 2))
        row, kinds = [1, *a, 2, *b, 2], [0] * (len(a) + 2) + [1] * (len(b) + 1)
        ids.append(row + [0] * (20 - len(row)))
        segments.append(kinds + [0] * (20 - len(row)))
        parts.append((a, b))
    ids = np.array(ids, "int32")
    return {"token_ids": ids, "padding_mask": ids > 0, "segment_ids": np.array(segments, "int32")}, parts


@once
def test_without_augmentation_a_length_cuts_as_tensorflow_text_does():
    data, parts = _pairs(6)
    layer = RandomSequenceCrop(length=8, rate=0.5, seed=1, **SPECIAL)
    result = to_numpy(layer(data, training=False))
    assert {name: value.shape for name, value in result.items()} == dict.fromkeys(data, (6, 8))
    layer.strength = 0.0
    assert_same(layer(data), result)
    tf_text, tf = pytest.importorskip("tensorflow_text"), pytest.importorskip("tensorflow")
    trimmed = tf_text.RoundRobinTrimmer(8 - 3).trim([tf.ragged.constant(one) for one in zip(*parts, strict=True)])
    for row, a, b in zip(result["token_ids"], *(one.to_list() for one in trimmed), strict=True):
        assert row.tolist() == [1, *a, 2, *b, 2] + [0] * (5 - len(a) - len(b))


def test_a_length_holds_for_whoever_is_chosen_and_for_every_way_of_calling():
    data, _ = _pairs(6)
    data["token_labels"] = np.eye(3, dtype="float32")[data["token_ids"] % 3]
    layer = RandomSequenceCrop(length=8, rate=0.0, p=0.5, seed=1, **SPECIAL)
    params = layer.draw(data, seed=2)
    result = to_numpy(layer.apply(data, params))
    plain = to_numpy(layer(data, training=False))
    chosen = to_numpy(params["chosen"])
    assert 0 < chosen.sum() < 6
    for name, value in result.items():
        assert value.shape[:2] == (6, 8)
        np.testing.assert_array_equal(value[~chosen], plain[name][~chosen])
    assert (result["token_ids"][chosen] != plain["token_ids"][chosen]).any(), "the run begins anywhere"
    assert ((result["token_ids"] == 2).sum(axis=1) == 2).all()
    one = {name: value[0] for name, value in data.items()}
    assert_same(layer(one, training=False), {name: value[0] for name, value in plain.items()})
    assert layer(np.ones((2, 5), "int32")).shape == (2, 5)


def test_shapes_are_declared():
    layer = RandomSequenceCrop(length=8, aligned=["tags"])
    assert layer.compute_output_shape((None, 20)) == (None, 8)
    assert layer.compute_output_shape((5,)) == (5,)
    assert layer.compute_output_shape((None, None)) == (None, None)
    shapes = {"token_ids": (4, 20), "tags": (4, 20, 3), "labels": (4, 20)}
    assert layer.compute_output_shape(shapes) == {"token_ids": (4, 8), "tags": (4, 8, 3), "labels": (4, 20)}
    ids, mask = (keras.Input((20,), dtype="int32", name=name) for name in ("token_ids", "padding_mask"))
    result = kerasaug.Pipeline([layer])({"token_ids": ids, "padding_mask": mask})
    assert {name: value.shape for name, value in result.items()} == dict.fromkeys(result, (None, 8))
    one = {"token_ids": keras.KerasTensor((20,), "int32"), "tags": keras.KerasTensor((20, 3), "float32")}
    assert {name: spec.shape for name, spec in layer.compute_output_spec(one).items()} == {
        "token_ids": (8,),
        "tags": (8, 3),
    }


@once
def test_a_dataset_map_of_unknown_length_is_cut_down():
    tf = pytest.importorskip("tensorflow")
    data, _ = _pairs(4)
    layer = RandomSequenceCrop(length=8, **SPECIAL)
    batches = [data, {name: value[:, :6] for name, value in data.items()}]
    spec = {name: tf.TensorSpec((None, None), value.dtype) for name, value in data.items()}
    dataset = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=spec)
    for mapped, batch in zip(dataset.map(lambda batch: layer(batch, training=False)), batches, strict=True):
        assert_same(mapped, layer(batch, training=False))


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"RandomSequenceCrop expects length, .*Received: length=0"):
        RandomSequenceCrop(length=0)
    with pytest.raises(ValueError, match=r"RandomSequenceCrop expects rate, .*Received: rate=\(0, 2\)"):
        RandomSequenceCrop(rate=(0, 2))
    with pytest.raises(ValueError, match=r"RandomSequenceCrop expects pairs to be one of \['each', 'longest'\]"):
        RandomSequenceCrop(pairs="first")
    with pytest.raises(ValueError, match=r"RandomSequenceCrop .*expects word_ids for unit='word'"):
        RandomSequenceCrop(unit="word")(np.ones((2, 4), "int32"))
