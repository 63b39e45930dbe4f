"""New tokens between old ones, as far as there is padding to give way."""

from kerasaug.backend import Tensor, ops, place
from kerasaug.ops.tokens.change import Change
from kerasaug.ops.tokens.runs import preceding
from kerasaug.ops.tokens.selection import number, places
from kerasaug.ops.tokens.words import begins


def outside_words(word_ids: Tensor, segment_ids: Tensor | None) -> Tensor:
    """Boolean (batch, length): whether what follows a token is not of the same word."""
    first = begins(word_ids, segment_ids) | (word_ids < 0)
    return ops.concatenate([first[:, 1:], ops.ones_like(first[:, :1])], axis=1)


def outside_spans(like: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Boolean, of the shape of `like`, (batch, length): whether no span holds both a token and what follows it.

    Args:
        like: (batch, length).
        start: First places of spans, (batch,) or (batch, count).
        end: Their last ones.
    """
    first, last = (ops.cast(one if len(one.shape) == 2 else one[:, None], "int32")[..., None] for one in (start, end))
    at = places(like)[:, None]
    return ops.logical_not(ops.any((at >= first) & (at < last), axis=1))


def room(valid: Tensor, left: Tensor) -> Tensor:
    """int32 (batch,): how many places of padding give way when tokens are inserted.

    Args:
        valid: Boolean (batch, length), which places are no padding.
        left: Boolean (batch,), which sequences are padded at the beginning.
    """
    at, length = places(valid), ops.shape(valid)[1]
    before, behind = (ops.min(ops.where(valid, one, length), axis=1) for one in (at, length - 1 - at))
    return ops.where(left, before, behind)


def at_most(which: Tensor, count: Tensor) -> Tensor:
    """The first `count`, int32 (batch,), of the places where `which`, boolean (batch, length), holds."""
    return which & (preceding(which) < count[:, None])


def opened(gaps: Tensor, valid: Tensor, left: Tensor, ids: Tensor) -> Change:
    """Inserts a token after each of some.

    Args:
        gaps: Boolean (batch, length), the tokens that a new one follows, no more than there is room for.
        valid: Boolean (batch, length), which places are no padding.
        left: Boolean (batch,), which sequences are padded at the beginning.
        ids: (batch, length), at the place of a token the id of the one that follows it.
    """
    at, length = places(valid), ops.shape(valid)[1]
    back = ops.where(left, number(gaps), 0)[:, None]
    target = ops.where(valid, at + preceding(gaps) - back, length)
    mark = place(target, 2 * (at + 1) + ops.cast(gaps, "int32"))
    before = ops.pad(mark[:, :-1], ((0, 0), (1, 0)))
    old = mark > 0
    new = ops.logical_not(old) & (ops.mod(before, 2) == 1)
    source = ops.where(old, mark // 2 - 1, ops.where(new, before // 2 - 1, at))
    return Change(source, old | new, ops.take_along_axis(ids, source, axis=1), new, new)
