"""Frequencies of tokens in a corpus, and tables of numbers by token id."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kerasaug.layers.text.packing import unpacked

_INF = float("inf")


def frequencies(
    sequences: Iterable[Any], vocabulary_size: int, left_out: Sequence[int], layer: str
) -> tuple[np.ndarray, np.ndarray]:
    """What TF-IDF replacement needs of a corpus.

    Args:
        sequences: The documents: integers each.
        vocabulary_size: How many ids there are.
        left_out: Ids that are part of no document.
        layer: Name of the layer, for messages.

    Returns:
        float32 (vocabulary,) each: inverse document frequencies, log(documents / documents with the token), and
        weights of replacements, max S - S, where S is occurrences times IDF.
    """
    occurring, containing, documents = np.zeros(vocabulary_size, "int64"), np.zeros(vocabulary_size, "int64"), 0
    for sequence in sequences:
        ids = np.asarray(sequence)
        if ids.ndim != 1 or (
            ids.size and (ids.dtype.kind not in "iu" or ids.min() < 0 or ids.max() >= vocabulary_size)
        ):
            raise ValueError(
                f"{layer} expects documents of token ids, each a list of integers from 0 to {vocabulary_size - 1}. "
                f"Received: {sequence!r:.200}, as document {documents}."
            )
        found, counts = np.unique(ids[~np.isin(ids, left_out)].astype("int64"), return_counts=True)
        occurring[found] += counts
        containing[found] += 1
        documents += 1
    if not occurring.any():
        raise ValueError(f"{layer} expects documents that hold a token. Received: {documents} without any.")
    idf = np.log(documents / np.maximum(containing, 1))
    score = np.where(occurring > 0, occurring * idf, -_INF)
    weights = np.where(occurring > 0, score.max() - score, 0.0)
    if not weights.any():  # they all say as much
        weights = 1.0 * (occurring > 0)
    return idf.astype("float32"), weights.astype("float32")


def as_entries(value: Any, name: str, layer: str, size: int | None = None, low: float = -_INF) -> np.ndarray:
    """Reads a finite number for each id.

    Args:
        value: Numbers (vocabulary,), or what a config holds.
        name: Name of the argument, for messages.
        layer: Name of the layer, for messages.
        size: Of the vocabulary, where that is known.
        low: The smallest number that there may be.

    Returns:
        float32 (vocabulary,), one's own.
    """
    read = unpacked(value, name, layer) if isinstance(value, str) else value
    try:
        array = np.array(read, "float32")
    except (TypeError, ValueError):
        array = np.zeros(())
    fits = array.ndim == 1 and array.size > 0 and size in (None, array.size)
    if not fits or not np.isfinite(array).all() or array.min() < low:
        many = "" if size is None else f", of which there are {size}"
        above = "" if low == -_INF else f" of {low} or more"
        raise ValueError(
            f"{layer} expects {name}, a number{above} for each id of the vocabulary{many}. Received: "
            f"{name}={read!r:.200}."
        )
    return array
