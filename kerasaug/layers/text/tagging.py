"""Schemes of labels for named entities (BIO, BIOES, BILOU), read as seqeval reads them, and labels of a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from kerasaug.backend import Tensor, ops
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.tokens.segments import Labelled, labelled
from kerasaug.tensors import dtype_of

_PART_OF = {"B": "B", "I": "I", "E": "E", "S": "S", "L": "E", "U": "S"}  # BILOU's L and U
_OUTSIDE = "O"
_AFTER = {"B": "I", "I": "I", "E": "I", "S": "I"}  # the part that goes on where a word of this part is followed by more


@dataclass(frozen=True)
class Mention:
    """A mention in a sequence.

    Attributes:
        type: Its entity type, such as "PER".
        first: The place of its first label.
        last: The place of its last label.
    """

    type: str
    first: int
    last: int


class TaggingScheme:
    """What labels of named entities mean, from their names.

    Sequences are read as seqeval's default mode reads them, which copes with any: a mention begins at B- and S-, where
    the type changes, and at an I- or E- that follows nothing it could go on from; it ends where the next begins, at an
    O, and behind E- and S-.

    Args:
        labels: Name of each label, in the order of their numbers: `"O"`, and `"B-PER"`, `"I-PER"` and so on, in BIO
            (IOB2), BIOES or BILOU.
        layer: Who was given them, for messages.

    Attributes:
        labels: The names.
        kind: `"BIO"`, or `"BIOES"` where single words and ends have labels of their own, BILOU's too.
        types: The entity types, in the order in which they come first.
        type_of: int32 (labels,), the number of each label's type; -1 for O.
        part_of: Of each label, "B", "I", "E" or "S", and "O".
        begins: Boolean (labels,), whether a label always begins a mention.
        continues: Boolean (labels,), whether it goes on with one.
        ends: Boolean (labels,), whether it always ends one.
        continuation: int32 (labels,), the label of a word that goes on with the mention: I- for B-, O for O.
        starts: Boolean (labels + 1, labels + 1), whether a segment (a mention, or a run of O) begins at a label (the
            second axis) that follows another (the first); the last row and column are of places without a label.
        allowed: Boolean (labels + 1, labels + 1), whether a label may follow another in a valid sequence; the last row
            is of the beginning, the last column of the end.

    Example:

    ```python
    from kerasaug.layers.text.tagging import TaggingScheme

    scheme = TaggingScheme(["O", "B-PER", "I-PER"])
    scheme.is_valid([0, 2])  # False: I-PER follows O
    scheme.repaired([0, 2])  # [0, 1]
    scheme.mentions(["B-PER", "I-PER", "O", "B-PER"])  # of the places 0 to 1, and 3
    ```

    Reference:
        Tjong Kim Sang and Veenstra, "Representing text chunks", EACL 1999; seqeval 1.2.2.
    """

    def __init__(self, labels: Sequence[str], layer: str = "TaggingScheme") -> None:
        self.labels = _names(labels, layer)
        self._layer = layer
        parsed = [_parsed(label, self.labels, layer) for label in self.labels]
        self.part_of = [part for part, _ in parsed]
        self.types = list(dict.fromkeys(kind for _, kind in parsed if kind is not None))
        self.type_of = np.array([-1 if kind is None else self.types.index(kind) for _, kind in parsed], "int32")
        self.kind = "BIOES" if {"E", "S"} & set(self.part_of) else "BIO"
        self._number = {pair: i for i, pair in enumerate(parsed)}
        self.begins, self.continues, self.ends = (
            np.array([part in parts for part in self.part_of]) for parts in ("BS", "IE", "ES")
        )
        going_on = [self._number.get((_AFTER.get(part, part), kind), i) for i, (part, kind) in enumerate(parsed)]
        self.continuation = np.array(going_on, "int32")
        self.starts, self.allowed = self._starts(), self._allowed()

    def label(self, part: str, kind: str) -> int | None:
        """The number of the label of a part ("B", "I", "E", "S") of a mention of some type, or `None`."""
        return self._number.get((part, kind))

    def of_mention(self, kind: str, words: int) -> list[int]:
        """The labels of a mention of some type and so many words; raises where there is no such label.

        Args:
            kind: Its entity type.
            words: How many words it has, at least one.
        """
        parts = ["B", *"I" * (words - 1)]
        if self.kind == "BIOES":
            parts = ["S"] if words == 1 else ["B", *"I" * (words - 2), "E"]
        found = [self.label(part, kind) for part in parts]
        if None in found:
            missing = parts[found.index(None)]
            raise ValueError(
                f"{self._layer} expects labels with every part of a mention of {kind!r}. Received: no {missing}-{kind} "
                f"among {self.labels}, for a mention of {words} words. Add the label."
            )
        return found  # type: ignore[return-value]

    def is_valid(self, sequence: Sequence[Any]) -> bool:
        """Whether each label may follow the one before; numbers that are no label, such as -100, are passed over."""
        numbers = [len(self.labels), *(one for _, one in self._read(sequence)), len(self.labels)]
        return all(self.allowed[one, other] for one, other in pairwise(numbers))

    def mentions(self, sequence: Sequence[Any]) -> list[Mention]:
        """The mentions in a sequence, in order.

        Args:
            sequence: Labels, by name or by number; numbers that are no label, such as -100, are passed over.
        """
        return [
            Mention(self.types[self.type_of[group[0][1]]], group[0][0], group[-1][0])
            for group in self._segments(sequence)
            if self.type_of[group[0][1]] >= 0
        ]

    def repaired(self, sequence: Sequence[Any]) -> list[int]:
        """The same mentions, in numbers of labels that are valid: the first I-PER after an O becomes B-PER, for one.

        Args:
            sequence: Labels, by name or by number; numbers that are no label, such as -100, stay.
        """
        result = [self.labels.index(one) if isinstance(one, str) else int(one) for one in sequence]
        for group in self._segments(sequence):
            if self.type_of[group[0][1]] >= 0:
                labels = self.of_mention(self.types[self.type_of[group[0][1]]], len(group))
                for (place, _), label in zip(group, labels, strict=True):
                    result[place] = label
        return result

    def read(self, tokens: Tokens, ignore: int, layer: str) -> Labelled:
        """What the labels of a batch say; raises where there are none.

        Args:
            tokens: The batch.
            ignore: The label of tokens that carry none, such as the later ones of a word.
            layer: Name of the layer, for messages.
        """
        labels, plain = labels_in(tokens.fields, layer), tokens.valid & ops.logical_not(tokens.special)
        return labelled(labels, plain, self.starts, ignore, tokens.fields.get("word_ids"), tokens.segments)

    def _read(self, sequence: Sequence[Any]) -> list[tuple[int, int]]:
        """Places and numbers of what are labels."""
        unknown = sorted({str(one) for one in sequence if isinstance(one, str) and one not in self.labels})
        if unknown:
            raise ValueError(f"{self._layer} expects labels that are among {self.labels}. Received: {unknown}.")
        numbers = [self.labels.index(one) if isinstance(one, str) else int(one) for one in sequence]
        return [(i, one) for i, one in enumerate(numbers) if 0 <= one < len(self.labels)]

    def _segments(self, sequence: Sequence[Any]) -> list[list[tuple[int, int]]]:
        groups: list[list[tuple[int, int]]] = []
        before = len(self.labels)
        for place, label in self._read(sequence):
            if self.starts[before, label]:
                groups.append([])
            groups[-1].append((place, label))
            before = label
        return groups

    def _starts(self) -> np.ndarray:
        kinds, outside = self.type_of, self.type_of < 0
        same = kinds[:, None] == kinds[None, :]
        begun = self.begins[None, :] | (self.ends[:, None] & self.continues[None, :])
        inside = np.where(outside[None, :], False, begun)
        return np.pad(~same | inside, ((0, 1), (0, 1)), constant_values=True)

    def _allowed(self) -> np.ndarray:
        """BIO asks only that an I- goes on with a mention of its type; BIOES also that whatever begins ends."""
        kinds, closed = self.type_of, (self.type_of < 0) | self.ends
        if self.kind == "BIO":
            closed = np.ones_like(closed)
        goes_on = (kinds[:, None] == kinds[None, :]) & ~((kinds < 0) | self.ends)[:, None] & self.continues[None, :]
        begun = closed[:, None] & ~self.continues[None, :]
        table = np.pad(goes_on | begun, ((0, 1), (0, 1)))
        table[-1, :-1], table[:-1, -1], table[-1, -1] = ~self.continues, closed, True
        return table


def labels_in(fields: Mapping[str, Any], layer: str) -> Tensor:
    """Numbers of labels, (batch, length), of a batch; raises where there are none."""
    if "token_labels" not in fields:
        raise ValueError(
            f"{layer} expects token_labels, the number of each token's label. Received: the kinds {sorted(fields)}. "
            "Add them to the dict, or name them: keys={'token_labels': ...}."
        )
    labels = fields["token_labels"]
    if len(labels.shape) != 2 or not dtype_of(labels).startswith(("int", "uint")):
        raise ValueError(
            f"{layer} expects token_labels, integers (batch, length). Received: shape={tuple(labels.shape)}, dtype="
            f"{dtype_of(labels)}. Take the argmax of one-hot labels."
        )
    return labels


def _names(labels: Any, layer: str) -> list[str]:
    listed = list(labels) if isinstance(labels, Sequence | np.ndarray) and not isinstance(labels, str) else [None]
    if not listed or not all(isinstance(one, str) for one in listed) or len(set(listed)) < len(listed):
        raise ValueError(
            f"{layer} expects labels, a list of their names in the order of their numbers, such as ['O', 'B-PER', "
            f"'I-PER'], none of them twice. Received: labels={labels!r}."
        )
    return [str(one) for one in listed]


def _parsed(label: str, labels: Sequence[str], layer: str) -> tuple[str, str | None]:
    """The part and the type of a label."""
    if label == _OUTSIDE:
        return _OUTSIDE, None
    part, dash, kind = label.partition("-")
    if not dash or part not in _PART_OF or not kind:
        raise ValueError(
            f"{layer} expects labels to be 'O', or a part (B, I, E, S; or B, I, L, U) and a type, as in 'B-PER'. "
            f"Received: {label!r} among {list(labels)}."
        )
    return _PART_OF[part], kind
