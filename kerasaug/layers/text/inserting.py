"""Ops that insert tokens: where they may, and what goes with the new ones."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kerasaug.arguments import as_integer, is_integer, one_of
from kerasaug.backend import Tensor, ops
from kerasaug.layers.text.base import TokenEdit
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.tokens.insertion import outside_spans, outside_words
from kerasaug.ops.tokens.selection import places

LABELS = ("ignore", "outside", "inherit")
_MOST = 2**15  # labels, of which a table is made


class InsertionEdit(TokenEdit):
    """Base of ops that insert tokens; a subclass writes `draw_params` and `edit`, with `gaps`.

    New tokens follow tokens that are not special, protected ones too, one at most each, and belong to their segment;
    none comes between the tokens of an answer. There are as many as padding gives way to, so that the last token never
    falls off. They are words of their own, with `word_ids` from the largest of the sequence on, `offsets` of (0, 0) and
    a `protected_mask` of false; whatever else has an entry for each token is that of the token they follow.

    Args:
        inserted_labels: The `token_labels` of new tokens: `"ignore"` (the default) for `ignore_class`, `"outside"` for
            `outside_class`, `"inherit"` for that of the token they follow, as `continuation` says. One-hot labels that
            are ignored are zeros.
        outside_class: Label of what is no entity. Defaults to 0.
        continuation: What `"inherit"` makes of a label, by which an entity goes on: a dict, such as {1: 2} where 1 is
            B-PER and 2 is I-PER, or a list of a label for each. Labels without an entry stay.
        **kwargs: See `TokenEdit`.
    """

    def __init__(
        self,
        inserted_labels: str = "ignore",
        outside_class: int = 0,
        continuation: Mapping[int, int] | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        self.inserted_labels = one_of(inserted_labels, LABELS, "inserted_labels", name)
        self.outside_class = as_integer(outside_class, "outside_class", name, -(2**31))
        self.continuation = _as_table(continuation, name)

    def gaps(self, tokens: Tokens) -> Tensor:
        """Boolean (batch, length): the tokens that a new one may follow."""
        fields = tokens.fields
        result = tokens.valid & ops.logical_not(tokens.special)
        if self.unit == "word":
            tokens.words(self._label)  # raises where there are none
            result = result & outside_words(fields["word_ids"], tokens.segments)
        if "start_positions" in fields and "end_positions" in fields:
            result = result & outside_spans(tokens.ids, fields["start_positions"], fields["end_positions"])
        return result

    def of_inserted(self) -> dict[str, Callable[[Tensor], Tensor]]:
        """What new tokens have, for what those have that they follow."""
        return {
            "token_labels": self._labels,
            "word_ids": lambda ids: ops.max(ids, axis=1, keepdims=True) + 1 + ops.cast(places(ids), ids.dtype),
            "offsets": ops.zeros_like,
            "protected_mask": ops.zeros_like,
        }

    def check(self, fields: dict[str, Any]) -> None:
        """One-hot labels must have the classes that new tokens get."""
        shape = tuple(getattr(fields.get("token_labels"), "shape", ()))
        given = {"outside": [self.outside_class], "inherit": self.continuation or []}.get(self.inserted_labels, [])
        wrong = [one for one in given if len(shape) == 3 and not 0 <= one < shape[2]]
        if wrong:
            raise ValueError(
                f"{self._label} gives new tokens the label {wrong[0]} and expects one-hot token_labels that have it. "
                f"Received: shape={shape}."
            )

    def _labels(self, labels: Tensor) -> Tensor:
        one_hot = len(labels.shape) == 3
        if self.inserted_labels == "inherit":
            return _inherited(labels, self.continuation or [], one_hot)
        if not one_hot:
            label = self.ignore_class if self.inserted_labels == "ignore" else self.outside_class
            return ops.full_like(labels, label)
        if self.inserted_labels == "ignore":
            return ops.zeros_like(labels)
        outside = np.arange(labels.shape[2]) == self.outside_class
        return ops.zeros_like(labels) + ops.cast(ops.convert_to_tensor(outside), labels.dtype)


def _inherited(labels: Tensor, table: Sequence[int], one_hot: bool) -> Tensor:
    if one_hot:
        moves = np.zeros((labels.shape[2],) * 2, "float32")
        moves[np.arange(len(moves)), [*table, *range(len(table), len(moves))][: len(moves)]] = 1.0
        return ops.cast(ops.matmul(ops.cast(labels, "float32"), ops.convert_to_tensor(moves)), labels.dtype)
    result = labels
    for old, new in enumerate(table):
        if old != new:
            result = ops.where(labels == old, ops.cast(new, labels.dtype), result)
    return result


def _as_table(value: Any, layer: str) -> list[int] | None:
    """A list of a label for each, from a dict or a list."""
    if value is None:
        return None
    pairs: dict[Any, Any] = {None: None}
    if isinstance(value, Mapping):
        pairs = dict(value)
    elif isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
        pairs = dict(enumerate(value))
    if not all(is_integer(one) and 0 <= one < _MOST for pair in pairs.items() for one in pair):
        raise ValueError(
            f"{layer} expects continuation, a dict from label to label or a list of a label for each, integers from 0 "
            f"on. Received: continuation={value!r}."
        )
    return [int(pairs.get(label, label)) for label in range(max(pairs, default=-1) + 1)]
