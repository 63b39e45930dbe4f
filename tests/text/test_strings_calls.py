"""Calls of ops on strings: lists, seeds, shares, tokens with labels, other tokenizers, EDA; and what they refuse."""

import pickle

import numpy as np
import pytest

from kerasaug.text import strings
from kerasaug.text.strings.draws import Draws

LEXICON = {"film": ["movie", "motion picture"], "big": ["large"]}


def test_lists_and_arrays_of_texts():
    op = strings.RandomSwap(0.5)
    texts = ["one two three four five"] * 6
    changed = op(texts, seed=3)
    assert changed == op(tuple(texts), seed=3) == op(np.array(texts), seed=3)
    assert changed[0] == op(texts[0], seed=3)
    assert len(set(changed)) > 3
    assert changed != op(texts, seed=4)
    assert op(texts) != op(texts)
    assert op([]) == []
    assert op(texts[:2], seed=3, spans=[[(0, 3)], []])[1] == [[(0, 3)], []]


def test_ops_go_to_other_processes():
    op = strings.Compose([strings.SynonymReplacement(LEXICON, 1.0, protected=["x"]), strings.KeyboardNoise(0.5)])
    text = "a big film, x"
    assert pickle.loads(pickle.dumps(op))(text, seed=1) == op(text, seed=1)


def test_p_is_the_share_of_texts():
    op = strings.CaseNoise(1.0, how="upper", p=0.3)
    changed = op(["a"] * 1000, seed=0).count("A")
    assert 250 < changed < 350


def test_counts_and_ranges_of_rates():
    text = " ".join(["a"] * 40)
    exact = strings.WordDropout(0.25, "x", count="exact")
    assert {exact(text, seed=seed).count("x") for seed in range(5)} == {10}
    assert strings.WordDropout(0.001, "x", count="exact")(text, seed=0).count("x") == 1
    assert strings.WordDropout(0.0, "x", count="exact")(text, seed=0) == text
    drawn = {strings.WordDropout((0.0, 1.0), "x", count="exact")(text, seed=seed).count("x") for seed in range(40)}
    assert min(drawn) < 8
    assert max(drawn) > 32
    total = sum(strings.WordDropout(0.25, "x")(text, seed=seed).count("x") for seed in range(100))
    assert 880 < total < 1120  # 1000, with a deviation of 27


def test_tokens_and_their_labels():
    tokens = ["Ann", "saw", "a", "big", "film", "in", "New", "York"]
    labels = ["B-PER", "O", "O", "O", "O", "O", "B-LOC", "I-LOC"]
    for op in (
        strings.SynonymReplacement(LEXICON, 1.0),
        strings.RandomInsertion(LEXICON, 1.0),
        strings.RandomSwap(1.0),
        strings.RandomDeletion(0.7),
        strings.PunctuationInsertion(1.0),
        strings.Compose([strings.RandomDeletion(0.3), strings.RandomSwap(1.0), strings.RandomInsertion(LEXICON, 1.0)]),
        strings.OneOf([strings.RandomSwap(1.0), strings.KeyboardNoise(1.0)]),
    ):
        for seed in range(5):
            changed, moved = op.on_tokens(tokens, labels, seed=seed)
            assert len(changed) == len(moved)
            assert changed != tokens
            found = [(token, label) for token, label in zip(changed, moved, strict=True) if label != "O"]
            assert found == [("Ann", "B-PER"), ("New", "B-LOC"), ("York", "I-LOC")]
            assert moved[moved.index("B-LOC") + 1] == "I-LOC"
    assert strings.RandomSwap(0.5).on_tokens(["a", "b"], seed=0) == ["b", "a"]
    assert strings.RandomSwap(0.5).on_tokens(["a", "b", "c"], [0, 0, 5], seed=0, outside=0) == (
        ["b", "a", "c"],
        [0, 0, 5],
    )
    with pytest.raises(ValueError, match=r"labels for 2 tokens. Received: 1"):
        strings.RandomSwap().on_tokens(["a", "b"], ["O"])


