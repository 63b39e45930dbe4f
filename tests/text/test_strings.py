"""Ops on strings with choices made by hand, so that each result can be written down."""

import re

import pytest

from kerasaug.text import Lexicon, strings
from kerasaug.text.strings.keyboards import OCR, neighbours

LEXICON = {"film": ["movie", "motion picture"], "big": ["large"], "big deal": ["x"], "你": ["您"]}
FAMILY = "\U0001f468\u200d\U0001f469"


def apply(op, text, spans=None, **choices):
    return op.apply(text, choices, spans)


def test_synonyms_take_the_place_and_the_case():
    op = strings.SynonymReplacement(LEXICON)
    text = "A big\tFILM , Big film.\n"
    assert apply(op, text, units=[1, 2, 5], picks=[0, 1, 0]) == "A large\tMOTION PICTURE , Big movie.\n"
    assert apply(op, text, units=[4], picks=[0]) == "A big\tFILM , Large film.\n"
    assert op.draw("nothing here", seed=0) == {"units": [], "picks": []}


def test_stop_words_have_no_synonyms_in_english():
    entries = {"a": ["angstrom"], "film": ["movie"]}
    assert strings.SynonymReplacement(Lexicon(entries, "en"), 1.0)("A film", seed=0) == "A movie"
    assert strings.SynonymReplacement(Lexicon(entries), 1.0)("A film", seed=0) == "Angstrom movie"
    assert strings.SynonymReplacement(entries, 1.0, stopwords=["FILM"])("A film", seed=0) == "Angstrom film"


def test_insertions_bring_their_space():
    op = strings.RandomInsertion(LEXICON)
    assert apply(op, "the film", units=[1, 1], picks=[0, 1], gaps=[0, 2]) == "movie the film motion picture"
    assert apply(op, "(big)", units=[1], picks=[0], gaps=[1]) == "(large big)"
    assert apply(op, "你好", units=[0], picks=[0], gaps=[1]) == "你您好"
    assert op.draw("the big, film!", seed=1).keys() == {"units", "picks", "gaps"}


def test_swaps_follow_one_another():
    op = strings.RandomSwap()
    assert apply(op, "a b,  c d", pairs=[(0, 1), (0, 4)]) == "d a,  c b"
    assert apply(op, "我爱你", pairs=[(0, 2)]) == "你爱我"


def test_deletions_take_one_space():
    op = strings.RandomDeletion()
    for text, units, expected in [
        ("one two three", [1], "one three"),
        ("one two three", [0], "two three"),
        ("one two three", [2], "one two"),
        ("one two three", [0, 1], "three"),
        ("one two three", [1, 2], "one"),
        (" one two", [0], " two"),
        ("one two, three", [1], "one, three"),
        ("one (two three)", [2], "one (three)"),
        ("one\ntwo three", [1], "one\nthree"),
        ("one/two three", [2], "one/ three"),
        ("我爱你", [1], "我你"),
    ]:
        assert apply(op, text, units=units) == expected, text


def test_deletion_leaves_one_word():
    op = strings.RandomDeletion(1.0)
    found = {op("one, two", seed=seed) for seed in range(30)}
    assert found == {"one,", ", two"}
    assert op("one, two", seed=0, spans=[(0, 3)]) == ("one,", [(0, 3)])


def test_word_dropout():
    assert apply(strings.WordDropout(token="<unk>"), "a b-c d", units=[1]) == "a <unk> d"


def test_aeda_puts_marks_before_words():
    op = strings.PunctuationInsertion()
    assert apply(op, "we  are here", gaps=[0, 2], marks=[5, 2]) == ": we  are ! here"
    text = "one two three four five six seven eight nine ten"
    added = [len(op(text, seed=seed).split()) - 10 for seed in range(200)]
    assert set(added) == {1, 2, 3, 4}  # from 1 to ⌊.3 · 10 + 1⌋
    assert min(added.count(one) for one in (1, 2, 3, 4)) > 30  # 50 each, on average
    assert strings.PunctuationInsertion(0.0)(text, seed=1) == text


def test_punctuation_noise():
    op = strings.PunctuationNoise()
    choices = {"units": [1, 3, 4], "hows": ["delete", "repeat", "replace"], "marks": [0, 0, 2]}
    assert op.apply("Well, (yes)! " + FAMILY, {**choices, "units": [1, 2, 5]}) == "Well ((yes)! " + FAMILY
    units = strings.PunctuationNoise(1.0).draw("a+b, c " + FAMILY, seed=0)["units"]
    assert units == [3]  # neither + nor the emoji
    assert op.on_tokens(["a", ",", "b"], seed=0) in (["a", ",", "b"], ["a", ",,", "b"], ["a", "b"])
    assert strings.PunctuationNoise(1.0, how="delete").on_tokens(["a", ",", "b"], ["O", "O", "O"], seed=0) == (
        ["a", "b"],
        ["O", "O"],
    )


def test_character_ops_keep_clusters_whole():
    text = "cafe\u0301s x"
    for op, at, expected in [
        (strings.RandomCharacterDeletion(), 3, "cafs x"),
        (strings.RandomCharacterSwap(), 3, "cafse\u0301 x"),
        (strings.RandomCharacterInsertion(alphabet="z"), 4, "cafe\u0301zs x"),
    ]:
        assert apply(op, text, characters=[(0, at)], picks=[0]) == expected


