"""Column files: CoNLL-2003 as published and as others write it, whole, odd and damaged."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from kerasaug.datasets import read_conll
from kerasaug.datasets.tags import as_bio, label_names, misplaced, scheme_of, types_of

PUBLISHED = """-DOCSTART- -X- -X- O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC
call NN I-NP O
. . O O

West NNP I-NP I-ORG
Indian NNP I-NP I-ORG
Ashes NNP B-NP B-ORG
"""
SENTENCES = [
    (("EU", "rejects", "German", "call", "."), ("B-ORG", "O", "B-MISC", "O", "O")),
    (("West", "Indian", "Ashes"), ("B-ORG", "I-ORG", "B-ORG")),
]


def write(folder, content, name="some.txt"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        PUBLISHED,
        PUBLISHED.replace("\n", "\r\n"),
        PUBLISHED.rstrip("\n"),
        "\n\n" + PUBLISHED.replace("\n\n", "\n \t \n\n") + "\n\n",
        PUBLISHED.replace(" ", "\t"),
        PUBLISHED.replace(" ", "  ").replace("\n", " \n"),
        "\ufeff" + PUBLISHED,
        PUBLISHED.replace("-DOCSTART- -X- -X- O", "-DOCSTART- O"),
    ],
    ids=["published", "windows", "unended", "blank", "tabs", "wide", "mark", "short"],
)
def test_the_published_form(tmp_path, content):
    assert read_conll(write(tmp_path, content)) == SENTENCES


def test_columns_by_number_from_either_end(tmp_path):
    path = write(tmp_path, "1\tin\tO\tIN\n2\tNew York\tB-LOC\tNNP\n")
    expected = [(("in", "New York"), ("O", "B-LOC"))]
    assert read_conll(path, word=1, tag=2) == read_conll(path, word=-3, tag=-2) == expected


def test_conll_u_and_uner(tmp_path):
    rows = "# sent_id = 1\n# text = C'est Paris\n1-2\tC'est\t_\n1\tC'\tO\n2\test\tO\n2.1\t_\t_\n3\tParis\tB-LOC\n\n"
    path = write(tmp_path, rows)
    assert read_conll(path, word=1, tag=2, comment="#") == [(("C'", "est", "Paris"), ("O", "O", "B-LOC"))]
    hashes = write(tmp_path, "# O\n1 O\n", "hashes.txt")
    assert read_conll(hashes) == [(("#", "1"), ("O", "O"))]


def test_characters_that_python_takes_for_line_ends_or_blanks_are_text(tmp_path):
    path = write(tmp_path, "a\u2028b O\n\u00a0 B-X\n\u0085 O\nc\x0bd O\n")
    assert read_conll(path)[0].tokens == ("a\u2028b", "\u00a0", "\u0085", "c\x0bd")


def test_another_encoding(tmp_path):
    path = write(tmp_path, "Zürich B-LOC\n".encode("latin-1"))
    assert read_conll(path, encoding="latin-1") == [(("Zürich",), ("B-LOC",))]
    with pytest.raises(ValueError, match=r"some.txt:1: expected utf-8. Received: the byte 0xfc at position 1. Pass"):
        read_conll(path)


@pytest.mark.parametrize(
    ("scheme", "rows"),
    [
        ("BIO", "B-PER I-PER B-PER O B-LOC"),
        ("IOB1", "I-PER I-PER B-PER O I-LOC"),
        ("BIOES", "B-PER E-PER S-PER O S-LOC"),
        ("BIOES", "B-PER L-PER U-PER O U-LOC"),
    ],
)
def test_three_schemes_say_the_same(tmp_path, scheme, rows):
    path = write(tmp_path, "".join(f"w {tag}\n" for tag in rows.split()))
    expected = ("B-PER", "I-PER", "B-PER", "O", "B-LOC")
    assert read_conll(path)[0].tags == read_conll(path, scheme=scheme)[0].tags == expected
    assert scheme_of([rows.split()]) == scheme


@pytest.mark.parametrize(
    ("scheme", "rows", "at"),
    [
        ("BIO", "O I-PER", 1),
        ("BIO", "B-PER I-LOC", 1),
        ("BIO", "B-PER E-PER", 1),
        ("IOB1", "O B-PER", 1),
        ("IOB1", "I-LOC B-PER", 1),
        ("IOB1", "B-PER", 0),
        ("BIOES", "O I-PER E-PER", 1),
        ("BIOES", "B-PER O", 1),
        ("BIOES", "B-PER E-LOC", 1),
        ("BIOES", "B-PER E-PER E-PER", 2),
        ("BIOES", "O B-PER", 1),
        ("BIOES", "S-PER B-PER S-PER", 2),
    ],
)
def test_a_scheme_that_is_named_must_be_kept(tmp_path, scheme, rows, at):
    tags = rows.split()
    assert misplaced(tags, scheme) == at
    path = write(tmp_path, "w O\n\n" + "".join(f"w {tag}\n" for tag in tags))
    with pytest.raises(ValueError, match=rf"some.txt:{at + 3}: expected {scheme} tags. Received: '{tags[at]}'"):
        read_conll(path, scheme=scheme)
    assert len(read_conll(path)) == 2


TAGS = st.lists(st.sampled_from(["O", *(f"{place}-{kind}" for place in "BIES" for kind in ("A", "B-C"))]), max_size=12)


@given(TAGS)
@settings(deadline=None)
def test_any_sequence_has_the_entities_that_conlleval_sees(tags):
    """seqeval is the oracle; it does as `conlleval.pl`."""
    converted = as_bio(tags)
    assert get_entities(list(converted)) == get_entities(tags)
    assert misplaced(converted, "BIO") is None
    assert as_bio(converted) == converted


def test_an_odd_sequence_by_hand():
    tags = ("I-LOC", "I-PER", "B-PER", "I-LOC", "O", "E-PER", "I-PER")
    assert as_bio(tags) == ("B-LOC", "B-PER", "B-PER", "B-LOC", "O", "B-PER", "B-PER")


def test_labels_of_a_model():
    assert label_names(types_of([("O", "B-PER"), ("B-LOC", "I-LOC")])) == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("EU X I-ORG\nrejects O\n", {}, r"bad.txt:2: expected 3 columns, as in line 1. Received: 2, 'rejects' 'O'"),
        ("a O\n\nNew York B-LOC\n", {}, r"bad.txt:3: expected 2 columns, as in line 1. Received: 3, 'New' 'York' 'B-"),
        ("a O\nb PER\n", {}, r"bad.txt:2: expected a tag in column -1: O, or B, I, E .* Received: 'PER'. Pass tag"),
        ("a B-\n", {}, r"bad.txt:1: expected a tag .* Received: 'B-'"),
        ("a NN O\n", {"tag": 1}, r"bad.txt:1: expected a tag in column 1: .* Received: 'NN'"),
        ("a O\n", {"tag": 2}, r"bad.txt:1: expected a column 2. Received: 2 columns, 'a' 'O'. Pass tag, from 0 to 1"),
        ("a O\n", {"word": -3}, r"bad.txt:1: expected a column -3. .* Pass word"),
        ("a\tO\n\tO\n", {}, r"bad.txt:2: expected a token in column 0. Received: '' 'O'"),
        ("", {}, r"expected sentences. Received: '.*bad.txt', which has none"),
        ("\n-DOCSTART- O\n\n", {}, r"expected sentences. Received: '.*bad.txt', which has none"),
        ("a O\n", {"scheme": "IOB2"}, r"expects scheme to be one of \['auto', 'BIO', 'IOB1', 'BIOES'\]. Received"),
        ("a O\n", {"word": 0.5}, r"expects word, an integer"),
        ("a O\n", {"encoding": "utf8x"}, r"expected encoding, one that Python has .* Received: 'utf8x'"),
        ("a O\n", {"encoding": "utf-16-be"}, r"expected encoding, .* a line ends with one byte"),
        ("a O\n", {"comment": ""}, r"expects comment, what comments begin with"),
        (b"a O\n\xff\xfe O\n", {}, r"bad.txt:2: expected utf-8. Received: the byte 0xff at position 0"),
    ],
)
def test_what_is_no_column_file(tmp_path, content, arguments, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_conll(write(tmp_path, content, "bad.txt"), **arguments)
    assert str(caught.value).startswith("read_conll")
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"read_conll: expected a file. Received: '.*no', which does not exist"):
        read_conll(tmp_path / "no")
    with pytest.raises(ValueError, match="which is a directory"):
        read_conll(tmp_path)