def test_tokenizer_and_detokenizer():
    def pieces(text):
        return [part for word in text.split() for part in (word[:2], *(["##" + word[2:]] if word[2:] else []))]

    def joined(tokens):
        return " ".join(tokens).replace(" ##", "")

    op = strings.RandomDeletion(tokenizer=pieces, detokenizer=joined)
    assert op.apply("some words", {"units": [1, 2]}) == "sords"
    assert strings.RandomDeletion(0.0, tokenizer=pieces, detokenizer=joined)("some   words", seed=0) == "some   words"
    with pytest.raises(ValueError, match="no spans"):
        op("some words", spans=[(0, 1)])
    with pytest.raises(ValueError, match="a detokenizer"):
        strings.RandomDeletion(tokenizer=pieces)("some words")
    hyphens = strings.RandomSwap(tokenizer=lambda text: text.replace("-", " ").split())
    assert hyphens.apply("a-b  c", {"pairs": [(0, 2)]}) == "c-b  a"


def test_eda():
    op = strings.EasyDataAugmentation({"film": ["movie"]}, num_aug=8)
    text = "a film about some other words that mean nothing"
    made = op(text, seed=0)
    assert len(made) == 9
    assert made[-1] == text
    assert sum("movie" in one and "film" not in one for one in made) >= 1
    assert op(text, seed=0) == made
    assert op([text, text], seed=0)[0] == made
    assert op([text, text], seed=0)[1] != made
    spans = [(2, 6, "X")]
    for one, moved in op(text, seed=0, spans=spans):
        assert one[slice(*moved[0][:2])] == "film"
    only = strings.EasyDataAugmentation({}, alpha_sr=0, alpha_ri=0, p_rd=0, num_aug=3, include_original=False)
    assert all(sorted(one.split()) == sorted(text.split()) != one.split() for one in only(text, seed=0))
    with pytest.raises(ValueError, match="at least one α above 0"):
        strings.EasyDataAugmentation({}, 0, 0, 0, 0)


def test_eda_shares_equally():
    op = strings.EasyDataAugmentation({}, num_aug=9)
    plans = [op.plan(Draws(seed)) for seed in range(300)]
    assert all(len(plan) == 9 and max(plan.count(i) for i in range(4)) <= 3 for plan in plans)
    counts = [sum(plan.count(i) for plan in plans) for i in range(4)]
    assert all(620 < count < 730 for count in counts)  # 675 each


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: strings.RandomSwap(1.5), "RandomSwap expects rate"),
        (lambda: strings.RandomSwap(p=-1), "RandomSwap expects p"),
        (lambda: strings.RandomSwap(unit="letter"), "RandomSwap expects unit to be one of"),
        (lambda: strings.RandomSwap(protected="("), "RandomSwap expects protected, a pattern. Received: '\\('"),
        (lambda: strings.RandomSwap(protected=[1]), "a pattern or a list of words. Received: protected=\\[1\\]"),
        (
            lambda: strings.RandomSwap()(b"bytes"),
            "RandomSwap expects a string, or a list of strings. Received: b'bytes'",
        ),
        (lambda: strings.RandomSwap()(["a", 1]), "list of strings. Received: 1"),
        (lambda: strings.RandomSwap()("a", seed=0.5), "RandomSwap expects seed"),
        (lambda: strings.RandomSwap()(["a"], spans=[]), "a list for each of 1 texts. Received: 0"),
        (lambda: strings.WordDropout(token=""), "WordDropout expects token"),
        (lambda: strings.KeyboardNoise(layout="dvorak"), "KeyboardNoise expects layout to be one of"),
        (lambda: strings.CaseNoise(how="camel"), "CaseNoise expects how to be one of"),
        (lambda: strings.CaseNoise(how=[]), "CaseNoise expects how, some of"),
        (lambda: strings.PunctuationInsertion(punctuation=[]), "expects punctuation, strings"),
        (lambda: strings.RandomCharacterInsertion(alphabet=""), "expects alphabet, letters"),
        (lambda: strings.SynonymReplacement(["a"]), "SynonymReplacement expects lexicon"),
        (lambda: strings.Compose([]), "Compose expects ops"),
        (lambda: strings.OneOf([str.upper]), "OneOf expects ops"),
    ],
)
def test_errors_say_what_was_expected(make, message):
    with pytest.raises(ValueError, match=message):
        make()
