"""From a lexicon to a table of synonyms by token id, for each way in which vocabularies mark words."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from kerasaug.text import LexiconError, SynonymTable, build_synonym_table, neighbour_lexicon
from kerasaug.text.lexicons.vocabulary import as_vocabulary

LEXICON = {"film": ["movie", "motion picture", "film", "Movie", "picture"], "movie": ["film"], "big": ["large"]}
PLAIN = ["[PAD]", "[UNK]", "film", "movie", "picture", "##film", "the", "12", "<s>", "large"]


def rows(table):
    return {i: table.synonyms[i, :n].tolist() for i, n in enumerate(table.counts) if n}


def test_table_counts_and_padding():
    table, counts, _ = build_synonym_table(LEXICON, PLAIN, k=3)
    assert table.dtype == counts.dtype == np.int32
    assert table.shape == (10, 3)
    assert table[2].tolist() == [3, 4, 2]
    assert table[3].tolist() == [2, 3, 3]
    assert counts.tolist() == [0, 0, 2, 1, 0, 0, 0, 0, 0, 0]
    others = [0, 1, 4, 5, 6, 7, 8, 9]
    assert (table[others] == np.array(others)[:, None]).all()


def test_report_adds_up():
    report = build_synonym_table(LEXICON, PLAIN, k=1).report
    assert (report.style, report.entries, report.special, report.words) == ("wordpiece", 10, 3, 5)
    assert (report.in_lexicon, report.with_synonyms, report.synonyms) == (2, 2, 2)
    # of film: "movie" is taken, "motion picture" is not one id, "Movie" comes twice, "picture" is beyond k
    assert (report.not_one_id, report.the_word_itself, report.beyond_k) == (1, 1, 1)
    assert report.examples == (("film", "motion picture"),)
    assert report.share == 2 / 5
    assert report.mean == 1.0
    text = str(report)
    assert "film → motion picture" in text
    assert "40.0 %" in text
    console = Console(file=io.StringIO(), width=80)
    console.print(report)
    assert console.file.getvalue().strip() == text.strip()


def test_an_empty_coverage_prints():
    assert "–" in str(build_synonym_table({}, ["[PAD]"]).report)


def test_sentencepiece_and_gpt2_marks():
    sentencepiece = ["<unk>", "▁film", "film", "▁movie", "▁", "movie", "▁motion▁picture"]
    assert rows(build_synonym_table(LEXICON, sentencepiece)) == {1: [3], 3: [1]}
    gpt2 = ["<|endoftext|>", "Ġcaf\u00c3\u00a9", "Ġbistro", "bistro", "Ġ", "Ġ\u00c3"]
    assert rows(build_synonym_table({"café": ["bistro"], "bistro": ["café"]}, gpt2)) == {1: [2], 2: [1]}


def test_gpt2_characters_stand_for_bytes():
    """The printable ones for themselves, the others, in order, from U+0100 on: a space is Ġ, a line feed Ċ."""
    words = as_vocabulary(["Ġa", "Ġ\u00e6\u0139\u00a5"], "test").words  # 日 is E6 97 A5
    assert words == ("a", "日")


def test_plain_vocabularies_and_holes():
    table = build_synonym_table(LEXICON, {"film": 5, "movie": 2, "": 0})
    assert table.synonyms.shape == (6, 8)
    assert rows(table) == {5: [2], 2: [5]}


def test_case_follows_the_word_where_the_vocabulary_has_capitals():
    words = ["film", "Film", "FILM", "movie", "Movie", "MOVIE", "city", "City", "Paris", "paris"]
    lexicon = {"film": ["movie"], "city": ["Paris"], "Paris": ["city"]}
    assert rows(build_synonym_table(lexicon, words)) == {
        0: [3], 1: [4], 2: [5], 6: [8], 7: [8], 8: [7], 9: [6],
    }  # fmt: skip
    assert rows(build_synonym_table(lexicon, ["film", "movie", "city", "paris"])) == {0: [1], 2: [3], 3: [2]}


def test_accents_are_stripped_as_uncased_bert_does():
    lexicon = {"café": ["Bistrô"], "bistrô": ["café"]}
    assert rows(build_synonym_table(lexicon, ["cafe", "bistro", "##s"])) == {0: [1], 1: [0]}
    assert rows(build_synonym_table(lexicon, ["cafe", "bistro", "été"])) == {}
    assert rows(build_synonym_table(lexicon, ["cafe", "bistro"], strip_accents=False)) == {}
    assert rows(build_synonym_table(lexicon, ["café", "bistrô"])) == {0: [1], 1: [0]}


def test_a_word_as_it_is_written_comes_before_its_other_spellings():
    lexicon = {"be": ["exist"], "Be": ["beryllium"], "bé": ["baby"], "Us": ["them"]}
    table = build_synonym_table(lexicon, ["be", "us", "exist", "beryllium", "baby", "them"])
    assert rows(table) == {0: [2], 1: [5]}


def test_special_tokens_of_ones_own():
    table = build_synonym_table(LEXICON, ["film", "movie", "picture"], special_tokens=["movie", 2])
    assert rows(table) == {}
    assert table.report.special == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("vocab.txt", "[PAD]\nfilm\r\nmovie\n"),
        ("vocab.json", json.dumps({"film": 1, "movie": 2, "[PAD]": 0})),
        ("tokenizer.json", json.dumps({"model": {"vocab": {"film": 1, "movie": 2, "[PAD]": 0}}})),
        ("unigram.json", json.dumps({"model": {"vocab": [["<pad>", 0.0], ["▁film", -1.5], ["▁movie", -2.0]]}})),
        ("m.vocab", "<pad>\t0\n▁film\t-1.5\n▁movie\t-2\n"),
    ],
)
def test_vocabulary_files(tmp_path, name, text):
    (tmp_path / name).write_bytes(text.encode())
    assert rows(build_synonym_table(LEXICON, tmp_path / name)) == {1: [2], 2: [1]}


def test_bad_vocabularies(tmp_path):
    (tmp_path / "a.json").write_text('{"film": 1,}')
    (tmp_path / "spm.model").write_bytes(b"\0\1")
    with pytest.raises(LexiconError, match=r"a.json, line 1: expected JSON"):
        build_synonym_table(LEXICON, tmp_path / "a.json")
    with pytest.raises(LexiconError, match=r"spm.model: expected a list of tokens.*the .vocab file"):
        build_synonym_table(LEXICON, str(tmp_path / "spm.model"))
    for bad, message in [
        ({"a": 0, "b": 0}, "an id of its own"),
        ({"a": -1}, "an id of its own"),
        ({"a": "x"}, r"an id of its own. Received: \('a', 'x'\)"),
        ([], "at least one token"),
        (["a", 3], "a list of tokens.*Received: 3"),
        (7, "a list of tokens.*Received: 7"),
    ]:
        with pytest.raises(ValueError, match=message):
            build_synonym_table(LEXICON, bad)
    with pytest.raises(ValueError, match="k, a positive integer"):
        build_synonym_table(LEXICON, PLAIN, k=0)
    with pytest.raises(ValueError, match="style to be one of"):
        build_synonym_table(LEXICON, PLAIN, style="bpe")
    with pytest.raises(ValueError, match="expects lexicon, a Lexicon or a dict"):
        build_synonym_table(["film"], PLAIN)


def test_a_table_is_saved_and_loaded(tmp_path):
    table = build_synonym_table(LEXICON, PLAIN)
    table.save(tmp_path / "table.npz")
    loaded = SynonymTable.load(tmp_path / "table.npz")
    assert (loaded.synonyms == table.synonyms).all()
    assert (loaded.counts == table.counts).all()
    assert loaded.report is None
    with pytest.raises(ValueError, match=r"ends in .npz"):
        table.save(tmp_path / "table")
    np.savez(tmp_path / "other.npz", x=1)
    (tmp_path / "text.npz").write_text("no zip")
    for name in ("other.npz", "text.npz"):
        with pytest.raises(LexiconError, match=rf"{name}: expected synonyms and counts"):
            SynonymTable.load(tmp_path / name)


def test_neighbours_are_those_of_the_full_matrix(monkeypatch):
    monkeypatch.setattr("kerasaug.text.lexicons.neighbours._AT_ONCE", 250)  # five rows at a time
    words = [f"w{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(50)]
    vectors = np.random.default_rng(0).normal(size=(52, 4))
    found = neighbour_lexicon(vectors, ["[PAD]", *words, "12"], k=3, threshold=0.5)
    units = vectors[1:51] / np.linalg.norm(vectors[1:51], axis=1, keepdims=True)
    cosine = units @ units.T
    np.fill_diagonal(cosine, -1)
    expected = {}
    for i, word in enumerate(words):
        best = [words[j] for j in np.argsort(-cosine[i])[:3] if cosine[i, j] >= 0.5]
        if best:
            expected[word] = best
    assert len(expected) > 40
    assert dict(found) == expected


def test_neighbours_leave_out_cases_zeros_and_nans():
    vectors = np.array([[1, 0], [1, 0.01], [1, 0.1], [0, 0], [np.nan, 1], [-1, 0]])
    found = neighbour_lexicon(vectors, ["film", "Film", "movie", "zero", "nan", "anti"], k=1, language="en")
    assert dict(found) == {"film": ["movie"], "Film": ["movie"], "movie": ["Film"]}
    assert found.language == "en"
    with pytest.raises(ValueError, match=r"V=2, the size of the vocabulary. Received: shape \(6, 2\)"):
        neighbour_lexicon(vectors, ["a", "b"])
    with pytest.raises(ValueError, match="threshold, a number"):
        neighbour_lexicon(vectors[:2], ["a", "b"], threshold=2)


def test_the_guide_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    guide = (Path(__file__).parents[2] / "docs" / "lexicons.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    exec(compile(block, "<docs/lexicons.md>", "exec"), {})
    assert (tmp_path / "synonyms.npz").is_file()
