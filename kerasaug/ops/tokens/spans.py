"""Spans of noise in sequences: how many and how long, where they lie, and what is left of a sequence without them."""

from dataclasses import dataclass

import numpy as np

from kerasaug.backend import Tensor, gather_tokens, ops, place
from kerasaug.ops.tokens.masking import fitted
from kerasaug.ops.tokens.movement import compacted
from kerasaug.ops.tokens.selection import bits_for, number, places, take
from kerasaug.ops.tokens.words import begins


def most_noise(length: int, density: float, mean_length: float, most_spans: int) -> tuple[int, int]:
    """How many tokens and spans of noise there are in so many tokens, as `noise_counts` says of a batch."""
    if length < 2 or density == 0.0:
        return 0, 0
    noise = int(np.clip(np.round(np.float32(length) * np.float32(density)), 1, length - 1))
    spans = max(int(np.round(np.float32(noise) / np.float32(mean_length))), 1)
    return noise, min(spans, noise, length - noise, most_spans)


def noise_counts(count: Tensor, density: Tensor, mean_length: float, most_spans: int) -> tuple[Tensor, Tensor]:
    """How many tokens are noise, and in how many spans: rounded, at least one of each, and one token left.

    Args:
        count: int32 (batch,), how many tokens may be noise.
        density: float32 (batch,), the share of them that is; none where it is 0.
        mean_length: Of a span.
        most_spans: How many there can be.

    Returns:
        Two int32 (batch,); 0 where there are fewer than two tokens.

    Reference:
        Raffel et al., "Exploring the limits of transfer learning with a unified text-to-text transformer", 2019:
        `random_spans_noise_mask` of its preprocessors.
    """
    share = ops.cast(ops.round(ops.cast(count, "float32") * density), "int32")
    noise = ops.minimum(ops.maximum(share, 1), count - 1)
    spans = ops.maximum(ops.cast(ops.round(ops.cast(noise, "float32") / mean_length), "int32"), 1)
    spans = ops.minimum(ops.minimum(spans, most_spans), ops.minimum(noise, count - noise))
    some = (count > 1) & (density > 0.0)
    return ops.where(some, noise, 0), ops.where(some, spans, 0)


def random_spans(key: Tensor, ids: Tensor, count: Tensor, noise: Tensor, spans: Tensor) -> Tensor:
    """Noise in spans apart from each other, every choice of them as likely.

    The noise is cut into spans at random, as T5 does. Where T5 always begins with what is no noise and ends with noise,
    so that a lone span is always the end, here the spans lie in any of the gaps between the other tokens, the outer
    ones too.

    Args:
        key: int32 (batch, 2), of each sample.
        ids: (batch, length), for its shape.
        count: int32 (batch,), of how many places some are to be noise; the first ones.
        noise: int32 (batch,), how many.
        spans: int32 (batch,), in how many spans: neither more than noise, nor than other places and one.

    Returns:
        Boolean (batch, length).
    """
    at, none = places(ids), ops.zeros_like(ids, "int32")
    noise, others = noise[:, None], (count - noise)[:, None]
    cut = take(bits_for(key, ids), (at + none >= 1) & (at < noise), ops.maximum(spans - 1, 0))
    gap = take(bits_for(key, ids, 1), (at + none <= others), spans)
    span = ops.cumsum(ops.cast(cut, "int32"), axis=1)  # of the place-th token of noise
    length = ops.shape(ids)[1]
    order = ops.where(gap, ops.cumsum(ops.cast(gap, "int32"), axis=1) - 1, length)
    before = gather_tokens(place(order, at), ops.minimum(span, length - 1))  # how many others lie before it
    return place(ops.where(at < noise, at + before, length), ops.ones_like(at)) > 0


def uninterrupted(noise: Tensor, first: Tensor, span: Tensor, barrier: Tensor) -> Tensor:
    """Ends each span before what must stay.

    Args:
        noise: Boolean (batch, length).
        first: Boolean (batch, length), which tokens begin a span.
        span: int32 (batch, length), the number of a token's span.
        barrier: int32 (batch, length), how many interruptions there are up to each token.

    Returns:
        Boolean (batch, length): the noise that remains.
    """
    length = ops.shape(noise)[1]
    at_start = place(ops.where(first, span, length), barrier)
    return noise & (barrier == gather_tokens(at_start, ops.minimum(ops.maximum(span, 0), length - 1)))


