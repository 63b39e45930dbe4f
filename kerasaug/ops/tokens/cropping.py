"""Runs of tokens that stay, and sequences cut down to a length."""

from kerasaug.backend import Tensor, ops
from kerasaug.ops.tokens.runs import Tally
from kerasaug.ops.tokens.selection import lowest, places
from kerasaug.ops.tokens.swap_or_not import drawn


def windows(tally: Tally, keep: Tensor, rank: Tensor, held: Tensor | None, key: Tensor) -> Tensor:
    """Chooses a window in each segment, every one as likely, or every one that holds what is to be held.

    Args:
        tally: Of the units, tokens or words, in each segment.
        keep: int32 (batch, length) or (batch, 1), how many of its segment a window has.
        rank: int32 (batch, length), the number of a place's unit in its segment.
        held: Boolean (batch, length), what is to be inside if it fits, all in one segment; or `None`.
        key: int32 (batch, 2), random.

    Returns:
        Boolean (batch, length), what is inside.
    """
    low, high = ops.zeros_like(keep), tally.total - keep
    if held is not None:
        many = 1 << 30
        at = tally.before + rank
        first = ops.min(ops.where(held, at, many), axis=1, keepdims=True) - tally.before
        last = ops.max(ops.where(held, at, -1), axis=1, keepdims=True) - tally.before
        fits = (first >= 0) & (last < tally.total) & (last - first < keep) & (last >= first)
        low = ops.where(fits, ops.maximum(last - keep + 1, 0), low)
        high = ops.where(fits, ops.minimum(first, high), high)
    start = low + drawn(high - low + 1, tally.before, key, 0)
    return (rank >= start) & (rank < start + keep)


def longest(tally: Tally) -> Tensor:
    """Boolean, as `tally.total`: whether a segment is the longest of its row, the first of them."""
    most = tally.total == ops.max(tally.total, axis=1, keepdims=True)
    first = ops.min(ops.where(most, tally.before, 1 << 30), axis=1, keepdims=True)
    return most & (tally.before == first)


def fitting(which: Tensor, rank: Tensor, ahead: Tensor, count: Tensor) -> Tensor:
    """Takes so many tokens: from the beginnings of all segments, one of each in turn, as far as there are any.

    Args:
        which: Boolean (batch, length), of which tokens.
        rank: int32 (batch, length), their numbers in their segments.
        ahead: Boolean (batch, length), those that are taken before others.
        count: int32 (batch,), how many.
    """
    length, at = ops.shape(which)[1], places(which)
    return lowest(ops.where(ahead, 0, rank + 1) * length + at, which, count)
