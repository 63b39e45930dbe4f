"""Mentions that give way to others of another length: which of them fit, and where everything else goes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kerasaug.backend import Tensor, gather_rows, gather_tokens, ops, place
from kerasaug.ops.tokens.lots import Lots
from kerasaug.ops.tokens.segments import Labelled, of_last
from kerasaug.ops.tokens.selection import bits_for, by_rate, number, places
from kerasaug.ops.tokens.words import Words, words_of
from kerasaug.params import Params


@dataclass
class Layout:
    """Sequences after some of their tokens have become several, or none.

    Attributes:
        source: int32 (batch, length), the place of the token that each one comes from.
        inner: int32 (batch, length), how many of the tokens that come from the same one are before it.
        valid: Boolean (batch, length), which places are no padding.
    """

    source: Tensor
    inner: Tensor
    valid: Tensor


def fitting(heads: Tensor, growth: Tensor, valid: Tensor, left: Tensor) -> Tensor:
    """Which mentions may be replaced, so that everything else has room.

    Those that shrink may, and of those that grow as many as fit, from the first on; one that alone would not is passed
    over.

    Args:
        heads: Boolean (batch, length), the first tokens of mentions that are to be replaced.
        growth: int32 (batch, length), by how many tokens each grows, at its first token.
        valid: Boolean (batch, length), which places are no padding.
        left: Boolean (batch,), which sequences are padded at the beginning.

    Returns:
        Boolean (batch, length), by the first token.
    """
    growth = ops.where(heads, growth, 0)
    before = ops.where(left, 0, ops.cast(ops.argmax(valid, axis=1), "int32"))
    room = ops.shape(valid)[1] - before - number(valid) - ops.sum(ops.minimum(growth, 0), axis=1)
    possible = heads & (growth <= room[:, None])
    needed = ops.cumsum(ops.where(possible, ops.maximum(growth, 0), 0), axis=1)
    return possible & ((growth <= 0) | (needed <= room[:, None]))


def laid_out(sizes: Tensor, valid: Tensor, left: Tensor) -> Layout:
    """Puts tokens, of which each becomes several, one, or none, one behind the other, from where the first one was.

    Sequences that end at the border still do.

    Args:
        sizes: int32 (batch, length), what each becomes; 0 for padding. They must have room.
        valid: Boolean (batch, length), which places are no padding.
        left: Boolean (batch,), which sequences are padded at the beginning.
    """
    length, at = ops.shape(valid)[1], places(valid)
    total = ops.sum(sizes, axis=1)
    first = ops.where(left, length - total, ops.cast(ops.argmax(valid, axis=1), "int32"))[:, None]
    target = ops.where(sizes > 0, first + ops.cumsum(sizes, axis=1) - sizes, length)
    begun = place(target, at + 1)
    still = (at >= first) & (at < first + total[:, None])
    begins = (begun > 0) | (at == 0)
    begin = of_last(ops.broadcast_to(at, ops.shape(begun)), begins)
    source = gather_tokens(begun, begin) - 1
    return Layout(ops.where(still, source, at), ops.where(still, at - begin, 0), still)


@dataclass
class Mentions:
    """The mentions of entities in a batch of sequences.

    Attributes:
        mentions: As words, numbered from 0 in each sequence; eligible are those that may be replaced.
        type: int32 (batch, length), the number of the entity type of a token; 0 for none.
        heads: Boolean (batch, length), the first tokens of mentions that may be replaced.
        sizes: int32 (batch, length), how many tokens a token's mention has.
    """

    mentions: Words
    type: Tensor
    heads: Tensor
    sizes: Tensor

    def taken(self, params: Params, ids: Tensor, exact: bool) -> Tensor:
        """Boolean (batch, length): the first tokens of those that are replaced, drawn or as `"taken"` says.

        Args:
            params: What was drawn: a rate and a key.
            ids: The tokens.
            exact: Whether a share of the mentions is taken, rather than each by a coin of its own.
        """
        if "taken" in params:
            return self.heads & ops.cast(params["taken"], "bool")
        chance = bits_for(params["key"], ids)
        return self.heads & self.mentions.spread(by_rate(chance, self.mentions.eligible, params["rate"], exact))


@dataclass
class Replaced(Layout):
    """Sequences in which mentions have been replaced.

    Attributes:
        inserted: Boolean (batch, length), the places of new tokens, which come from a mention's first one.
    """

    inserted: Tensor


def mentions_in(read: Labelled, type_of: np.ndarray, eligible: Tensor, lots: Lots) -> Mentions:
    """Finds the mentions.

    Args:
        read: What the labels say.
        type_of: int32 (labels,), the number of each label's entity type, -1 for none.
        eligible: Boolean (batch, length), the tokens that an op may touch.
        lots: Of which a type that has no entries cannot be replaced.
    """
    kinds = ops.convert_to_tensor(np.append(type_of, -1).astype("int32"))
    kind = gather_rows(kinds, read.label)
    inside, kind = kind >= 0, ops.maximum(kind, 0)
    index = ops.where(inside, ops.cumsum(ops.cast(read.first, "int32"), axis=1), -1)
    found = words_of(index, eligible & lots.has(kind))
    sizes = gather_tokens(place(found.index, ops.cast(inside, "int32")), found.index)
    return Mentions(found, kind, read.first & found.spread(found.eligible), sizes)


def replaced(found: Mentions, heads: Tensor, sizes: Tensor, valid: Tensor, left: Tensor) -> Replaced:
    """Replaces mentions, as far as they fit.

    Args:
        found: The mentions.
        heads: Boolean (batch, length), the first tokens of those that are to be replaced.
        sizes: int32 (batch, length), by what number of tokens, at the first one.
        valid: Boolean (batch, length), which places are no padding.
        left: Boolean (batch,), which sequences are padded at the beginning.
    """
    fit = fitting(heads, sizes - found.sizes, valid, left)
    number_of = ops.where(fit, found.mentions.index, ops.shape(valid)[1])
    gone = found.mentions.spread(place(number_of, ops.cast(fit, "int32")) > 0)
    new = laid_out(ops.where(fit, sizes, ops.cast(valid & ops.logical_not(gone), "int32")), valid, left)
    return Replaced(new.source, new.inner, new.valid, gather_tokens(fit, new.source) & new.valid)


def of_new(labels: Tensor, words: Tensor) -> dict[str, Callable[[Tensor], Tensor]]:
    """Kind to a function that gives the entries of new tokens, for those of the token they come from.

    Args:
        labels: int32 (batch, length), their labels.
        words: int32 (batch, length), numbers that, with those of the places, tell words apart.
    """

    def numbered(values: Tensor) -> Tensor:
        """From the largest number of the sequence on."""
        return ops.max(values, axis=1, keepdims=True) + 1 + ops.cast(places(values) + words, values.dtype)

    return {
        "token_labels": lambda values: ops.cast(labels, values.dtype),
        "word_ids": numbered,
        "offsets": ops.zeros_like,
        "protected_mask": ops.zeros_like,
    }
