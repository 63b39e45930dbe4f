"""TF-IDF replacement against UDA's formulas written in NumPy."""

import math
from collections import Counter
from functools import cache

import keras
import numpy as np
import pytest
from contract_tools import to_numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kerasaug.layers import TfIdfReplacement
from kerasaug.ops.tokens.ids import alias_table, draw_by_weight
from kerasaug.ops.tokens.tf_idf import occurrences, replacement_rates

SIZE = 16
IDF = np.linspace(0.0, 3.0, SIZE).astype("float32")
CORPUS = [[1, 7, 8, 9, 7, 2, 0], [1, 7, 11, 2, 0, 0, 0], [1, 12, 8, 7, 2, 0, 0], [1, 7, 7, 8, 9, 9, 2]]


@cache
def _layer(rate=0.5, **arguments):
    weights = np.arange(SIZE, dtype="float32")
    return TfIdfReplacement(rate, IDF, weights, special_token_ids=[1, 2], **{"seed": 3, **arguments})


def _uda(words, idf, p, eligible):
    """`min(p (C - TFIDF(x_i)) / Z, 1)` of the paper's appendix, Z the mean of C - TFIDF over words to be replaced."""
    tf_idf = [words.count(word) / len(words) * idf[word] for word in words]
    rest = [(max(tf_idf) - one) * may for one, may in zip(tf_idf, eligible, strict=True)]
    mean = sum(rest) / max(sum(eligible), 1)
    return [min(p * one / mean, 1.0) if mean > 1e-6 else 0.0 for one in rest]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(ends=st.lists(st.integers(0, 9), min_size=3, max_size=3), seed=st.integers(0, 9999), protect=st.booleans())
def test_probabilities_are_those_of_the_paper(ends, seed, protect):
    rng = np.random.default_rng(seed)
    ids = rng.integers(3, SIZE, (3, 9)).astype("int32")
    document = np.arange(9) < np.array(ends)[:, None]
    eligible = document & (rng.random((3, 9)) < 0.6) if protect else document
    rate = rng.random(3).astype("float32")
    ids_, document_, eligible_, rate_ = map(keras.ops.convert_to_tensor, (ids, document, eligible, rate))
    result = to_numpy(replacement_rates(ids_, document_, eligible_, IDF, rate_))
    for row, end in enumerate(ends):
        expected = _uda(ids[row, :end].tolist(), IDF.tolist(), rate[row], eligible[row, :end].tolist())
        np.testing.assert_allclose(np.minimum(result[row, :end], 1.0), expected, atol=2e-5)
        assert not result[row, end:].any()


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 9999))
def test_occurrences_are_counted_in_each_sequence_alone(seed):
    rng = np.random.default_rng(seed)
    ids, which = rng.integers(-1, SIZE + 2, (3, 9)).astype("int32"), rng.random((3, 9)) < 0.7
    result = to_numpy(occurrences(*map(keras.ops.convert_to_tensor, (ids, which)), SIZE))
    for row in range(3):
        counts = Counter(ids[row][which[row]].tolist())
        expected = [counts[one] * (use and 0 <= one < SIZE) for one, use in zip(ids[row], which[row], strict=True)]
        assert result[row].tolist() == expected


def test_tokens_are_replaced_as_often_as_their_probabilities_say():
    ids = np.tile(np.array([1, 5, 5, 9, 12, 2, 0]), (6000, 1)).astype("int32")
    layer = _layer(0.5)
    params = to_numpy(layer.draw(ids, seed=3))
    result = to_numpy(layer.apply(ids, {**params, "ids": np.full(ids.shape, 15)}))
    expected = _uda([5, 5, 9, 12], IDF.tolist(), 0.5, [1] * 4)
    assert expected[3] == 0.0  # what tells most stays
    replaced = (result != ids).mean(axis=0)
    np.testing.assert_allclose(replaced[1:5], expected, atol=4 * 0.5 / np.sqrt(6000))
    assert not replaced[[0, 5, 6]].any()
    assert np.mean(replaced[1:5]) == pytest.approx(0.5, abs=0.02)


def test_replacements_are_drawn_by_weight_and_never_special():
    ids = np.full((5000, 2), 5, "int32")
    ids[:, 1] = 15
    layer = _layer(1.0)
    result = to_numpy(layer.apply(ids, layer.draw(ids, seed=3)))
    assert (result[:, 1] == 15).all()
    weights = np.arange(SIZE) * (np.arange(SIZE) > 2.0)
    counts = np.bincount(result[:, 0], minlength=SIZE)
    assert not counts[:3].any()
    assert stats.chisquare(counts[3:], weights[3:] / weights.sum() * 5000).pvalue > 1e-3


