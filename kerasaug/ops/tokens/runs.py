"""Segments of sequences, which nothing leaves: what is counted, is counted in each."""

from dataclasses import dataclass

from kerasaug.backend import Tensor, gather_tokens, ops, place
from kerasaug.ops.tokens.selection import number


@dataclass
class Tally:
    """Some of the places of a batch of sequences, counted; all int32, (batch, length) or (batch, 1).

    Attributes:
        total: How many there are in a place's run.
        before: How many there are in the runs before that.
        rank: How many there are before the place, in its run.
    """

    total: Tensor
    before: Tensor
    rank: Tensor


@dataclass
class Runs:
    """Neighbouring places of one segment.

    Attributes:
        index: int32 (batch, length), the number of the run that a place belongs to, or `None` where each row is one.
    """

    index: Tensor | None = None

    def tally(self, which: Tensor) -> Tally:
        """Counts the places where `which`, boolean (batch, length), holds."""
        before = preceding(which)
        if self.index is None:
            total = number(which)[:, None]
            return Tally(total, ops.zeros_like(total), before)
        each = place(self.index, ops.cast(which, "int32"))
        first = gather_tokens(preceding(each), self.index)
        return Tally(gather_tokens(each, self.index), first, before - first)


def runs_of(segment_ids: Tensor | None) -> Runs:
    """The runs of (batch, length) segment ids, or of rows without any."""
    if segment_ids is None:
        return Runs()
    changes = ops.cast(segment_ids[:, 1:] != segment_ids[:, :-1], "int32")
    first = ops.zeros_like(segment_ids[:, :1], dtype="int32")
    return Runs(ops.concatenate([first, ops.cumsum(changes, axis=1)], axis=1))


def preceding(values: Tensor) -> Tensor:
    """int32 (batch, length): the sum of the values, integers or booleans, before each place."""
    values = ops.cast(values, "int32")
    return ops.cumsum(values, axis=1) - values
