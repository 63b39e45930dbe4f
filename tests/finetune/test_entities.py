"""Measures of named entities: counted by hand after conlleval's definition, and against seqeval."""

import io
import json

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from seqeval.metrics import accuracy_score, classification_report

from kerasaug.finetune.entities import IGNORED, entity_table, measure_entities, word_tags


def tags(*sentences):
    return [one.split() for one in sentences]


TRUTH = tags("B-PER I-PER O B-LOC", "B-ORG O O", "O B-PER")
PREDICTED = tags("B-PER I-PER O B-ORG", "B-ORG I-ORG O", "O I-PER")


def test_by_hand():
    """Four are true and four are found; PER twice right, the LOC taken for an ORG, the ORG one word too long."""
    report = measure_entities(TRUTH, PREDICTED)
    assert [(one.name, one.precision, one.recall, one.f1, one.support) for one in report.types] == [
        ("LOC", 0.0, 0.0, 0.0, 1),
        ("ORG", 0.0, 0.0, 0.0, 1),
        ("PER", 1.0, 1.0, 1.0, 2),
    ]
    assert (report.micro.precision, report.micro.recall, report.micro.f1, report.micro.support) == (0.5, 0.5, 0.5, 4)
    assert report.macro.f1 == pytest.approx(1 / 3)
    assert report.weighted.recall == pytest.approx(0.5)
    assert report.word_accuracy == pytest.approx(6 / 9)
    assert (report.sentences, report.cut_sentences, report.cut_entities) == (3, 0, 0)


@pytest.mark.parametrize(
    ("truth", "predicted", "right", "found", "there"),
    [
        ("B-A I-A O", "B-A O O", 0, 1, 1),  # too short is wrong, and misses one
        ("B-A I-A", "B-A B-A", 0, 2, 1),
        ("B-A B-A", "B-A I-A", 0, 1, 2),
        ("B-A I-A", "I-A I-A", 1, 1, 1),  # an I that continues nothing begins
        ("B-A I-A", "B-A I-B", 0, 2, 1),  # and so does one of another type
        ("O O", "B-A O", 0, 1, 0),
        ("B-A O", "O O", 0, 0, 1),
        ("B-A O B-B I-B", "B-A O B-B I-B", 2, 2, 2),
    ],
)
def test_whole_entities_count(truth, predicted, right, found, there):
    micro = measure_entities(tags(truth), tags(predicted)).micro
    assert micro.precision == (right / found if found else 0)
    assert micro.recall == (right / there if there else 0)
    assert micro.f1 == (2 * right / (found + there) if right else 0)
    assert micro.support == there


LINE = st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B", "S-B", "E-A"]), min_size=1, max_size=6)
PAIR = LINE.flatmap(
    lambda line: st.tuples(
        st.just(line), st.lists(LINE.map(lambda one: one[0]), min_size=len(line), max_size=len(line))
    )
)


@given(st.lists(PAIR, min_size=1, max_size=5))
@settings(deadline=None, max_examples=50)
def test_as_seqeval_counts(pairs):
    truth, predicted = (list(one) for one in zip(*pairs, strict=True))
    report = measure_entities(truth, predicted)
    assert report.word_accuracy == pytest.approx(accuracy_score(truth, predicted))
    if report.types:
        expected = classification_report(truth, predicted, output_dict=True, zero_division=0)
        assert report.as_dict()["entities"] == expected


def test_a_tail_that_was_cut_off_was_missed():
    truth = tags("B-A O B-A I-A O B-B", "B-A", "O B-A I-A")
    report = measure_entities(truth, tags("B-A O B-A", "B-A", "O B-A"))
    assert (report.cut_sentences, report.cut_entities) == (2, 3)
    assert (report.micro.recall, report.micro.precision) == (2 / 5, 2 / 4)
    assert report.word_accuracy == pytest.approx(6 / 10)
    empty = measure_entities(tags("O B-A"), [[]])
    assert (empty.cut_entities, empty.micro.recall, empty.word_accuracy) == (1, 0.0, 0.0)


def test_nothing_to_find():
    for truth in ([], [[]], tags("O O")):
        report = measure_entities(truth, truth)
        assert (report.types, report.micro.f1, report.micro.support) == ((), 0.0, 0)
        json.loads(report.as_json())
        Console(quiet=True).print(entity_table(report, "nothing"))
    assert measure_entities(tags("O O"), tags("O O")).word_accuracy == 1.0


