"""Batches flattened to rows, which are counted in int32."""

from math import prod

from kerasaug.backend import Tensor, ops

_MOST = 2**31  # no more fit


def first_rows(batch: int | Tensor, *lengths: int | Tensor) -> Tensor:
    """int32 (batch,): where each sample begins among the rows that a batch is flattened to.

    Args:
        batch: How many samples there are.
        *lengths: Of the axes that become rows: height and width. What is not known beforehand is not checked.

    Raises:
        ValueError: When there are more rows than an int32 counts, which would wrap and read another sample.
    """
    if not counts(batch, *lengths):
        raise ValueError(
            f"Layers expect batches of up to 2**31 pixels. Received: {batch} samples of {lengths} pixels. Use smaller "
            "batches."
        )
    rows = lengths[0]
    for one in lengths[1:]:
        rows = rows * one
    return ops.arange(batch, dtype="int32") * rows


def counts(*lengths: int | Tensor) -> bool:
    """Whether an int32 counts all that there is along so many axes, as far as is known."""
    return not all(isinstance(one, int) for one in lengths) or prod(lengths) <= _MOST
