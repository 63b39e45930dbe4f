"""What holds of every op on strings, for any text that Unicode allows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasaug.text import strings
from kerasaug.text.strings.graphemes import graphemes
from kerasaug.text.strings.units import MARK, units_of

LEXICON = {"a": ["one", "b c"], "big": ["large"], "你": ["您"], "é": ["e\u0301"]}
OPS = {
    "synonyms": strings.SynonymReplacement(LEXICON, 0.6),
    "insertion": strings.RandomInsertion(LEXICON, 0.6),
    "swap": strings.RandomSwap(0.6),
    "adjacent": strings.RandomSwap((0.1, 0.9), adjacent=True),
    "deletion": strings.RandomDeletion(0.6),
    "dropout": strings.WordDropout(0.6),
    "aeda": strings.PunctuationInsertion(0.6),
    "punctuation": strings.PunctuationNoise(0.6),
    "keyboard": strings.KeyboardNoise(0.6, layout="azerty"),
    "ocr": strings.OcrNoise(0.6),
    "letters_in": strings.RandomCharacterInsertion(0.6),
    "letters_out": strings.RandomCharacterDeletion(0.6),
    "letters_swapped": strings.RandomCharacterSwap(0.6),
    "case": strings.CaseNoise(0.6),
    "characters": strings.RandomSwap(0.6, unit="character"),
    "runs": strings.RandomDeletion(0.6, unit="word"),
}
OPS["compose"] = strings.Compose([OPS["insertion"], OPS["deletion"], OPS["swap"], OPS["letters_out"]])
OPS["one_of"] = strings.OneOf([OPS["aeda"], OPS["case"]])

each = pytest.mark.parametrize("op", OPS.values(), ids=OPS)
few = settings(max_examples=40, deadline=None)

PIECES = [
    "a",
    "big",
    "é",
    "e\u0301",
    "don't",
    "你",
    "かな",
    "ที่",
    "हिन्दी",
    " ",
    "  ",
    "\n",
    "\r\n",
    ",",
    "(",
    ")",
    "x-y",
    "12",
]
PIECES += [
    "\U0001f468\u200d\U0001f469",
    "\U0001f1eb\U0001f1f7",
    "\u0301",
    "\u200d",
    "\ud83d",
    "ß",
    "ŉ",
    "\u1112\u1161\u11ab",
]
texts = st.one_of(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.text(max_size=14))


@st.composite
def labelled(draw):
    """A text and some spans of it, which may overlap, be empty, and begin within a word."""
    text = draw(texts)
    places = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(places, places), max_size=3))
    return text, [(min(pair), max(pair), "label") for pair in pairs]


@each
@few
@given(case=labelled(), seed=st.integers(-(2**63), 2**63 - 1))
def test_spans_cut_out_what_they_did(op, case, seed):
    text, spans = case
    changed, moved = op(text, seed=seed, spans=spans)
    assert [changed[start:end] for start, end, _ in moved] == [text[start:end] for start, end, _ in spans]
    assert [label for *_, label in moved] == ["label"] * len(spans)
    assert op(text, seed=seed, spans=spans) == (changed, moved)


def surrogates(text):
    return [one for one in text if "\ud800" <= one <= "\udfff"]


@each
@few
@given(text=texts, seed=st.integers(0, 2**32))
def test_no_surrogate_is_made_and_what_is_protected_stays(op, text, seed):
    changed = op(text, seed=seed)
    assert len(surrogates(changed)) <= len(surrogates(text))
    assert text in op(text, seed=seed, spans=[(0, len(text))])[0]


def words(text):
    return sorted(text[start:end] for start, end, kind in units_of(text, "auto") if kind != MARK)


@few
@given(
    text=st.lists(st.sampled_from(["a", "big", "你", "e\u0301", " ", ",", "(", "\n"]), max_size=14).map(" ".join),
    seed=st.integers(0, 2**32),
)
def test_swaps_keep_the_words_and_the_rest(text, seed):
    changed = OPS["swap"](text, seed=seed)
    assert sorted(changed) == sorted(text)
    assert words(changed) == words(text)


@few
@given(text=texts, seed=st.integers(0, 2**32), rate=st.floats(0.01, 1.0))
def test_counts_are_as_documented(text, seed, rate):
    op = strings.WordDropout(rate, "\ue000", count="exact")
    words = sum(kind != MARK for *_, kind in units_of(text, "auto"))
    expected = max(1, int(rate * words)) if words else 0
    assert op(text, seed=seed).count("\ue000") == expected
    deleted = strings.RandomDeletion(1.0).draw(text, seed=seed)["units"]
    assert len(deleted) == max(0, words - 1)
    gaps = strings.PunctuationInsertion(rate).draw(text, seed=seed)["gaps"]
    assert len(set(gaps)) == len(gaps) <= int(rate * words + 1)
    assert bool(gaps) == bool(words)


@few
@given(text=texts, seed=st.integers(0, 2**32))
def test_draw_and_apply_are_the_call(text, seed):
    for op in OPS.values():
        if isinstance(op, strings.StringOp):
            assert op.apply(text, op.draw(text, seed=seed)) == op(text, seed=seed)


@few
@given(text=texts, seed=st.integers(0, 2**32))
def test_characters_swapped_or_deleted_are_whole(text, seed):
    kept = graphemes(text)
    for name in ("letters_swapped", "letters_out", "letters_in"):
        document, _ = OPS[name].read(text, ())
        for i, at in OPS[name].draw(text, seed=seed)["characters"]:
            assert graphemes(document.surfaces[i])[at] in kept


@few
@given(tokens=st.lists(st.sampled_from(["a", "big", "你", ",", "", "x"]), max_size=8), data=st.data())
def test_labels_stay_with_their_tokens(tokens, data):
    labels = data.draw(st.lists(st.sampled_from("OOAB"), min_size=len(tokens), max_size=len(tokens)))
    seed = data.draw(st.integers(0, 2**32))
    for op in OPS.values():
        changed, moved = op.on_tokens(tokens, labels, seed=seed)
        assert len(changed) == len(moved)
        entities = [pair for pair in zip(tokens, labels, strict=True) if pair[1] != "O"]
        assert [pair for pair in zip(changed, moved, strict=True) if pair[1] != "O"] == entities
