"""Synonym replacement against EDA's rule written in NumPy, and the table of synonyms."""

import numpy as np
import pytest
from contract_tools import compile_whole, compiled_backends, to_numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasaug.layers import SynonymReplacement
from kerasaug.text import build_synonym_table

SPECIAL = [1, 2]
IDS = np.arange(40)
ONE = np.where((IDS >= 10) & (IDS % 2 == 0), IDS + 1, IDS)[:, None]  # one synonym of each even token from 10 on
NO_KEY = np.zeros((1, 2), "int32")


def _layer(rate=0.5, synonyms=ONE, **arguments):
    return SynonymReplacement(rate, synonyms, special_token_ids=SPECIAL, **{"seed": 3, **arguments})


LAYER = _layer()
MOST = {most: _layer(max_replacements=most) for most in (None, 0, 2)}


def _rows(ends, length=12):
    """[CLS], tokens 10, 11, …, [SEP] and padding."""
    at = np.tile(np.arange(length), (len(ends), 1))
    ids = np.where(at < np.array(ends)[:, None], at + 9, 0)
    ids[:, 0] = np.minimum(ends, 1)
    for row, end in zip(ids, ends, strict=True):
        row[end - 1 : end] = 2 if end else 0
    return ids.astype("int32")


def _replaced(ids, taken):
    """EDA's SR, given which words are taken: of these, those that have a synonym become it."""
    result = ids.copy()
    for place in np.argwhere(taken):
        word = ids[tuple(place)]
        if word >= 10 and word % 2 == 0:
            result[tuple(place)] = word + 1
    return result


ENDS = st.lists(
    st.integers(0, 12).filter(lambda end: end != 1), min_size=3, max_size=3
)  # one shape: JAX compiles each op for each


@settings(max_examples=25, deadline=None, derandomize=True)
@given(ends=ENDS, seed=st.integers(0, 10_000))
def test_what_is_taken_becomes_its_synonym(ends, seed):
    ids = _rows(ends)
    taken = np.random.default_rng(seed).random(ids.shape) < 0.5
    result = to_numpy(LAYER.apply(ids, {"taken": taken}))
    np.testing.assert_array_equal(result, _replaced(ids, taken))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(ends=ENDS, rate=st.sampled_from([0.0, 0.05, 0.1, 0.29, 0.5, 1.0]), most=st.sampled_from([None, 0, 2]))
