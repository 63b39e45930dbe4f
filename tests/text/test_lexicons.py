"""Readers of MyThes, Open Multilingual Wordnet, JSON and CSV files, and what a lexicon does."""

import json

import pytest

from kerasaug.text import Lexicon, LexiconError, read_lexicon, read_mythes, read_omw

MYTHES = """UTF-8
big|2
(adj)|large|great (similar term)|small (antonym)|size (generic term)
(adv)|boastfully|large
film|1
(noun)|movie|motion picture|film
'tween decks|1
(adv)|between decks
"""

OMW = """# Two wordnets\tfra\thttp://example.org\tCeCILL-C
00001740-n\tfra:lemma\tchose
00001740-n\tfra:lemma\tobjet
00001740-n\tfra:def\t0\tce qui est
00002137-v\tfra:lemma\taller_vite
00002137-v\tfra:lemma\tcourir
02198891-a\tcmn:lemma\t一代+的
02198891-a\tcmn:lemma\t一辈
00001740-n\tcmn:lemma\t东西
00001740-n\tcmn:lemma\t物体
"""


def written(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def test_mythes_is_read(tmp_path):
    lexicon = read_mythes(written(tmp_path / "th_en_US_v2.dat", MYTHES))
    assert dict(lexicon) == {
        "big": ["large", "great", "boastfully"],
        "film": ["movie", "motion picture"],
        "'tween decks": ["between decks"],
    }
    assert lexicon.language == "en_US"
    assert lexicon.parts("big", "large") == {"adjective", "adverb"}
    assert lexicon.parts("big", "great") == {"adjective"}


def test_mythes_keeps_what_is_not_dropped(tmp_path):
    path = written(tmp_path / "a.dat", MYTHES)
    assert read_mythes(path, drop=["SIMILAR term"])["big"] == ["large", "small", "size", "boastfully"]
    assert read_mythes(path).language is None


def test_mythes_of_other_encodings_and_line_ends(tmp_path):
    text = "ISO8859-1\r\nalá|1\r\n-|Jehová|Altísimo\r\nchat|1\r\n(Adjectif Nom)|matou\r\n|1\r\n-|leer\r\n"
    lexicon = read_mythes(written(tmp_path / "th_es_ES_v2.dat", text, "latin-1"))
    assert dict(lexicon) == {"alá": ["Jehová", "Altísimo"], "chat": ["matou"]}
    assert lexicon.parts("chat", "matou") == {"adjective", "noun"}
    assert lexicon.parts("alá", "Jehová") == set()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Klingon-8\nbig|1\n-|large\n", "line 1: expected the name of an encoding.*'Klingon-8'"),
        ("UTF-8\nbig|1\n-|large\nfilm\n-|movie\n", "line 4: expected a word and the number.*'film'"),
        ("UTF-8\nbig|2\n-|large\n", "line 4: expected a sense of 'big'.*''"),
        ("UTF-8\nbig|2\n-|large", "line 4: expected a sense of 'big'.*the end of the file"),
    ],
)
def test_mythes_says_what_is_malformed(tmp_path, text, message):
    with pytest.raises(LexiconError, match=rf"th_x\.dat, {message}"):
        read_mythes(written(tmp_path / "th_x.dat", text))


def test_a_line_of_another_encoding_is_named(tmp_path):
    path = written(tmp_path / "th_x.dat", "UTF-8\nbig|1\n-|Jehová\n", "latin-1")
    with pytest.raises(LexiconError, match="line 3: expected text in UTF-8"):
        read_mythes(path)


def test_omw_is_read_by_language(tmp_path):
    path = written(tmp_path / "wn-data.tab", OMW)
    french = read_omw(path, "fra")
    assert dict(french) == {
        "chose": ["objet"],
        "objet": ["chose"],
        "aller vite": ["courir"],
        "courir": ["aller vite"],
    }
    assert french.parts("chose", "objet") == {"noun"}
    assert french.language == "fra"
    chinese = read_omw(path, "cmn")
    assert dict(chinese) == {"一代的": ["一辈"], "一辈": ["一代的"], "东西": ["物体"], "物体": ["东西"]}
    with pytest.raises(ValueError, match=r"\['cmn', 'fra'\]. Received: language=None"):
        read_omw(path)


def test_omw_of_several_files_shares_synsets(tmp_path):
    one = written(tmp_path / "one.tab", "# x\tals\tu\tl\n00001740-n\tlemma\ta\n")
    two = written(tmp_path / "two.tab", "00001740-n\tals:lemma\tb\n00001740-s\tals:lemma\tc\n")
    assert dict(read_omw([one, two])) == {"a": ["b"], "b": ["a"]}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("00001740-n fra:lemma chose", "line 2: expected synset, language:lemma and word with tabs"),
        ("1740-n\tfra:lemma\tchose", "line 2: expected synset"),
        ("00001740-n\tlemma\tchose", "line 2: expected the language"),
    ],
)
def test_omw_says_what_is_malformed(tmp_path, line, message):
    with pytest.raises(LexiconError, match=message):
        read_omw(written(tmp_path / "wn.tab", f"# no language\n{line}\n"))