NAMES = ("O", "B-PER", "I-PER")
LABELS = np.array(
    [[IGNORED, 1, IGNORED, 2, 0, IGNORED], [IGNORED, 0, IGNORED, IGNORED, IGNORED, IGNORED], [IGNORED] * 6]
)
CHOSEN = np.array([[2, 1, 0, 2, 0, 1], [1, 2, 2, 2, 2, 2], [1] * 6])
WORDS = [["B-PER", "I-PER", "O"], ["I-PER"], []]


def test_the_first_subword_of_a_word_speaks():
    """Row 0: [CLS] Kow ##alski Jan came [SEP]."""
    scores = np.eye(3, dtype="float32")[CHOSEN] * 5 - 1
    scores[0, 0] = np.nan  # of what does not speak nothing is used
    assert word_tags(scores, LABELS, NAMES) == word_tags(CHOSEN, LABELS, NAMES) == WORDS
    tensors = keras.ops.convert_to_tensor(scores), keras.ops.convert_to_tensor(LABELS)
    assert word_tags(*tensors, NAMES) == WORDS
    half = keras.ops.cast(tensors[0], "bfloat16")
    assert word_tags(half, tensors[1], NAMES) == WORDS
    assert word_tags(np.zeros((0, 6, 3)), np.zeros((0, 6), int), NAMES) == []


def test_from_scores_to_the_report():
    report = measure_entities(tags("B-PER I-PER O", "I-PER", ""), word_tags(CHOSEN, LABELS, NAMES))
    assert (report.micro.f1, report.word_accuracy, report.cut_sentences) == (1.0, 1.0, 0)


def test_the_table_and_the_file():
    console = Console(width=80, record=True, file=io.StringIO())
    report = measure_entities(TRUTH + tags("O B-LOC"), PREDICTED + tags("O"))
    console.print(entity_table(report, "names\x1b[31m"))
    rows = [line.split() for line in console.export_text().splitlines()]
    cells = [[one for one in row if one not in "│┃"] for row in rows]
    assert ["PER", "100.00", "100.00", "100.00", "2"] in cells
    assert ["LOC", "0.00", "0.00", "0.00", "2"] in cells
    assert ["micro", "avg", "50.00", "40.00", "44.44", "5"] in cells
    assert ["words,", "accuracy", "63.64"] in cells
    text = "\n".join(" ".join(row) for row in rows)
    assert "precision ┃ recall ┃ f1-score ┃ support" in text
    assert "1 sentences were cut off, with 1 entities" in text
    assert "\x1b" not in text
    read = json.loads(report.as_json())
    micro = {"precision": 0.5, "recall": 0.4, "f1-score": pytest.approx(4 / 9), "support": 5}
    assert read["entities"]["micro avg"] == micro
    assert (read["cut_sentences"], read["cut_entities"], read["sentences"]) == (1, 1, 4)


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        (TRUTH, PREDICTED[:2], "predictions for each sentence. Received: 3 sentences and 2 predictions"),
        (tags("O O"), tags("O O O"), "Received: 3 predictions for the 2 words of sentence 0. One subword"),
        ([["O", "PER"]], tags("O O"), "expects truth, for each sentence a list of tags.*Received: 'PER' in sentence 0"),
        (tags("O"), [[0]], "expects predicted, .* Received: 0 in sentence 0"),
        (tags("O"), [["U-PER"]], "expects predicted, .* Received: 'U-PER'"),
        (["B-PER O"], tags("O O"), "Received: 'B' in sentence 0"),
    ],
)
def test_what_cannot_be_measured(truth, predicted, message):
    with pytest.raises(ValueError, match=message):
        measure_entities(truth, predicted)


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        (np.zeros((3, 6, 4)), LABELS, r"scores \(batch, length, 3\).* scores of shape \(3, 6, 4\)"),
        (np.zeros((3, 5, 3)), LABELS, r"scores of shape \(3, 5, 3\).* token_labels of shape \(3, 6\)"),
        (np.zeros((3, 6)), LABELS, "dtype float64"),
        (CHOSEN + 1, LABELS, "labels from 0 to 2. Received: labels from 1 to 3"),
        (CHOSEN - 3, LABELS, "Received: labels from -3 to -1"),
        (np.full((3, 6, 3), np.nan), LABELS, "Received: nan. Did the training diverge"),
    ],
)
def test_what_is_no_answer(scores, labels, message):
    with pytest.raises(ValueError, match=f"^word_tags expects .*{message}"):
        word_tags(scores, labels, NAMES)