def test_exact_counts_are_those_of_eda(ends, rate, most):
    """n = max(1, ⌊α · length⌋) of the words, all counted, but no more than have synonyms."""
    ids = _rows(ends)
    params = {"rate": np.full(len(ends), rate, "float32"), "key": np.arange(2 * len(ends)).reshape(-1, 2)}
    result = to_numpy(MOST[most].apply(ids, params))
    words, having = np.sum(ids >= 10, axis=1), np.sum((ids >= 10) & (ids % 2 == 0), axis=1)
    expected = np.minimum(np.maximum(1, np.round(rate * words * 1000).astype(int) // 1000), having) * (rate > 0)
    np.testing.assert_array_equal(
        np.sum(result != ids, axis=1), expected if most is None else np.minimum(expected, 2 if most else 0)
    )


def test_each_of_the_rows_and_synonyms_is_as_likely():
    """Chi-square over the synonyms of one token, three of them, and over the places that are taken."""
    table = np.tile(IDS[:, None], (1, 4))
    table[10, :3] = [20, 21, 22]
    layer, ids = _layer(0.25, table), np.full((4000, 4), 10, "int32")
    result = to_numpy(layer.apply(ids, layer.draw(ids, seed=5)))
    assert (np.sum(result != 10, axis=1) == 1).all()
    synonyms = np.unique(result[result != 10], return_counts=True)
    assert synonyms[0].tolist() == [20, 21, 22]
    assert np.sum((synonyms[1] - 4000 / 3) ** 2 / (4000 / 3)) < 13.8  # p = 0.001, 2 degrees
    places = np.sum(result != 10, axis=0)
    assert np.sum((places - 1000) ** 2 / 1000) < 16.3  # 3 degrees


def test_bernoulli_tosses_a_coin_for_each_that_has_a_synonym():
    layer, ids = _layer(0.3, count="bernoulli"), np.tile(np.arange(10, 20), (1000, 1)).astype("int32")
    result = to_numpy(layer.apply(ids, layer.draw(ids, seed=5)))
    changed = result != ids
    assert not changed[:, 1::2].any()
    assert abs(changed[:, ::2].mean() - 0.3) < 4 * np.sqrt(0.21 / 5000)
    assert np.var(changed.sum(axis=1)) == pytest.approx(5 * 0.21, rel=0.2)  # of independent coins


def test_only_words_of_one_token_are_replaced_as_words():
    ids = np.array([[1, 10, 12, 14, 16, 16, 2]], "int32")
    data = {"token_ids": ids, "word_ids": np.array([[-1, 0, 1, 1, 2, 0, -1]], "int32")}
    data["segment_ids"] = np.array([[0, 0, 0, 0, 0, 1, 1]], "int32")
    params = {"taken": np.ones(ids.shape, bool)}
    result = to_numpy(_layer(unit="word").apply(data, params))["token_ids"]
    assert result.tolist() == [[1, 11, 12, 14, 17, 17, 2]]
    drawn = _layer(1.0, unit="word", count="bernoulli").apply(data, {"rate": np.ones(1), "key": NO_KEY})
    assert to_numpy(drawn)["token_ids"].tolist() == [[1, 11, 12, 14, 17, 17, 2]]
    half = _layer(unit="word").apply(data, {"rate": np.array([0.5]), "key": NO_KEY})  # 2 of 4 words
    assert np.sum(to_numpy(half)["token_ids"] != ids) == 2
    with pytest.raises(ValueError, match="expects word_ids for unit='word'"):
        _layer(unit="word").apply(ids, params)


def test_protected_tokens_and_ids_beyond_the_table_stay():
    ids = np.array([[10, 12, 14, 40, 2**30, -2]], "int32")
    data = {"token_ids": ids, "protected_mask": np.array([[1, 0, 0, 0, 0, 0]])}
    layer = _layer(1.0, skip_list=[12])
    assert to_numpy(layer(data))["token_ids"].tolist() == [[10, 12, 15, 40, 2**30, -2]]


def test_counts_say_which_entries_are_synonyms():
    table, counts = np.zeros((6, 3), "int64"), np.array([0, 0, 0, 2, 1, 0])
    table[3], table[4] = [4, 5, 0], [4, 4, 4]
    layer = SynonymReplacement(1.0, table, counts)
    assert layer.synonyms.tolist() == [[0, 0, 0], [1, 1, 1], [2, 2, 2], [4, 5, 3], [4, 4, 4], [5, 5, 5]]
    assert layer.synonym_counts.tolist() == [0, 0, 0, 2, 0, 0]  # a token is no synonym of itself
    late = SynonymReplacement(1.0, [[0, 0], [1, 2], [2, 2]])
    assert (late.synonyms.tolist(), late.synonym_counts.tolist()) == ([[0, 0], [2, 1], [2, 2]], [0, 1, 0])
    built = build_synonym_table({"film": ["movie"]}, ["[PAD]", "film", "movie"], k=2)
    assert SynonymReplacement(1.0, built).synonyms.tolist() == [[0, 0], [2, 1], [2, 2]]
    again = SynonymReplacement.from_config(layer.get_config())
    np.testing.assert_array_equal(again.synonyms, layer.synonyms)
    assert not layer.weights


def test_a_config_is_small():
    rng, table = np.random.default_rng(0), np.tile(np.arange(30522)[:, None], (1, 8))
    rows = rng.choice(30522, 9000, replace=False)
    for row in rows:
        table[row, : rng.integers(1, 7)] = rng.integers(1000, 30522)
    layer = SynonymReplacement(0.1, table)
    config = layer.get_config()
    assert len(config["synonyms"]) < 200_000
    np.testing.assert_array_equal(SynonymReplacement.from_config(config).synonyms, layer.synonyms)


@pytest.mark.skipif(not compiled_backends, reason="torch runs eagerly")
def test_a_compiled_step_holds_the_table_as_a_constant():
    layer, ids = _layer(), _rows([12, 7])
    params = layer.draw(ids, seed=1)
    result = compile_whole(lambda one, drawn: layer.apply(one, drawn))(ids, params)
    np.testing.assert_array_equal(to_numpy(result), to_numpy(layer.apply(ids, params)))


WRONG = {
    r"synonyms, integers of shape \(vocabulary, most\).*shape=\(5,\), dtype=int64": {"synonyms": np.arange(5)},
    r"synonyms, integers of shape.*float64": {"synonyms": np.zeros((5, 2))},
    r"synonyms, integers of shape.*\[\[1\], \[1, 2\]\]": {"synonyms": [[1], [1, 2]]},
    r"synonyms that are ids of its vocabulary, from 0 to 1.*the id 7": {"synonyms": [[0], [7]]},
    r"synonyms that are ids of its vocabulary.*the id -1": {"synonyms": [[0], [-1]]},
    r"synonyms that are no special tokens and no padding.*\[4, 2\] for token 3": {
        "synonyms": [[0] * 2, [1] * 2, [2] * 2, [4, 2], [4] * 2]
    },
    r"synonym_counts, for each of the 2 rows.*from 0 to 1.*\[0, 2\]": {
        "synonyms": [[0], [1]],
        "synonym_counts": [0, 2],
    },
    r"synonym_counts.*\[0\]": {"synonyms": [[0], [1]], "synonym_counts": [0]},
    r"synonyms, a table, or the text.*'word'": {"synonyms": "word"},
    r"rate.*between 0.0 and 1.0": {"synonyms": ONE, "rate": 1.5},
    r"max_replacements": {"synonyms": ONE, "max_replacements": -1},
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_no_table_is_refused(message):
    with pytest.raises(ValueError, match="SynonymReplacement expects " + message):
        _layer(**WRONG[message])


def test_ids_that_would_wrap_are_refused():
    table = np.arange(300)[:, None]
    with pytest.raises(ValueError, match=r"writes ids up to 299.*dtype=uint8.*int32"):
        SynonymReplacement(0.5, table)(np.ones((2, 3), "uint8"))
