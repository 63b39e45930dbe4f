"""Synonyms from an embedding: the words whose vectors point the same way."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from kerasaug.arguments import as_integer, as_number
from kerasaug.text.lexicons.lexicon import Lexicon
from kerasaug.text.lexicons.vocabulary import as_vocabulary

_WHO = "neighbour_lexicon"
_AT_ONCE = 1 << 23  # similarities in memory: 32 MB


def neighbour_lexicon(
    embeddings: Any,
    vocabulary: Any,
    k: int = 8,
    threshold: float = 0.6,
    style: str | None = None,
    special_tokens: Iterable[Any] | None = None,
    language: str | None = None,
) -> Lexicon:
    """Makes a lexicon of each word's nearest neighbours in an embedding, by cosine.

    Neighbours share contexts and not always a meaning: "good" and "bad" are near each other in most embeddings, less so
    in counter-fitted ones. Similarities are computed for some words at a time, never (V, V) at once.

    Args:
        embeddings: Array (V, D), such as the weight of a trained `Embedding` layer or GloVe vectors.
        vocabulary: What the rows stand for, as in `build_synonym_table`. Only whole words take part.
        k: How many neighbours of a word at most. Defaults to 8.
        threshold: Least cosine of a neighbour, from -1 to 1. Defaults to 0.6.
        style: See `build_synonym_table`.
        special_tokens: See `build_synonym_table`.
        language: Code of the language. Defaults to `None`.

    Returns:
        A `Lexicon`, the nearest first. Other cases of a word are none of its neighbours.

    Raises:
        ValueError: When the embedding has another number of rows than the vocabulary, or an argument cannot be.

    Example:

    ```python
    from kerasaug.text import neighbour_lexicon

    vectors = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    assert dict(neighbour_lexicon(vectors, ["film", "movie", "cat"])) == {"film": ["movie"], "movie": ["film"]}
    ```

    Reference:
        Alzantot et al., "Generating Natural Language Adversarial Examples", 2018.
    """
    words = as_vocabulary(vocabulary, _WHO, style, special_tokens)
    table = np.asarray(embeddings)
    if table.ndim != 2 or len(table) != len(words) or table.dtype.kind not in "fiu":
        raise ValueError(
            f"{_WHO} expects embeddings, numbers (V, D) with V={len(words)}, the size of the vocabulary. Received: "
            f"shape {table.shape}, {table.dtype}."
        )
    most = as_integer(k, "k", _WHO, low=1)
    least = as_number(threshold, "threshold", _WHO, -1.0, 1.0)
    names = sorted(words.ids, key=words.ids.__getitem__)
    vectors = np.asarray(table[[words.ids[name] for name in names]], "float32")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    usable = np.isfinite(lengths[:, 0]) & (lengths[:, 0] > 0)
    vectors = np.where(usable[:, None], vectors / np.where(usable[:, None], lengths, 1), 0)
    rows = max(1, _AT_ONCE // max(1, len(names)))
    entries: dict[str, list[str]] = {}
    for start in range(0, len(names), rows):
        near = vectors[start : start + rows] @ vectors.T
        near[:, ~usable] = -np.inf
        for row in np.flatnonzero(usable[start : start + rows]):
            i = start + int(row)
            entries[names[i]] = _nearest(near[row], i, names, most, least)
    return Lexicon(entries, language)


def _nearest(near: np.ndarray, i: int, names: list[str], k: int, threshold: float) -> list[str]:
    """The k names of the highest similarity; more are looked at than asked for, since the word and its cases go."""
    candidates = (
        np.argpartition(-near, min(4 * k, len(near) - 1))[: 4 * k] if len(near) > 4 * k else np.arange(len(near))
    )
    candidates = candidates[near[candidates] >= threshold]
    ordered = candidates[np.lexsort((candidates, -near[candidates]))]
    folded = names[i].casefold()
    return [names[j] for j in ordered.tolist() if names[j].casefold() != folded][:k]
