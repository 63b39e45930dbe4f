"""Tables of synonyms by token id, as layers take, keep and save them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasaug.backend import Tensor
from kerasaug.layers.text.packing import packed, unpacked
from kerasaug.ops.tokens.ids import look_up, one_of_row

_MOST = 2**31 - 1  # entries, whose numbers are int32


class SynonymTable:
    """Synonyms of each token of a vocabulary.

    A constant of the graph, not a variable: checkpoints have no weight of it, each compiled function holds it once, and
    any `tf.data` map can read it. A config holds it packed, a vocabulary of 30,522 with up to 8 synonyms in 0.14 MB.

    Attributes:
        ids: int32 (vocabulary, most), the synonyms of each token first, and then the token itself.
        counts: int32 (vocabulary,), how many synonyms each has.
    """

    def __init__(self, ids: np.ndarray) -> None:
        fills = ids == _own(len(ids))
        self.ids = np.take_along_axis(ids, np.argsort(fills, axis=1, kind="stable"), axis=1)  # synonyms as they came
        self.counts = np.sum(~fills, axis=1, dtype="int32")

    def has(self, ids: Tensor) -> Tensor:
        """Boolean (batch, length): whether a token has a synonym; those beyond the table have none."""
        return look_up(self.counts, ids, 0) > 0

    def draw_synonym(self, ids: Tensor, bits: Tensor) -> Tensor:
        """A synonym of each token, every one as likely; tokens that have none, or are beyond the table, stay.

        Args:
            ids: (batch, length), of any integer dtype.
            bits: int32 (batch, length), random bits.

        Returns:
            (batch, length), of the dtype of `ids`.
        """
        return one_of_row(self.ids, self.counts, ids, bits)

    def config(self) -> dict[str, Any]:
        """The arguments `synonyms` and `synonym_counts` of a layer's config."""
        differences = self.ids - _own(len(self.ids))  # 0 where a row is filled up, which hardly takes room
        return {"synonyms": packed(differences), "synonym_counts": None}


def as_synonyms(synonyms: Any, counts: Any, layer: str, forbidden: Sequence[int] = ()) -> SynonymTable:
    """Reads a table of synonyms.

    Args:
        synonyms: Integers (vocabulary, most), row i the synonyms of token i, and otherwise i itself; or what
            `kerasaug.text.build_synonym_table` returns, or a config holds.
        counts: Integers (vocabulary,), how many entries of each row are synonyms, where it is not padded with the
            token itself; `None` where it is.
        layer: Name of the layer, for messages.
        forbidden: Ids that no token may be replaced by, such as special ones and padding.

    Raises:
        ValueError: When it is no such table, or has a forbidden synonym.
    """
    if hasattr(synonyms, "synonyms"):
        synonyms, counts = synonyms.synonyms, synonyms.counts if counts is None else counts
    ids = _of_config(synonyms, layer) if isinstance(synonyms, str) else _integers(synonyms, 2)
    if ids is None or 0 in ids.shape or ids.size > _MOST:
        raise ValueError(
            f"{layer} expects synonyms, integers of shape (vocabulary, most): row i holds the synonyms of token i, and "
            f"then i itself. Received: {_described(synonyms)}. Fill rows up to one length."
        )
    size, most = ids.shape
    if counts is not None:
        ids = _filled(ids, counts, layer)
    if ids.min() < 0 or ids.max() >= size:
        wrong = int(ids.min() if ids.min() < 0 else ids.max())
        raise ValueError(
            f"{layer} expects synonyms that are ids of its vocabulary, from 0 to {size - 1}, as many as the table has "
            f"rows. Received: the id {wrong}. Fill the rows of tokens without synonyms with the token itself."
        )
    table = SynonymTable(ids.astype("int32"))
    barred = np.isin(table.ids, list(forbidden)) & (np.arange(most) < table.counts[:, None])
    if barred.any():
        row = int(np.argmax(barred.any(axis=1)))
        raise ValueError(
            f"{layer} expects synonyms that are no special tokens and no padding. Received: {table.ids[row].tolist()} "
            f"for token {row}. Fill rows up with the token itself, or pass synonym_counts."
        )
    return table


def _filled(ids: np.ndarray, counts: Any, layer: str) -> np.ndarray:
    """A table whose entries that do not count are the tokens themselves."""
    size, most = ids.shape
    read = _integers(counts, 1)
    if read is None or len(read) != size or read.min() < 0 or read.max() > most:
        raise ValueError(
            f"{layer} expects synonym_counts, for each of the {size} rows of synonyms an integer from 0 to {most}. "
            f"Received: {_described(counts)}. Leave it out where rows are filled up with the token itself."
        )
    return np.where(np.arange(most) < read[:, None], ids, _own(size))


def _integers(value: Any, rank: int) -> np.ndarray | None:
    """int64, or `None` where a value is no array of integers of that rank."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return None
    return array.astype("int64") if array.ndim == rank and array.dtype.kind in "iu" else None


def _described(value: Any) -> str:
    array = value if hasattr(value, "shape") else None
    if array is None:
        return f"{value!r:.200}"
    return f"shape={tuple(array.shape)}, dtype={array.dtype}"


def _of_config(text: str, layer: str) -> np.ndarray | None:
    differences = _integers(unpacked(text, "synonyms", layer), 2)
    return None if differences is None else differences + _own(len(differences))


def _own(size: int) -> np.ndarray:
    """The ids themselves, a column."""
    return np.arange(size, dtype="int32")[:, None]