def test_an_alias_table_holds_the_weights_exactly():
    for weights in (np.array([0.0, 3.0, 0.0, 1.0, 0.5]), np.array([2.0]), np.random.default_rng(0).zipf(1.5, 999)):
        kept, alias = alias_table(weights)
        size, held = len(weights), np.zeros(len(weights))
        np.add.at(held, np.arange(size), kept / size)
        np.add.at(held, alias, (1.0 - kept) / size)
        np.testing.assert_allclose(held, weights / weights.sum(), atol=1e-7)
        bits = np.random.default_rng(1).integers(-(2**31), 2**31, (2, 1, 4000)).astype("int32")
        drawn = to_numpy(draw_by_weight((kept, alias), *map(keras.ops.convert_to_tensor, bits)))
        assert (weights[drawn] > 0).all()


def test_tables_of_a_corpus_are_those_of_the_paper():
    layer = TfIdfReplacement.from_corpus(CORPUS, SIZE, 0.3, special_token_ids=[1, 2])
    documents = [[one for one in text if one > 2] for text in CORPUS]
    frequency = Counter(one for text in documents for one in text)
    idf = {one: math.log(len(CORPUS) / sum(one in text for text in documents)) for one in frequency}
    most = max(frequency[one] * idf[one] for one in frequency)
    for one in range(SIZE):
        assert layer.idf[one] == pytest.approx(idf.get(one, math.log(4)), abs=1e-6)
        weight = most - frequency[one] * idf[one] if one in frequency else 0.0
        assert layer.replacement_weights[one] == pytest.approx(weight, abs=1e-6)
    again = TfIdfReplacement.from_config(layer.get_config())
    np.testing.assert_array_equal(again.replacement_weights, layer.replacement_weights)
    np.testing.assert_array_equal(again.idf, layer.idf)
    ragged = TfIdfReplacement.from_corpus([np.array(text) for text in documents], SIZE, 0.3)
    np.testing.assert_array_equal(ragged.idf, layer.idf)


def test_a_corpus_of_which_all_tokens_say_as_much_has_even_weights():
    layer = TfIdfReplacement.from_corpus([[3, 4], [4, 3]], 6, 0.3)
    assert layer.replacement_weights.tolist() == [0, 0, 0, 1, 1, 0]


def test_only_words_of_one_token_are_replaced_as_words_and_what_is_unknown_stays():
    data = {"token_ids": np.array([[5, 6, 7, 8, 99]], "int32"), "word_ids": np.array([[0, 1, 1, 2, 3]], "int32")}
    params = {"taken": np.ones((1, 5), bool), "ids": np.full((1, 5), 14)}
    result = to_numpy(_layer(unit="word").apply(data, params))
    assert result["token_ids"].tolist() == [[14, 6, 7, 14, 99]]


WRONG = {
    r"idf, a number for each id.*'abc'|idf, a table, or the text.*'abc'": {"idf": "abc"},
    r"idf, a number for each id of the vocabulary\.": {"idf": [[1.0]]},
    r"idf, a number.*nan": {"idf": [1.0, float("nan")]},
    r"replacement_weights, a number of 0.0 or more.*of which there are 16": {"replacement_weights": [1.0]},
    r"replacement_weights, a number of 0.0 or more": {"replacement_weights": -np.ones(SIZE)},
    r"replacement_weights, of which one is not 0": {"replacement_weights": np.eye(SIZE)[0]},
}


@pytest.mark.parametrize("message", WRONG)
def test_what_are_no_tables_is_refused(message):
    arguments = {"idf": IDF, "replacement_weights": np.ones(SIZE), **WRONG[message]}
    with pytest.raises(ValueError, match="TfIdfReplacement expects (" + message + ")"):
        TfIdfReplacement(0.3, **arguments)


@pytest.mark.parametrize(
    ("corpus", "message"),
    [([[3, 16]], r"from 0 to 15.*\[3, 16\]"), ([["a"]], "a list of integers"), ([[0]], "hold a token"), ([], "hold")],
)
def test_what_is_no_corpus_is_refused(corpus, message):
    with pytest.raises(ValueError, match="TfIdfReplacement expects documents .*" + message):
        TfIdfReplacement.from_corpus(corpus, SIZE, 0.3)
