"""How well named entities are found: precision, recall and F1 of whole entities, as `conlleval` and seqeval count."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from rich.table import Table
from rich.text import Text

from kerasaug.datasets.tags import placed
from kerasaug.extras import require
from kerasaug.finetune.run_report.text import elide

IGNORED = (
    -100
)  # the label of tokens that do not speak: special ones, padding, and every subword of a word but the first
_CALLER = "the report of named entities"


@dataclass(frozen=True)
class EntityMeasures:
    """Of one type of entity, or an average; 0 where a figure has no denominator, as `conlleval` has it."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class EntityReport:
    """What a model found.

    Attributes:
        types: The measures of each type that the truth or the predictions have, by name.
        micro: Over all entities; the figure that is meant by the F1 of CoNLL-2003.
        macro: The mean over the types.
        weighted: That mean, weighted with how many entities of each type the truth has.
        word_accuracy: Share of the words with the right tag.
        sentences: How many there were.
        cut_sentences: How many had words without a prediction at their end.
        cut_entities: True entities in these that end where nothing was predicted.
    """

    types: tuple[EntityMeasures, ...]
    micro: EntityMeasures
    macro: EntityMeasures
    weighted: EntityMeasures
    word_accuracy: float
    sentences: int
    cut_sentences: int
    cut_entities: int

    def as_dict(self) -> dict[str, Any]:
        """As `seqeval.metrics.classification_report(output_dict=True)` has it, and what is known besides."""
        rows = {
            one.name: {
                "precision": one.precision,
                "recall": one.recall,
                "f1-score": one.f1,
                "support": one.support,
            }
            for one in (*self.types, self.micro, self.macro, self.weighted)
        }
        keys = ("word_accuracy", "sentences", "cut_sentences", "cut_entities")
        return {"entities": rows, **{key: getattr(self, key) for key in keys}}

    def as_json(self) -> str:
        """The same as text."""
        return json.dumps(self.as_dict(), indent=2) + "\n"


