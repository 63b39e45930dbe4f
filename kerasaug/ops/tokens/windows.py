"""Runs of tokens of a given length: where they may lie, and which is chosen."""

from kerasaug.backend import Tensor, gather_tokens, ops
from kerasaug.ops.tokens.selection import places


def fits(eligible: Tensor, size: Tensor) -> Tensor:
    """Boolean (batch, length): the places at which a run of `size`, int32 (batch,), eligible tokens begins."""
    return window_sums(ops.cast(eligible, "int32"), size) == size[:, None]


def window_sums(values: Tensor, size: Tensor) -> Tensor:
    """(batch, length): the sum over `size`, int32 (batch,), places from each on; those beyond the end count nothing."""
    until = ops.cumsum(values, axis=1)
    last = places(values) + size[:, None] - 1
    total = gather_tokens(until, ops.clip(last, 0, ops.shape(values)[1] - 1))
    return total - (until - values)


def any_of(where: Tensor, unit: Tensor) -> Tensor:
    """int32 (batch,): one of the places that hold, each as likely, by a number in (0, 1); 0 where none does."""
    count = ops.sum(ops.cast(where, "int32"), axis=1)
    rank = ops.cast(ops.floor(unit * ops.cast(count, "float32")), "int32")
    after = ops.cumsum(ops.cast(where, "int32"), axis=1) > rank[:, None]
    return ops.cast(ops.argmax(ops.cast(where & after, "int32"), axis=1), "int32")


def best_of(where: Tensor, scores: Tensor) -> Tensor:
    """int32 (batch,): the first of the places that hold with the greatest score."""
    return ops.cast(ops.argmax(ops.where(where, scores, -float("inf")), axis=1), "int32")


def spliced(own: Tensor, other: Tensor, start: Tensor, source: Tensor, size: Tensor) -> tuple[Tensor, Tensor]:
    """Puts runs of other sequences into sequences.

    Args:
        own: (batch, length, …).
        other: The same, of the partners.
        start: int32 (batch,), where the run goes.
        source: int32 (batch,), where it comes from.
        size: int32 (batch,), how long it is.

    Returns:
        (batch, length, …), and boolean (batch, length), which places are the run's.
    """
    at = places(own)
    inside = (at >= start[:, None]) & (at < (start + size)[:, None])
    index = ops.where(inside, at + (source - start)[:, None], at)
    taken = gather_tokens(other, index)
    mask = ops.reshape(inside, (*ops.shape(inside), *(1,) * (len(own.shape) - 2)))
    return ops.where(mask, taken, own), inside
