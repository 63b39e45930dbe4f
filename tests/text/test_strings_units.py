"""Where characters and words are: against the `regex` package's grapheme clusters, and by hand."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasaug.text.strings.graphemes import _SINGLE, graphemes
from kerasaug.text.strings.units import tokenized, units_of

CLUSTERS = [
    "e\u0301",  # a letter and an accent
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
    "\U0001f44d\U0001f3fd",  # a thumb with a skin tone
    "\U0001f1eb\U0001f1f7",  # a flag
    "\u2764\ufe0f",  # a heart, as an emoji
    "\u0915\u094d\u0937\u093f",  # a Devanagari conjunct with a vowel
    "\u1112\u1161\u11ab",  # a Hangul syllable in jamo
    "\r\n",
    "가\u11a8",
    "\u0e01\u0e33",  # Thai with a vowel that counts as a mark
]


@pytest.mark.parametrize("cluster", CLUSTERS, ids=ascii)
def test_clusters_stay_whole(cluster):
    assert graphemes(f"a{cluster}{cluster}b") == ["a", cluster, cluster, "b"]


def test_flags_go_in_pairs():
    flags = "\U0001f1eb\U0001f1f7\U0001f1e9\U0001f1ea\U0001f1eb"
    assert [len(one) for one in graphemes(flags)] == [2, 2, 1]


def test_controls_join_nothing():
    assert graphemes("\n\u0301\ra\ud800\u0301") == ["\n", "\u0301", "\r", "a", "\ud800", "\u0301"]


SOME = [*"".join(CLUSTERS), "a", "\u0600", "\u200c", "\u0b4d", "\n", " ", "中", "\ud83d", "\U000e0067", "\u093c"]


@given(st.text(st.one_of(st.sampled_from(SOME), st.characters(max_codepoint=0x1FFFF)), max_size=12))
def test_no_cluster_is_split(text):
    regex = pytest.importorskip("regex")
    ours = graphemes(text)
    assert "".join(ours) == text
    if all(unicodedata.category(one) != "Cn" for one in text):
        assert ends(ours) <= ends(regex.findall(r"\X", text))


def ends(parts):
    return {sum(map(len, parts[: i + 1])) for i in range(len(parts))}


def test_what_is_told_by_its_block_stands_alone():
    regex = pytest.importorskip("regex")
    single = re.compile(f"[{_SINGLE}]")
    characters = [chr(i) for i in range(0x10000) if single.match(chr(i))]
    assert len(characters) > 30_000
    assert regex.findall(r"\X", "".join(characters)) == characters


def surfaces(text, unit="auto"):
    return [(text[start:end], kind[0]) for start, end, kind in units_of(text, unit)]


def test_words_and_marks():
    assert surfaces("It's a  state-of-the-art cafe\u0301 (n° 12)!") == [
        *[("It's", "w"), ("a", "w"), ("state-of-the-art", "w"), ("cafe\u0301", "w"), ("(", "m")],
        *[("n", "w"), ("°", "m"), ("12", "w"), (")", "m"), ("!", "m")],
    ]
    assert surfaces("- 'tis --x \U0001f468\u200d\U0001f469 ok") == [
        *[("-", "m"), ("'", "m"), ("tis", "w"), ("-", "m"), ("-", "m"), ("x", "w")],
        *[("\U0001f468\u200d\U0001f469", "m"), ("ok", "w")],
    ]
    assert surfaces("हिन्दी शब्द") == [("हिन्दी", "w"), ("शब्द", "w")]
    assert surfaces("") == surfaces(" \n ") == []


def test_scripts_without_spaces_go_by_characters():
    assert surfaces("我爱Python编程。") == [
        *[("我", "g"), ("爱", "g"), ("Python", "w"), ("编", "g"), ("程", "g"), ("。", "m")],
    ]
    assert surfaces("東京タワー へ") == [(one, "g") for one in "東京タワーへ"]
    assert surfaces("ที่") == [("ที่", "g")]
    assert surfaces("我爱你 ok", "word") == [("我爱你", "w"), ("ok", "w")]
    assert surfaces("cafe\u0301 x!", "character") == [
        *[("c", "g"), ("a", "g"), ("f", "g"), ("e\u0301", "g"), ("x", "g"), ("!", "m")],
    ]


def test_other_tokenizers():
    assert tokenized("a b-c", str.split, "op") == [(0, 1, "word"), (2, 5, "word")]
    assert tokenized("a b-c", lambda text: [(0, 1), (2, 2), (3, 4)], "op") == [(0, 1, "word"), (3, 4, "mark")]
    assert tokenized("abc", lambda text: ["ab", "##c"], "op") == ["ab", "##c"]
    with pytest.raises(ValueError, match=r"op expects a tokenizer that returns strings.*Received: \(2, 9\)"):
        tokenized("abc", lambda text: [(2, 9)], "op")
    with pytest.raises(ValueError, match="pieces follow one another"):
        tokenized("abc", lambda text: [(0, 2), (1, 3)], "op")


def test_tokenizers_of_tensorflow_text():
    text = pytest.importorskip("tensorflow_text")
    pytest.importorskip("tensorflow")
    expected = [(0, 4, "word"), (4, 7, "mark"), (8, 10, "glyph"), (10, 11, "word")]
    found = tokenized("café, \U0001f642 日本x", text.UnicodeScriptTokenizer(), "op")
    assert found == expected
    assert tokenized("a bc", text.WhitespaceTokenizer(), "op") == [(0, 1, "word"), (2, 4, "word")]
