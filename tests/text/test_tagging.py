"""Label schemes against seqeval."""

import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kerasaug.layers.text.tagging import TaggingScheme

seqeval_labels = pytest.importorskip("seqeval.metrics.sequence_labeling")
schemes = pytest.importorskip("seqeval.scheme")

BIO = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
BIOES = ["O", *(f"{part}-{kind}" for kind in ("PER", "LOC") for part in "BIES")]
BILOU = ["O", *(f"{part}-{kind}" for kind in ("PER", "LOC") for part in "BILU")]
NAMES = {"BIO": BIO, "BIOES": BIOES, "BILOU": BILOU}


def entities(names):
    """As seqeval's default mode reads them; it knows no L and U, which are BIOES's E and S."""
    plain = [name.replace("L-", "E-").replace("U-", "S-") if name[:2] in ("L-", "U-") else name for name in names]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return seqeval_labels.get_entities(plain)


sequences = st.lists(st.integers(0, 8), min_size=0, max_size=12)


@pytest.mark.parametrize("kind", NAMES)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(numbers=sequences)
@example(numbers=[2, 2, 4, 1, 1, 0, 2])
def test_mentions_are_those_that_seqeval_reads(kind, numbers):
    labels = NAMES[kind]
    names = [labels[number % len(labels)] for number in numbers]
    expected = entities(names)
    scheme = TaggingScheme(labels)
    assert [(one.type, one.first, one.last) for one in scheme.mentions(names)] == expected
    repaired = scheme.repaired(names)
    assert entities([labels[number] for number in repaired]) == expected
    assert scheme.is_valid(repaired)
    if scheme.is_valid(names):
        assert repaired == [labels.index(name) for name in names]


def strictly_valid(names, kind):
    """By seqeval's strict mode: every label is part of a mention that its scheme allows."""
    scheme = {"BIO": schemes.IOB2, "BIOES": schemes.IOBES, "BILOU": schemes.BILOU}[kind]
    tags = schemes.Tokens(names, scheme).entities
    covered = sum(one.end - one.start for one in tags)
    return covered == sum(name != "O" for name in names)


@pytest.mark.parametrize("kind", NAMES)
@settings(max_examples=80, deadline=None, derandomize=True)
@given(numbers=st.lists(st.integers(0, 4), min_size=1, max_size=6), other=st.booleans())
@example(numbers=[2], other=False)
@example(numbers=[1, 2, 3], other=False)
@example(numbers=[4, 1, 3], other=False)
def test_what_is_valid_is_what_seqeval_s_strict_mode_takes(kind, numbers, other):
    labels = NAMES[kind][5:] if other and kind != "BIO" else NAMES[kind]
    labels = labels if "O" in labels else ["O", *labels]
    names = [labels[number % len(labels)] for number in numbers]
    assert TaggingScheme(labels).is_valid(names) == strictly_valid(names, kind)


def test_tables_of_labels():
    scheme = TaggingScheme(BIOES)
    assert (scheme.kind, scheme.types) == ("BIOES", ["PER", "LOC"])
    assert scheme.type_of.tolist() == [-1, 0, 0, 0, 0, 1, 1, 1, 1]
    assert scheme.begins.tolist() == [False, True, False, False, True, True, False, False, True]
    assert scheme.continues.tolist() == [False, False, True, True, False, False, True, True, False]
    assert scheme.ends.tolist() == [False, False, False, True, True, False, False, True, True]
    assert scheme.continuation.tolist() == [0, 2, 2, 2, 2, 6, 6, 6, 6]
    assert [scheme.of_mention("LOC", words) for words in (1, 2, 3)] == [[8], [5, 7], [5, 6, 7]]
    assert TaggingScheme(BIO).of_mention("PER", 3) == [1, 2, 2]
    assert TaggingScheme(["O", "U-X", "B-X", "I-X", "L-X"]).of_mention("X", 2) == [2, 4]


def test_labels_of_words_first_tokens_alone():
    scheme = TaggingScheme(BIO)
    numbers = [-100, 1, -100, 2, 0, -100, 2, -100]
    assert [(one.type, one.first, one.last) for one in scheme.mentions(numbers)] == [("PER", 1, 3), ("PER", 6, 6)]
    assert scheme.repaired(numbers) == [-100, 1, -100, 2, 0, -100, 1, -100]
    assert not scheme.is_valid(np.array(numbers))
    assert scheme.is_valid([-100, 1, -100, 2, -100])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["O", "B-PER", "B-PER"], "none of them twice"),
        ("O", "a list of their names"),
        ([], "a list of their names"),
        (["O", 1], "a list of their names"),
        (["O", "PER"], "Received: 'PER'"),
        (["O", "X-PER"], "Received: 'X-PER'"),
        (["O", "B-"], "Received: 'B-'"),
    ],
)
def test_names_that_are_no_labels_are_refused(labels, message):
    with pytest.raises(ValueError, match=f"Tagger expects labels.*{message}"):
        TaggingScheme(labels, "Tagger")


def test_labels_that_are_missing_are_named():
    with pytest.raises(ValueError, match=r"no I-PER among \['O', 'B-PER'\], for a mention of 2 words"):
        TaggingScheme(["O", "B-PER"]).of_mention("PER", 2)
    with pytest.raises(ValueError, match=r"Received: \['B-LOC'\]"):
        TaggingScheme(["O", "B-PER"]).mentions(["O", "B-LOC"])
