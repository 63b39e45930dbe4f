"""WordNet's dictionary files: own tiny ones, and the real ones where the system has them."""

from pathlib import Path

import pytest

from kerasaug.text import LexiconError, read_wordnet

LICENCE = "  1 This software and database is being provided to you, the LICENSEE, by\n"
DATA = {
    "noun": "00000100 03 n 02 film 0 movie 0 001 @ 00000200 n 0000 | a form of entertainment\n"
    "00000200 03 n 01 show 0 000 | what is shown\n"
    "00000300 03 n 02 film 1 thin_coat 0 000 | a layer\n",
    "verb": "00000100 30 v 03 film 0 shoot 1 take 0 000 01 + 08 00 | make a film\n",
    "adj": "00000100 00 a 02 asleep(p) 0 Sleeping 0 000 | in a state of sleep\n"
    "00000200 00 a 0b a 0 b 0 c 0 d 0 e 0 f 0 g 0 h 0 i 0 j 0 galore(ip) 0 000 | eleven, in hexadecimal\n",
    "adv": "",
}
INDEX = {
    "noun": "film n 2 1 @ 2 1 00000300 00000100  \nmovie n 1 1 @ 1 1 00000100\nthin_coat n 1 0 1 0 00000300\n"
    "show n 1 0 1 0 00000200\n",
    "verb": "film v 1 0 1 1 00000100\nshoot v 1 0 1 0 00000100\n",
    "adj": "asleep a 1 0 1 0 00000100\nsleeping a 1 0 1 0 00000100\ngalore a 1 0 1 0 00000200\n",
    "adv": "",
}


@pytest.fixture
def folder(tmp_path):
    for part in DATA:
        (tmp_path / f"data.{part}").write_text(LICENCE + DATA[part])
        (tmp_path / f"index.{part}").write_text(LICENCE + INDEX[part])
    return tmp_path


def test_synsets_become_synonyms_in_the_order_of_senses(folder):
    lexicon = read_wordnet(folder)
    assert lexicon["film"] == ["thin coat", "shoot", "take", "movie"]  # first senses of all parts, then second ones
    assert lexicon["movie"] == ["film"]
    assert lexicon["thin coat"] == ["film"]
    assert lexicon["Sleeping"] == ["asleep"]
    assert lexicon["asleep"] == ["Sleeping"]
    assert lexicon["galore"] == list("abcdefghij")
    assert "show" not in lexicon
    assert lexicon.language == "en"
    assert lexicon.parts("film", "movie") == {"noun"}
    assert dict(lexicon.filter("verb")) == {"film": ["shoot", "take"], "shoot": ["film", "take"]}


def test_counted_senses_come_first(folder):
    (folder / "cntlist.rev").write_text("film%1:10:00:: 2 7\nfilm%2:30:00:: 1 3\nasleep%5:00:00:dead:00 1 2\n")
    assert read_wordnet(folder)["film"] == ["movie", "shoot", "take", "thin coat"]
    (folder / "cntlist.rev").write_text("film%1:10:00:: 2 7\nfilm 1 3\n")
    with pytest.raises(LexiconError, match=r"cntlist.rev, line 2: expected a sense key.*'film 1 3'"):
        read_wordnet(folder)


def test_parts_are_chosen(folder):
    (folder / "data.noun").unlink()
    assert read_wordnet(folder, "verb")["film"] == ["shoot", "take"]
    with pytest.raises(FileNotFoundError, match=r"data.noun.*wordnet-base"):
        read_wordnet(folder)
    with pytest.raises(ValueError, match="parts, of"):
        read_wordnet(folder, "adj")


@pytest.mark.parametrize(
    ("file", "line", "message"),
    [
        ("data.noun", "00000100 03 n 02 film 0 movie", "line 2: expected a synset"),
        ("data.noun", "00000100 03 n xy film 0 000", "line 2: expected a synset"),
        ("data.verb", "<html>", "line 2: expected a synset.*'<html>'"),
        ("index.noun", "film n 2 1 @ 2 1 00000300", "line 2: expected a lemma"),
        ("index.noun", "film", "line 2: expected a lemma"),
        (
            "index.noun",
            "film n 1 0 1 1 00000999",
            "line 2: expected offsets of synsets in data.noun. Received: '00000999'",
        ),
    ],
)
def test_malformed_lines_are_named(folder, file, line, message):
    (folder / file).write_text(LICENCE + line + "\n")
    with pytest.raises(LexiconError, match=f"{file}, {message}"):
        read_wordnet(folder)


@pytest.mark.skipif(not Path("/usr/share/wordnet/data.noun").is_file(), reason="wordnet-base is not installed")
def test_debian_s_wordnet():
    lexicon = read_wordnet("/usr/share/wordnet")
    single = lexicon.filter(single_words=True)
    assert 49_000 < len(single) < 50_000
    assert round(single.pairs / len(single), 1) == 3.1
    assert lexicon["film"][0] == "movie"
    assert lexicon.parts_of_speech == ["adjective", "adverb", "noun", "verb"]
