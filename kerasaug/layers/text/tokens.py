"""A batch of token sequences as an op sees it: which places are no padding, and which an op may touch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasaug.backend import Tensor, ops
from kerasaug.ops.tokens.movement import padded_left
from kerasaug.ops.tokens.selection import places
from kerasaug.ops.tokens.words import Words, words_of

_FEW = 16  # ids that are compared one by one: a table costs a gather, and they a pass each


@dataclass
class Tokens:
    """Sequences of a batch.

    Attributes:
        fields: Every target, by kind.
        valid: Boolean (batch, length), which places are no padding.
        eligible: Boolean (batch, length), which of them an op may touch.
        special: Boolean (batch, length), which hold a special token.
        left: Boolean (batch,), which sequences are padded at the beginning.
    """

    fields: Mapping[str, Any]
    valid: Tensor
    eligible: Tensor
    special: Tensor
    left: Tensor

    @property
    def ids(self) -> Tensor:
        """(batch, length), of an integer dtype."""
        return self.fields["token_ids"]

    @property
    def segments(self) -> Tensor | None:
        """(batch, length), or `None` where there are no pairs."""
        return self.fields.get("segment_ids")

    def words(self, layer: str) -> Words:
        """Their words; raises where nobody says which there are."""
        if "word_ids" not in self.fields:
            raise ValueError(
                f"{layer} expects word_ids for unit='word', the number of each token's word, negative for none. "
                f"Received: the kinds {sorted(self.fields)}. Add them to the dict, or use unit='subword'."
            )
        return words_of(self.fields["word_ids"], self.eligible, self.segments)


def tokens_of(
    fields: Mapping[str, Any],
    special_token_ids: Sequence[int],
    skip_list: Sequence[int],
    pad_token_id: int,
    full_left: bool = False,
) -> Tokens:
    """Reads a batch.

    Args:
        fields: Every target, by kind.
        special_token_ids: Ids that stay where they are, and as they are.
        skip_list: Ids of other tokens that stay as they are.
        pad_token_id: What sequences end with that have no padding mask.
        full_left: Whether sequences without padding are of those padded at the beginning.
    """
    ids = fields["token_ids"]
    valid = _valid(fields, pad_token_id)
    special = is_any(ids, special_token_ids)
    shielded = special | is_any(ids, skip_list)
    if "protected_mask" in fields:
        shielded = shielded | (fields["protected_mask"] != ops.zeros_like(fields["protected_mask"]))
    if "start_positions" in fields and "end_positions" in fields:
        shielded = shielded | _within(ids, fields["start_positions"], fields["end_positions"])
    left = padded_left(valid, full_left)
    return Tokens(fields, valid, valid & ops.logical_not(shielded), special, left)


def is_any(ids: Tensor, some: Sequence[int]) -> Tensor:
    """Boolean, of the shape of `ids`: whether an id is one of some."""
    if not some:
        return ops.zeros_like(ids, dtype="bool")
    if len(some) <= _FEW:
        which = [ids == ops.cast(one, ids.dtype) for one in some]
        return ops.any(ops.stack(which), axis=0) if len(which) > 1 else which[0]
    table = np.zeros(max(some) + 2, "bool")
    table[list(some)] = True
    inside = (ids >= 0) & (ids <= max(some))
    index = ops.where(inside, ops.cast(ids, "int32"), max(some) + 1)
    return ops.take(ops.convert_to_tensor(table), index, axis=0)


def _valid(fields: Mapping[str, Any], pad_token_id: int) -> Tensor:
    if "padding_mask" in fields:
        mask = fields["padding_mask"]
        return mask != ops.zeros_like(mask)
    own = ops.cast(fields["token_ids"] != ops.cast(pad_token_id, fields["token_ids"].dtype), "int32")
    before = ops.cumsum(own, axis=1) - own
    return before < ops.sum(own, axis=1, keepdims=True)


def _within(ids: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Whether a token is part of a span; one from 0 to 0 is none."""
    first, last = (ops.cast(one if len(one.shape) == 2 else one[:, None], "int32")[..., None] for one in (start, end))
    at = places(ids)[:, None]
    return ops.any((at >= first) & (at <= last) & (last > 0), axis=1)
