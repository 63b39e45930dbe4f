"""What becomes of a batch of sequences, and every tensor that has an entry for each token along with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kerasaug.backend import Tensor, gather_tokens, ops
from kerasaug.ops.tokens.selection import places

POSITIONS = ("start_positions", "end_positions")


@dataclass
class Change:
    """What an op makes of a batch of sequences; whatever is `None` stays.

    Attributes:
        source: int32 (batch, length), the place that each token comes from.
        valid: Boolean (batch, length), which places are no padding afterwards.
        ids: (batch, length), the ids afterwards, where `written`.
        written: Boolean (batch, length), the places whose id is new.
        inserted: Boolean (batch, length), the places whose token is new, and was nowhere before; `source` is then the
            place of the token that it follows.
    """

    source: Tensor | None = None
    valid: Tensor | None = None
    ids: Tensor | None = None
    written: Tensor | None = None
    inserted: Tensor | None = None

    def where(self, chosen: Tensor, valid: Tensor) -> "Change":
        """The same, of the chosen sequences alone.

        Args:
            chosen: Boolean (batch, 1), or (1, 1).
            valid: Boolean (batch, length), which places are no padding before.
        """
        source = None if self.source is None else ops.where(chosen, self.source, places(self.source))
        after = None if self.valid is None else ops.where(chosen, self.valid, valid)
        marks = [None if mark is None else mark & chosen for mark in (self.written, self.inserted)]
        return Change(source, after, self.ids, *marks)


def carried(
    fields: Mapping[str, Any],
    names: Mapping[str, float],
    change: Change,
    valid: Tensor,
    inserted: Mapping[str, Callable[[Tensor], Tensor]],
) -> dict[str, Any]:
    """Every aligned tensor, and positions of spans, after a change.

    Args:
        fields: Kind of target to tensor.
        names: Kind of aligned target to what fills the places that become padding.
        change: Of the chosen sequences.
        valid: Boolean (batch, length), which places were no padding.
        inserted: Kind to a function of the entries of the tokens that new ones follow, (batch, length, …), which
            gives those of new ones; entries are copied where there is none.

    Returns:
        What has changed, by kind.
    """
    result = {}
    for name, fill in names.items():
        if name in fields:
            result[name] = _carried(fields[name], fill, change, valid, inserted.get(name))
    if "padding_mask" in result and change.valid is not None:
        result["padding_mask"] = ops.cast(change.valid, fields["padding_mask"].dtype)
    if change.ids is not None and change.written is not None:
        ids = result["token_ids"]
        result["token_ids"] = ops.where(change.written, ops.cast(change.ids, ids.dtype), ids)
    if change.source is not None:
        for name in POSITIONS:
            if name in fields:
                result[name] = _moved(fields[name], change)
    return result


def _carried(
    values: Tensor, fill: float, change: Change, valid: Tensor, of_inserted: Callable[[Tensor], Tensor] | None
) -> Tensor:
    if change.source is not None:
        values = gather_tokens(values, change.source)
    if change.inserted is not None and of_inserted is not None:
        values = ops.where(_like(change.inserted, values), of_inserted(values), values)
    if change.valid is not None:
        gone = valid & ops.logical_not(change.valid)
        values = ops.where(_like(gone, values), ops.cast(fill, values.dtype), values)
    return values


def _moved(positions: Tensor, change: Change) -> Tensor:
    """Where tokens are that were at `positions`, (batch,) or (batch, count); 0 for those that are gone."""
    flat = positions if len(positions.shape) == 2 else positions[:, None]
    there = change.source[:, None, :] == ops.cast(flat, "int32")[..., None]  # type: ignore[index]
    for mark, holds in ((change.inserted, False), (change.valid, True)):
        if mark is not None:
            there = there & (mark if holds else ops.logical_not(mark))[:, None, :]
    moved = ops.cast(ops.argmax(there, axis=-1), positions.dtype)
    return ops.reshape(moved, ops.shape(positions))


def _like(mask: Tensor, values: Tensor) -> Tensor:
    return ops.reshape(mask, (*ops.shape(mask), *(1,) * (len(values.shape) - 2)))
