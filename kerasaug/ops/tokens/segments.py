"""Segments of one label (mentions, and runs of O), read off labels; and shuffling within them, without a sort."""

from dataclasses import dataclass

import numpy as np

from kerasaug.backend import Tensor, gather_rows, gather_tokens, ops, place
from kerasaug.ops.tokens.movement import sources
from kerasaug.ops.tokens.selection import places
from kerasaug.ops.tokens.words import Words, begins

ORDER_BITS = 19  # of a random number behind that of a segment, of which there are up to 4096


@dataclass
class Labelled:
    """What labels say of a batch of sequences.

    Attributes:
        label: int32 (batch, length), that of the word a token belongs to; the number of labels where there is none.
        carries: Boolean (batch, length), whether a token has a label of its own, as a word's first one has.
        first: Boolean (batch, length), whether a segment begins there.
    """

    label: Tensor
    carries: Tensor
    first: Tensor


def labelled(
    labels: Tensor,
    plain: Tensor,
    starts: np.ndarray,
    ignore: int,
    word_ids: Tensor | None = None,
    segment_ids: Tensor | None = None,
) -> Labelled:
    """Reads labels, which may be those of words, at the first token of each.

    A plain token whose label is `ignore` belongs to the word before it, if there is one with a label; what is not plain
    belongs to none, and neither does what follows it, up to the next label.

    Args:
        labels: Integers (batch, length).
        plain: Boolean (batch, length), which tokens are neither padding nor special.
        starts: Boolean (labels + 1, labels + 1), whether a segment begins at a label that follows another.
        ignore: The label of tokens that carry none.
        word_ids: (batch, length), where words are known; a word then never goes on into the next.
        segment_ids: (batch, length), or `None`; no segment crosses from one to another.
    """
    none = len(starts) - 1
    labels = ops.cast(labels, "int32")
    carries = plain & (labels >= 0) & (labels < none)
    border = places(labels) == 0
    if segment_ids is not None:
        border = border | begins(segment_ids)
    new_word = border if word_ids is None else border | begins(word_ids)
    goes_on = plain & (labels == ignore) & ops.logical_not(new_word)
    label = of_last(ops.where(carries, labels, none), ops.logical_not(goes_on))
    before = ops.concatenate([ops.full_like(label[:, :1], none), label[:, :-1]], axis=1)
    rules = ops.convert_to_tensor(starts.reshape(-1))
    first = ops.logical_not(goes_on) & (border | gather_rows(rules, before * len(starts) + label))
    return Labelled(label, carries, first)


def of_last(values: Tensor, which: Tensor) -> Tensor:
    """int32 (batch, length): the value at the last place, up to each, where `which` holds; it must at the first one.

    Args:
        values: int32 (batch, length).
        which: Boolean (batch, length).
    """
    index = ops.cumsum(ops.cast(which, "int32"), axis=1) - 1
    return gather_tokens(place(ops.where(which, index, ops.shape(which)[1]), values), index)


def shuffled_within(segment: Tensor, order: Tensor, longest: Tensor) -> Tensor:
    """Where tokens come from when those of each segment are put in a random order.

    Every token counts, among those up to `longest` places away, the ones that overtake it. For 256 sequences XLA does
    so on a CPU in 0.5 to 0.9 ms at 128 tokens and segments of up to 15, where a stable sort takes 2.8 to 8; in 2 to 6
    at 512 tokens and segments of up to 40, where it takes 21 to 43. One segment of 512 costs as much as the sort.

    Args:
        segment: int32 (batch, length), the number of the segment of each place, in ascending order, up to 4095.
        order: int32 (batch, length), from 0 to 2**19 - 1; tokens of the same number keep their order.
        longest: int32, how many tokens the longest segment has in which anything moves.

    Returns:
        int32 (batch, length).
    """
    key = ops.bitwise_or(ops.left_shift(segment, ORDER_BITS), order)
    batch, length = ops.shape(key)[0], ops.shape(key)[1]
    behind = ops.pad(key, ((0, 0), (0, length)), constant_values=2**31 - 1)
    ahead = ops.pad(key, ((0, 0), (length, 0)), constant_values=-1)

    def step(distance: Tensor, target: Tensor) -> Tensor:
        after = ops.slice(behind, (0, distance), (batch, length))
        before = ops.slice(ahead, (0, length - distance), (batch, length))
        return target + ops.cast(after < key, "int32") - ops.cast(before > key, "int32")

    start = ops.broadcast_to(places(key), (batch, length))
    return sources(ops.fori_loop(1, longest, step, start))[0]


def random_order(bits: Tensor) -> Tensor:
    """int32, random bits as `shuffled_within` takes them: from 0 to 2**19 - 1."""
    return ops.bitwise_and(ops.right_shift(bits, 32 - ORDER_BITS), (1 << ORDER_BITS) - 1)


def relaid(labels: Tensor, carries: Tensor, source: Tensor) -> Tensor:
    """Labels that stay in place while tokens move, of which some carry none: the others take them in order.

    Args:
        labels: Integers (batch, length).
        carries: Boolean (batch, length), which tokens have a label of their own.
        source: int32 (batch, length), where each place gets its token from.
    """
    moved = gather_tokens(carries, source)
    before, after = (ops.cumsum(ops.cast(which, "int32"), axis=1) - 1 for which in (carries, moved))
    listed = place(ops.where(carries, before, ops.shape(labels)[1]), ops.cast(labels, "int32"))
    own = ops.cast(gather_tokens(listed, ops.maximum(after, 0)), labels.dtype)
    return ops.where(moved, own, gather_tokens(labels, source))


def in_words(values: Tensor, words: Words, word_ids: Tensor, segment_ids: Tensor | None) -> tuple[Tensor, ...]:
    """Of the word that each token belongs to; what comes of tokens that belong to none means nothing.

    Args:
        values: Integers (batch, length).
        words: The words.
        word_ids: (batch, length), from which they were read.
        segment_ids: (batch, length), or `None`.

    Returns:
        int32 (batch, length) each: the value at the word's first token, how many tokens it has, and how many of them
        are before this one.
    """
    first = begins(word_ids, segment_ids) & words.inside
    head = ops.where(first, words.index, ops.shape(values)[1])
    value, start = (place(head, ops.cast(one, "int32")) for one in (values, places(values)))
    size = place(words.index, ops.cast(words.inside, "int32"))
    value, start, size = (gather_tokens(one, words.index) for one in (value, start, size))
    return value, size, places(values) - start