def test_json_is_read_and_written(tmp_path):
    lexicon = read_lexicon(written(tmp_path / "a.json", '{"big": ["large", "big", "large"], "film": "movie"}'), "en")
    assert dict(lexicon) == {"big": ["large"], "film": ["movie"]}
    lexicon.save(tmp_path / "b.json")
    assert json.loads((tmp_path / "b.json").read_text()) == {"big": ["large"], "film": ["movie"]}
    assert dict(read_lexicon(tmp_path / "b.json")) == dict(lexicon)


def test_csv_and_tsv_are_read(tmp_path):
    rows = 'word,synonym\nbig,large\n\nbig,"great, huge"\nfilm,movie,,picture\n'
    entries = {"big": ["large", "great, huge"], "film": ["movie", "picture"]}
    assert dict(read_lexicon(written(tmp_path / "a.csv", "\ufeff" + rows))) == entries
    assert dict(read_lexicon(written(tmp_path / "a.tsv", "big\tlarge\n"))) == {"big": ["large"]}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", '{"big": ["large"],\n "film" ["movie"]}', "a.json, line 2: expected JSON"),
        ("a.json", '["big"]', "a.json: expected an object from word to synonyms"),
        (
            "a.json",
            '{"big": ["large"],\n"film": [1]}',
            "a.json, line 2: expected a list of strings as synonyms of 'film'",
        ),
        ("a.csv", "big,large\nfilm\n", "a.csv, line 2: expected a word and its synonyms"),
        ("a.csv", 'big,large\n"film,movie\n', "a.csv, line 3?2?: expected rows"),
    ],
)
def test_files_of_ones_own_say_what_is_malformed(tmp_path, name, text, message):
    with pytest.raises(LexiconError, match=message):
        read_lexicon(written(tmp_path / name, text))


def test_missing_files_and_unknown_endings(tmp_path):
    for read in (read_lexicon, read_mythes, read_omw):
        with pytest.raises(FileNotFoundError, match=f"{read.__name__} expects path, an existing file"):
            read(tmp_path / "none.json")
    with pytest.raises(ValueError, match="ends in one of"):
        read_lexicon(written(tmp_path / "a.xml", ""))


def test_a_lexicon_is_a_mapping():
    lexicon = Lexicon({"Polish": ["Smooth"], "polish": ["shine"], "empty": [], "self": ["self"]})
    assert dict(lexicon) == {"Polish": ["Smooth"], "polish": ["shine"]}
    assert len(lexicon) == 2
    assert lexicon.pairs == 2
    assert "empty" not in lexicon
    assert lexicon.synonyms("polish") == ["shine"]
    assert lexicon.synonyms("POLISH") == ["Smooth", "shine"]
    assert lexicon.synonyms("none") == []
    lexicon["polish"].append("not kept")
    assert lexicon["polish"] == ["shine"]
    assert repr(lexicon) == "Lexicon(2 words, 2 pairs)"


def test_lexicons_merge_and_filter():
    parts = {("run", "sprint"): ["verb"], ("run", "tally"): ["noun", "verb"]}
    one = Lexicon({"run": ["sprint", "tally", "flow"]}, "en", parts)
    both = one.merge(Lexicon({"run": ["bolt", "sprint"], "ad": ["air date"]}, "en", {("run", "sprint"): ["noun"]}))
    assert dict(both) == {"run": ["sprint", "tally", "flow", "bolt"], "ad": ["air date"]}
    assert both.parts("run", "sprint") == {"noun", "verb"}
    assert dict(one) == {"run": ["sprint", "tally", "flow"]}
    assert dict(one.filter("noun")) == {"run": ["tally"]}
    assert dict(one.filter(["verb"])) == {"run": ["sprint", "tally"]}
    assert dict(both.filter(single_words=True)) == {"run": ["sprint", "tally", "flow", "bolt"]}
    assert dict(one.merge({"ad": ["advert"]}))["ad"] == ["advert"]
    assert one.merge(Lexicon({"ad": ["advert"]}, "en_US")).language == "en"
    assert Lexicon({}).merge(Lexicon({"ad": ["advert"]}, "eng")).language == "eng"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Lexicon(["big"]), "a mapping from word to synonyms. Received: \\['big'\\]"),
        (lambda: Lexicon({"big": "large"}), "list of strings as its synonyms. Received: 'big': 'large'"),
        (lambda: Lexicon({"a": ["b"]}).filter("noun"), "parts among \\[\\]. Received: \\['noun'\\]"),
        (lambda: Lexicon({}, "en").merge(Lexicon({}, "fr")), "same language, 'en'. Received: one of 'fr'"),
        (lambda: read_mythes(__file__, drop="antonym"), "a list of notes"),
    ],
)
def test_a_lexicon_says_what_it_expects(call, message):
    with pytest.raises(ValueError, match=message):
        call()
