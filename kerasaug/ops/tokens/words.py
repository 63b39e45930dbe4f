"""Words of several tokens: a row of words instead of a row of tokens, and back."""

from dataclasses import dataclass

from kerasaug.backend import Tensor, gather_tokens, ops, place
from kerasaug.ops.tokens.selection import places


@dataclass
class Words:
    """The words of a batch of sequences, numbered from 0 in each.

    Attributes:
        index: int32 (batch, length), the number of the word that a token belongs to.
        inside: Boolean (batch, length), whether it belongs to any.
        eligible: Boolean (batch, length), by number of word: whether all of its tokens are eligible.
    """

    index: Tensor
    inside: Tensor
    eligible: Tensor

    def spread(self, which: Tensor) -> Tensor:
        """Boolean (batch, length) by token, for that by number of word."""
        return gather_tokens(which, self.index) & self.inside


def words_of(word_ids: Tensor, eligible: Tensor, segment_ids: Tensor | None = None) -> Words:
    """Finds the words.

    Args:
        word_ids: (batch, length), the same number for neighbouring tokens of a word, negative for none. It may begin
            anew in each segment of a pair.
        eligible: Boolean (batch, length), by token.
        segment_ids: (batch, length), or `None`.
    """
    inside = word_ids >= 0
    first = begins(word_ids, segment_ids) & inside
    index = ops.maximum(ops.cumsum(ops.cast(first, "int32"), axis=1) - 1, 0)
    count = ops.sum(ops.cast(first, "int32"), axis=1, keepdims=True)
    bad = place(index, ops.cast(inside & ops.logical_not(eligible), "int32"))
    return Words(index, inside, (places(index) < count) & (bad == 0))


def begins(word_ids: Tensor, segment_ids: Tensor | None = None) -> Tensor:
    """Boolean (batch, length): whether a token's word, or its segment, is another than that of the token before."""
    new = word_ids[:, 1:] != word_ids[:, :-1]
    if segment_ids is not None:
        new = new | (segment_ids[:, 1:] != segment_ids[:, :-1])
    return ops.concatenate([ops.ones_like(word_ids[:, :1], dtype="bool"), new], axis=1)


def alone(word_ids: Tensor, segment_ids: Tensor | None = None) -> Tensor:
    """Boolean (batch, length): whether a token is a whole word."""
    first = begins(word_ids, segment_ids)
    last = ops.concatenate([first[:, 1:], ops.ones_like(first[:, :1])], axis=1)
    return (word_ids >= 0) & first & last