def measure_entities(truth: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> EntityReport:
    """Measures predictions, entity by entity: right is one with the right type, first word and last word.

    A sentence whose tail was cut off, since it did not fit into the model, has fewer predictions than words. Nothing
    was found there: entities that reach into the tail are missed, and its words have a wrong tag.

    Args:
        truth: The tags of each sentence, of all its words.
        predicted: The tags that the model gave to the first words of each; an I that continues nothing begins an
            entity, as in `conlleval`.

    Raises:
        ImportError: When seqeval is not installed.
        ValueError: When there are not as many sentences, more predictions than words, or something else than tags.
    """
    truths, predictions = _tags(truth, "truth"), _tags(predicted, "predicted")
    if len(truths) != len(predictions):
        raise ValueError(
            f"measure_entities expects predictions for each sentence. Received: {len(truths)} sentences and "
            f"{len(predictions)} predictions."
        )
    for number, (true, given) in enumerate(zip(truths, predictions, strict=True)):
        if len(given) > len(true):
            raise ValueError(
                f"measure_entities expects at most one prediction for each word. Received: {len(given)} predictions "
                f"for the {len(true)} words of sentence {number}. One subword of each word speaks: the others, and "
                f"what is no word, have the label {IGNORED}."
            )
    cut = [(true, len(given)) for true, given in zip(truths, predictions, strict=True) if len(given) < len(true)]
    right = sum(a == b for pair in zip(truths, predictions, strict=True) for a, b in zip(*pair, strict=False))
    padded = [given + ["O"] * (len(true) - len(given)) for true, given in zip(truths, predictions, strict=True)]
    words = sum(map(len, truths))
    types, (micro, macro, weighted) = _measures(truths, padded)
    return EntityReport(
        types,
        micro,
        macro,
        weighted,
        word_accuracy=right / words if words else 0.0,
        sentences=len(truths),
        cut_sentences=len(cut),
        cut_entities=sum(last >= length for tags, length in cut for _, _, last in _entities(tags)),
    )


def word_tags(scores: Any, token_labels: Any, label_names: Sequence[str]) -> list[list[str]]:
    """The tags of the words of a batch, from what a model says about their subwords: the first of each word speaks.

    Args:
        scores: Logits or probabilities (batch, length, labels) of any backend, or labels (batch, length) that are
            chosen already.
        token_labels: Integers (batch, length): -100 where a token does not speak. Of the other values nothing is used.
        label_names: By label.

    Returns:
        For each sentence the names of the likeliest labels, one for each word that has a token that speaks.

    Raises:
        ValueError: When shapes do not fit, a score is no number, or a label has no name.
    """
    given, speaks = _array(scores), _array(token_labels)
    labelled = given.ndim == 2 and np.issubdtype(given.dtype, np.integer)
    scored = given.ndim == 3 and given.shape[-1] == len(label_names)
    if not (labelled or scored) or given.shape[:2] != speaks.shape:
        raise ValueError(
            f"word_tags expects scores (batch, length, {len(label_names)}), or integers (batch, length), and "
            f"token_labels (batch, length). Received: scores of shape {given.shape} and dtype {given.dtype}, "
            f"token_labels of shape {speaks.shape}."
        )
    spoken = speaks != IGNORED
    if scored and np.isnan(given[spoken]).any():
        raise ValueError("word_tags expects scores that are numbers. Received: nan. Did the training diverge?")
    labels = given[spoken].argmax(axis=-1) if scored else given[spoken]
    if labels.size and not 0 <= labels.min() <= labels.max() < len(label_names):
        raise ValueError(
            f"word_tags expects labels from 0 to {len(label_names) - 1}. Received: labels from {labels.min()} to "
            f"{labels.max()}."
        )
    chosen = np.zeros(speaks.shape, "int64")
    chosen[spoken] = labels
    return [[label_names[label] for label in row[mask]] for row, mask in zip(chosen, spoken, strict=True)]


def entity_table(report: EntityReport, title: str) -> Table:
    """The report as the field prints it: a row for each type and average, in %; the accuracy of words below."""
    table = Table(title=Text(f"{elide(title, 60)}, entities, in %"))
    for header in ("", "precision", "recall", "f1-score", "support"):
        table.add_column(header, justify="right" if header else "left")
    for one in report.types:
        table.add_row(*_cells(one))
    table.add_section()
    for one in (report.micro, report.macro, report.weighted):
        table.add_row(*_cells(one))
    table.add_section()
    table.add_row("words, accuracy", "", "", f"{100 * report.word_accuracy:.2f}", "")
    if report.cut_sentences:
        table.caption = f"{report.cut_sentences} sentences were cut off, with {report.cut_entities} entities"
    return table


def _cells(one: EntityMeasures) -> list[Any]:
    figures = (f"{100 * value:.2f}" for value in (one.precision, one.recall, one.f1))
    return [Text(elide(one.name, 40)), *figures, str(one.support)]


def _measures(truths: list[list[str]], predictions: list[list[str]]) -> tuple[tuple[EntityMeasures, ...], list]:
    names = ("micro avg", "macro avg", "weighted avg")
    if not any(_entities(tags) for tags in (*truths, *predictions)):
        return (), [EntityMeasures(name, 0.0, 0.0, 0.0, 0) for name in names]
    metrics = require("seqeval.metrics", "text", _CALLER)
    rows = metrics.classification_report(truths, predictions, output_dict=True, zero_division=0)
    every = [
        EntityMeasures(name, float(row["precision"]), float(row["recall"]), float(row["f1-score"]), int(row["support"]))
        for name, row in rows.items()
    ]
    return tuple(every[: -len(names)]), every[-len(names) :]


def _entities(tags: list[str]) -> list[tuple[str, int, int]]:
    return require("seqeval.metrics.sequence_labeling", "text", _CALLER).get_entities(tags)


def _tags(sentences: Sequence[Sequence[str]], name: str) -> list[list[str]]:
    """As lists, by which alone seqeval knows sentences."""
    lists = [list(one) for one in sentences]
    for number, tags in enumerate(lists):
        wrong = [one for one in tags if not isinstance(one, str) or placed(one) is None or one[0] not in "OBIES"]
        if wrong:
            raise ValueError(
                f"measure_entities expects {name}, for each sentence a list of tags, such as 'O', 'B-PER', 'I-PER'. "
                f"Received: {wrong[0]!r} in sentence {number}."
            )
    return lists


def _array(values: Any) -> np.ndarray:
    return values if isinstance(values, np.ndarray) else np.asarray(keras.ops.convert_to_numpy(values))