def starts(noise: Tensor, segment_ids: Tensor | None) -> Tensor:
    """Boolean (batch, length): which tokens of noise have none before them, in their segment."""
    before = ops.concatenate([ops.zeros_like(noise[:, :1]), noise[:, :-1]], axis=1)
    return noise & (ops.logical_not(before) | begins(ops.cast(noise, "int32"), segment_ids))


@dataclass
class Remainder:
    """A sequence in which each span of noise is one token, in rows of another length.

    Attributes:
        source: int32 (batch, width), the place that each token comes from; for an end that is new, of the last one.
        valid: Boolean (batch, width), which places are no padding.
        old: Boolean (batch, width), which were none before, or were not there.
        end: Boolean (batch, width), where an end is to be written.
    """

    source: Tensor
    valid: Tensor
    old: Tensor
    end: Tensor


def remainder(
    kept: Tensor, valid: Tensor, left: Tensor, chosen: Tensor, without_end: Tensor | None, width: Tensor | int
) -> Remainder:
    """Closes ranks in sequences, sets an end, and cuts or lengthens the rows, on the side that is padded.

    Args:
        kept: Boolean (batch, length), which tokens stay.
        valid: Boolean (batch, length), which places are no padding.
        left: Boolean (batch,), which sequences are padded at the beginning.
        chosen: Boolean (batch,); of other sequences nothing is moved.
        without_end: Boolean (batch,), which sequences need an end; `None` where none has one. One that is too long
            loses its last tokens, but not its end.
        width: Of the rows.
    """
    length, at = ops.shape(valid)[1], places(valid)
    source, still = compacted(kept, valid, left)
    source = ops.where(chosen[:, None], source, at)
    still = ops.where(chosen[:, None], still, valid)
    count, begin = number(still), ops.cast(ops.argmax(still, axis=1), "int32")
    more = ops.zeros_like(count) if without_end is None else ops.cast(without_end & chosen & (count > 0), "int32")
    total = count + more
    right = ops.minimum(ops.maximum(begin + total - width, 0), begin)
    shift = ops.where(left, length + more - ops.maximum(total, width), right)
    index = ops.arange(width, dtype="int32")[None] + shift[:, None]
    inside = (index >= 0) & (index < length)
    index_inside = ops.minimum(ops.maximum(index, 0), length - 1)
    valid_out = gather_tokens(still, index_inside) & inside
    old = gather_tokens(valid, index_inside) | ops.logical_not(inside)
    source_out = gather_tokens(source, index_inside)
    if without_end is None:
        return Remainder(source_out, valid_out, old, ops.zeros_like(valid_out))
    end = (more > 0)[:, None] & (index == (begin + count)[:, None])
    cut = (chosen & (total > width))[:, None] & (ops.arange(width, dtype="int32")[None] == width - 1)
    end = end | cut
    last_source = gather_tokens(source, ops.maximum(begin + count - 1, 0)[:, None])
    return Remainder(ops.where(end & ops.logical_not(valid_out), last_source, source_out), valid_out | end, old, end)


def spans_listed(ids: Tensor, noise: Tensor, first: Tensor, width: Tensor | int) -> tuple[Tensor, Tensor, Tensor]:
    """Span after span, each behind a place for its sentinel.

    Args:
        ids: (batch, length).
        noise: Boolean (batch, length).
        first: Boolean (batch, length), which tokens begin a span.
        width: Of the list; what does not fit is left out.

    Returns:
        The tokens' ids (batch, width), 0 where there are none; boolean, where there are; and int32 (batch,), how many
        places, sentinels among them, the list needs.
    """
    each, spans = (ops.cumsum(ops.cast(one, "int32"), axis=1) for one in (noise, first))
    target = ops.where(noise, each - 1 + spans, ops.shape(ids)[1])
    source = fitted(place(target, places(ids) + 1), width)
    there = source > 0
    tokens = gather_tokens(ids, ops.maximum(source - 1, 0))
    return ops.where(there, tokens, ops.zeros_like(tokens)), there, number(noise) + number(first)