def test_character_swaps_do_not_overlap():
    op = strings.RandomCharacterSwap(1.0)
    assert op("abcd efg h", seed=0) == "badc feg h"


def test_character_deletion_spares_one():
    assert strings.RandomCharacterDeletion(1.0)("abc d, 你好", seed=0) == "a d, 你好"


def test_min_length_and_letters_of_the_text():
    op = strings.RandomCharacterInsertion(1.0, min_length=3)
    changed = op("да нет", seed=0)
    assert changed.startswith("да ")
    assert len(changed) == 9
    assert set(changed) <= set("данет ")


def test_keyboards():
    qwerty, azerty, qwertz = (neighbours(one) for one in ("qwerty", "azerty", "qwertz"))
    assert set(qwerty["s"]) == set("adwezx")
    assert set(qwerty["q"]) == set("wa")
    assert set(qwerty["5"]) == set("46")
    assert set(azerty["q"]) == set("sazw")
    assert set(azerty["m"]) == set("lp")
    assert set(qwertz["z"]) == set("tugh")
    assert set(qwertz["ä"]) == set("öü")
    for layout in (qwerty, azerty, qwertz):
        assert all(key in layout[other] for key, beside in layout.items() for other in beside)
    assert strings.KeyboardNoise(1.0, layout={"a": "b"})("aA c", seed=0) == "bB c"
    assert apply(strings.KeyboardNoise(), "Q1", characters=[(0, 0), (0, 1)], picks=[0, 0]) == "W2"


def test_ocr():
    assert all(one not in taken_for for one, taken_for in OCR.items())
    assert apply(strings.OcrNoise(), "mO 日", characters=[(0, 0), (0, 1)], picks=[0, 0]) == "rn0 日"


def test_case_noise():
    op = strings.CaseNoise()
    hows = ["upper", "lower", "title", "swap"]
    assert apply(op, "it's ONE straße tWo 你", units=[0, 1, 2, 3], hows=hows) == "IT'S one Straße TwO 你"
    assert strings.CaseNoise(1.0).draw("a 1 你 b", seed=0)["units"] == [0, 3]


def test_what_is_protected_stays_whatever_was_chosen():
    text = "In New York, big films"
    everything = {"units": [0, 1, 2, 4, 5], "picks": [0] * 5, "pairs": [(0, 5), (1, 4)], "hows": ["upper"] * 5}
    span = [(3, 11, "LOC")]
    delete, swap, case = strings.RandomDeletion(), strings.RandomSwap(), strings.CaseNoise()
    assert delete.apply(text, everything, span) == ("New York,", [(0, 8, "LOC")])
    assert swap.apply(text, everything, span) == ("films New York, big In", [(6, 14, "LOC")])
    assert case.apply(text, everything, span) == ("IN New York, BIG FILMS", [(3, 11, "LOC")])
    for protected in (["New York"], "New.York", re.compile("New York"), ["York", "New"]):
        assert strings.CaseNoise(protected=protected).apply(text, everything) == "IN New York, BIG FILMS"
    op = strings.CaseNoise(1.0, how="upper", protected=["New York"])
    assert op.on_tokens(["in", "New", "York", "new"], seed=0) == ["IN", "New", "York", "NEW"]
    insert = strings.PunctuationInsertion()
    assert insert.apply(text, {"gaps": [1, 2, 4], "marks": [0, 1, 2]}, span) == (
        "In . New York, ! big films",
        [(5, 13, "LOC")],
    )


def test_spans_keep_their_form():
    spans = [{"start": 4, "end": 7, "label": "X"}, [4, 7], (7, 7, "answer", 3)]
    text, moved = strings.WordDropout(1.0, "[MASK]")("one two", seed=0, spans=spans)
    assert text == "[MASK] two"
    assert moved == [{"start": 7, "end": 10, "label": "X"}, [7, 10], (10, 10, "answer", 3)]
    assert spans[0]["start"] == 4
    for bad in [(0, 9), (3, 1), (-1, 2), "x", {"start": 1}, (0,)]:
        with pytest.raises(ValueError, match=r"WordDropout expects spans.*of a text of 7"):
            strings.WordDropout()("one two", spans=[bad])


def test_space_of_a_span_stays():
    text, moved = strings.RandomDeletion().apply("one two  three", {"units": [1]}, [(7, 9)])
    assert text[slice(*moved[0])] == "  "
    assert text == "one  three"
    assert strings.RandomDeletion().apply("one  two three", {"units": [1]}, [(3, 5)]) == ("one  three", [(3, 5)])


def test_nothing_is_inserted_within_a_span_that_ends_in_space():
    choices = {"units": [0], "picks": [0], "gaps": [1]}
    insert = strings.RandomInsertion(LEXICON)
    assert insert.apply("big  ", choices) == "big large  "
    assert insert.apply("big  ", choices, [(2, 5)]) == ("big  ", [(2, 5)])
    assert insert.apply("big  ", choices, [(0, 3)]) == ("big large  ", [(0, 3)])
