"""Where tokens go, and so where each place gets its token from."""

from kerasaug.backend import Tensor, ops, place
from kerasaug.ops.tokens.selection import number, places


def sources(target: Tensor) -> tuple[Tensor, Tensor]:
    """Turns where each token goes into where each place gets its token from, by a scatter.

    For 256 sequences of 128 tokens, XLA runs it on a CPU in 0.2 ms, where a sort takes 2.

    Args:
        target: int32 (batch, length), the new place of each token; one from `length` on for a token that goes.

    Returns:
        int32 (batch, length), the old place of the token at each new one, and boolean, whether there is one; where
        there is none, the place itself.
    """
    at = places(target)
    one_more = place(target, at + 1)
    filled = one_more > 0
    return ops.where(filled, one_more - 1, at), filled


def compacted(kept: Tensor, valid: Tensor, left: Tensor) -> tuple[Tensor, Tensor]:
    """Closes ranks: tokens that are kept move together, to the side on which the sequence is not padded.

    Args:
        kept: Boolean (batch, length).
        valid: Boolean (batch, length), which places were no padding.
        left: Boolean (batch,), which sequences are padded at the beginning.

    Returns:
        As `sources`, and boolean: which places are no padding any more than they were.
    """
    kept = kept & valid
    at, length = places(kept), ops.shape(kept)[1]
    first = ops.where(left, length - number(kept), ops.cast(ops.argmax(valid, axis=1), "int32"))
    target = ops.where(kept, first[:, None] + ops.cumsum(ops.cast(kept, "int32"), axis=1) - 1, length)
    source, _ = sources(target)
    still = (at >= first[:, None]) & (at < (first + number(kept))[:, None])
    return ops.where(still, source, at), still


def padded_left(valid: Tensor, full: bool = False) -> Tensor:
    """Boolean (batch,): whether sequences are padded at the beginning; those without padding are as `full` says."""
    return valid[:, -1] if full else valid[:, -1] & ops.logical_not(valid[:, 0])
