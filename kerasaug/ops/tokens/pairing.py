"""Pairs of tokens, or of words, that trade places."""

from kerasaug.backend import Tensor, gather_tokens, ops, place
from kerasaug.ops.tokens.movement import sources
from kerasaug.ops.tokens.runs import Runs, preceding
from kerasaug.ops.tokens.selection import places
from kerasaug.ops.tokens.swap_or_not import shuffled
from kerasaug.ops.tokens.words import Words


def partners(first: Tensor, eligible: Tensor, runs: Runs, key: Tensor) -> Tensor:
    """Gives tokens a partner in their own run each, no two the same; every partner is as likely.

    Args:
        first: Boolean (batch, length), the tokens that get one: at random, only half of a run where there are more.
        eligible: Boolean (batch, length), whom they may get, and are of.
        runs: The segments.
        key: int32 (batch, 2), random.

    Returns:
        int32 (batch, length), the place of each token's partner, or its own.
    """
    at, length = places(first), ops.shape(first)[1]
    mine = runs.tally(first)
    order = shuffled(mine.rank, mine.total, mine.before, key, 0)
    first = first & (order < runs.tally(eligible).total // 2)
    pool = eligible & ops.logical_not(first)
    others = runs.tally(pool)
    wanted = others.before + shuffled(order, others.total, others.before, key, 1)
    members, _ = sources(ops.where(pool, preceding(pool), length))
    partner = ops.where(first, gather_tokens(members, ops.where(first, wanted, 0)), at)
    back = place(ops.where(first, partner, length), at + 1)
    return ops.where(back > 0, back - 1, partner)


def word_starts(words: Words) -> tuple[Tensor, Tensor]:
    """Boolean (batch, length) by token, whether a word begins, and int32 by number of word, at which place."""
    index = ops.where(words.inside, words.index, -1)
    begins = words.inside & (index != ops.pad(index[:, :-1], ((0, 0), (1, 0)), constant_values=-1))
    return begins, place(ops.where(begins, words.index, ops.shape(index)[1]), places(index))


def words_traded(partner: Tensor, words: Words) -> Tensor:
    """Where tokens come from when words of whatever lengths trade places, and what is between them makes room.

    Args:
        partner: int32 (batch, length), by number of word: the number of its partner, or its own.
        words: The words.

    Returns:
        int32 (batch, length), by token.
    """
    begins, start = word_starts(words)
    length = ops.shape(partner)[1]
    size = place(ops.where(words.inside, words.index, length), ops.ones_like(partner))
    moved = preceding(gather_tokens(size, partner) - size)  # how much further the place of each word begins
    at, there = places(partner), gather_tokens(partner, words.index)
    inside = gather_tokens(start + moved, there) + at - gather_tokens(start, words.index)
    begun = ops.minimum(ops.cumsum(ops.cast(begins, "int32"), axis=1), length - 1)
    return sources(ops.where(words.inside, inside, at + gather_tokens(moved, begun)))[0]
