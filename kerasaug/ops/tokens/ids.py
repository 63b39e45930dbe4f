"""Look-ups of ids in tables of a vocabulary, and draws from such tables."""

import numpy as np

from kerasaug.backend import Tensor, gather_rows, ops
from kerasaug.ops.bits import to_unit


def rows_of(ids: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Numbers of a table's rows for ids, which may be of any integer dtype, and of any value.

    Args:
        ids: (batch, length).
        size: How many rows the table has.

    Returns:
        int32 (batch, length), 0 for ids that the table does not have, and boolean, whether it has them.
    """
    index = ops.cast(ids, "int32")
    inside = (index >= 0) & (index < size) & (ops.cast(index, ids.dtype) == ids)  # 2**32 + 5 is not 5
    return ops.where(inside, index, 0), inside


def look_up(table: np.ndarray, ids: Tensor, outside: float) -> Tensor:
    """(batch, length): the entries of a table (vocabulary,), and `outside` for ids that it does not have."""
    index, inside = rows_of(ids, len(table))
    values = gather_rows(ops.convert_to_tensor(table), index)
    return ops.where(inside, values, ops.cast(outside, values.dtype))


def one_of_row(table: np.ndarray, counts: np.ndarray, ids: Tensor, bits: Tensor) -> Tensor:
    """Draws one of the first entries of each id's row, every one as likely.

    Args:
        table: int32 (vocabulary, most), ids.
        counts: int32 (vocabulary,), how many entries of each row count.
        ids: (batch, length), integers.
        bits: int32 (batch, length), random bits.

    Returns:
        (batch, length), of the dtype of `ids`: themselves where the table has no row or no entry for them.
    """
    most = table.shape[1]
    index, _ = rows_of(ids, len(table))
    count = look_up(counts, ids, 0)
    column = ops.cast(ops.floor(to_unit(bits) * ops.cast(count, "float32")), "int32")
    column = ops.minimum(column, ops.maximum(count - 1, 0))
    drawn = gather_rows(ops.convert_to_tensor(table.reshape(-1)), index * most + column)
    return ops.where(count > 0, ops.cast(drawn, ids.dtype), ids)


def alias_table(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What `draw_by_weight` draws from, in two look-ups where a search of cumulated weights takes one for each bit.

    Args:
        weights: (vocabulary,), 0 or more, not all of them 0.

    Returns:
        float32 and int32 (vocabulary,): with which probability each id is kept, and which one it becomes otherwise.

    Reference:
        Vose, "A linear algorithm for generating random numbers with a given distribution", 1991.
    """
    scaled = weights.astype("float64") * (len(weights) / np.sum(weights, dtype="float64"))
    kept, alias = np.ones(len(weights)), np.arange(len(weights))
    small, large = list(np.flatnonzero(scaled < 1.0)), list(np.flatnonzero(scaled >= 1.0))
    while small and large:
        less, more = small.pop(), large[-1]
        kept[less], alias[less] = scaled[less], more
        scaled[more] -= 1.0 - scaled[less]
        if scaled[more] < 1.0:
            small.append(large.pop())
    return kept.astype("float32"), alias.astype("int32")


def draw_by_weight(table: tuple[np.ndarray, np.ndarray], bits: Tensor, more: Tensor) -> Tensor:
    """int32 (batch, length): ids drawn by their weights.

    Args:
        table: What `alias_table` returned.
        bits: int32 (batch, length), random bits,
        more: and others.
    """
    kept, alias = (ops.convert_to_tensor(one) for one in table)
    index = ops.mod(ops.bitwise_and(bits, 0x7FFFFFFF), len(table[0]))
    return ops.where(to_unit(more) < gather_rows(kept, index), index, gather_rows(alias, index))
