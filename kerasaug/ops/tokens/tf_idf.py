"""How much tokens tell of their sequence."""

import numpy as np

from kerasaug.backend import Tensor, gather_tokens, ops, place
from kerasaug.ops.tokens.ids import look_up, rows_of
from kerasaug.ops.tokens.selection import number


def occurrences(ids: Tensor, which: Tensor, size: int) -> Tensor:
    """How often each id occurs in its own sequence.

    By a table of the vocabulary for each sequence: for 256 sequences of 512 tokens and 30,522 ids, XLA runs it on a CPU
    in 2 ms, where a sort takes 15 and comparing all pairs 42.

    Args:
        ids: (batch, length), integers.
        which: Boolean (batch, length), the places that count.
        size: Of the vocabulary.

    Returns:
        int32 (batch, length); 0 for ids beyond the vocabulary.
    """
    index, inside = rows_of(ids, size)
    index = ops.where(inside & which, index, size)
    each = place(index, ops.ones_like(index), size)
    return ops.where(inside & which, gather_tokens(each, ops.minimum(index, size - 1)), 0)


def replacement_rates(ids: Tensor, document: Tensor, eligible: Tensor, idf: np.ndarray, rate: Tensor) -> Tensor:
    """Probabilities of replacement by TF-IDF: the less a token tells of its sequence, the higher.

    Args:
        ids: (batch, length), integers.
        document: Boolean (batch, length), the tokens that make up the text.
        eligible: Boolean (batch, length), those of them that may be replaced.
        idf: float32 (vocabulary,), inverse document frequencies.
        rate: float32 (batch,), which share of the eligible tokens is to be replaced.

    Returns:
        float32 (batch, length), 0 or more, and above 1 where more is asked than can be: rate · n · (max C - C) / Σ(max
        C - C), the sum over eligible tokens, of which there are n; 0 where all C are the same.

    Reference:
        Xie et al., "Unsupervised data augmentation for consistency training", arXiv:1904.12848, appendix.
    """
    often = ops.cast(occurrences(ids, document, len(idf)), "float32")
    score = often * look_up(idf, ids, 0.0)  # times a length that cancels
    most = ops.max(ops.where(document, score, -np.inf), axis=1, keepdims=True)
    rest = ops.where(eligible, most - score, 0.0)
    total = ops.sum(rest, axis=1, keepdims=True)
    expected = (rate * ops.cast(number(eligible), "float32"))[:, None]
    return rest * expected / ops.where(total > 0.0, total, 1.0)
