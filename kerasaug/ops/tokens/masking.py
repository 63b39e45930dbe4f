"""Tokens that a model is to guess: how many, what stands in their places, and where those are listed."""

from collections.abc import Sequence

import numpy as np

from kerasaug.backend import Tensor, ops, place
from kerasaug.ops.tokens.selection import number, places, ranked

_FEW = 16  # ids that are stepped over one by one: a table costs a gather, and they a pass each
_THRESHOLD_BITS = 31  # ranks have 30


def rounded_share(eligible: Tensor, rate: Tensor) -> Tensor:
    """int32 (batch,): rate · n of n eligible tokens, rounded, at least one where there are any and the rate is not 0.

    Args:
        eligible: Boolean (batch, length).
        rate: float32 (batch,).
    """
    each = number(eligible)
    share = ops.cast(ops.round(rate * ops.cast(each, "float32")), "int32")
    return ops.where(rate > 0.0, ops.minimum(ops.maximum(share, 1), each), 0)


def within(bits: Tensor, which: Tensor, sizes: Tensor, most: Tensor | int) -> Tensor:
    """Of some words, in random order, as many as have no more tokens together than fit.

    Args:
        bits: int32 (batch, length), random bits; the smallest ranks come first.
        which: Boolean (batch, length), by number of word.
        sizes: int32 (batch, length), how many tokens each has.
        most: How many tokens fit.

    Returns:
        Boolean (batch, length).
    """
    rank, sizes = ranked(bits), ops.where(which, sizes, 0)

    def halve(i: Tensor, low: Tensor) -> Tensor:
        middle = ops.bitwise_or(low, ops.left_shift(1, _THRESHOLD_BITS - 1 - i))
        before = ops.sum(ops.where(rank < middle[:, None], sizes, 0), axis=1)
        return ops.where(before <= most, middle, low)

    threshold = ops.fori_loop(0, _THRESHOLD_BITS, halve, ops.zeros_like(sizes[:, 0]))
    return which & (rank < threshold[:, None])


def uniform_ids(bits: Tensor, count: int, excluded: Sequence[int]) -> Tensor:
    """Random ids, each of those from 0 to `count` - 1 as likely, but for some.

    Args:
        bits: int32, random bits. Their remainder favours no id by more than `count` / 2**31.
        count: The size of the vocabulary.
        excluded: Ids of it that are not drawn, in ascending order.

    Returns:
        int32, of the shape of `bits`.
    """
    number_of_others = ops.mod(ops.bitwise_and(bits, 2**31 - 1), count - len(excluded))
    if len(excluded) > _FEW:
        table = np.delete(np.arange(count, dtype="int32"), list(excluded))
        return ops.take(ops.convert_to_tensor(table), number_of_others, axis=0)
    for one in excluded:
        number_of_others = number_of_others + ops.cast(number_of_others >= one, "int32")
    return number_of_others


def listed(which: Tensor, width: Tensor | int) -> tuple[Tensor, Tensor]:
    """The places that hold, in a list of a fixed length.

    Args:
        which: Boolean (batch, length).
        width: Of the list; places that do not fit are left out.

    Returns:
        int32 (batch, width), places in ascending order and then 0, and boolean, which entries are places.
    """
    length = ops.shape(which)[1]
    target = ops.where(which, ops.cumsum(ops.cast(which, "int32"), axis=1) - 1, length)
    positions = fitted(place(target, places(which)), width)
    return positions, ops.arange(width, dtype="int32")[None] < number(which)[:, None]


def fitted(values: Tensor, width: Tensor | int) -> Tensor:
    """Rows cut to a width, or lengthened with zeros."""
    batch, length = ops.shape(values)[:2]
    known = isinstance(width, int) and isinstance(length, int)
    more = ops.zeros((batch, max(width - length, 0) if known else ops.maximum(width - length, 0)), values.dtype)
    return ops.concatenate([values, more], axis=1)[:, :width]
