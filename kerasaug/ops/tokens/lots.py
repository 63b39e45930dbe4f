"""Draws from groups of weighted entries, with one look-up whatever the number of entries."""

from collections.abc import Sequence

import numpy as np

from kerasaug.backend import Tensor, gather_rows, ops
from kerasaug.ops.bits import to_unit


class Lots:
    """Entries in groups, one behind the other, of which any is drawn with a probability proportional to its weight.

    By Walker's aliases: each entry of a group is as likely, and is then kept or passed on to one other. Two gathers do
    it, where a search in cumulative weights takes one for each bit of the number of entries, and the odds do not depend
    on how many bits the sum of the weights has.

    Args:
        weights: Those of each group's entries, none below 0; a group may be empty, or of weights that are all 0.

    Attributes:
        first: int32 (groups,), the number of each group's first entry.
        size: int32 (groups,), how many entries each has; 0 where none can be drawn.
        keep: float32 (entries,), the probability with which an entry is kept.
        other: int32 (entries,), the entry that it is else passed on to.

    Reference:
        Vose, "A linear algorithm for generating random numbers with a given distribution", 1991.
    """

    def __init__(self, weights: Sequence[Sequence[float]]) -> None:
        sizes = np.array([len(group) for group in weights], "int32")
        self.first = (np.cumsum(sizes) - sizes).astype("int32")
        self.size = np.where([sum(group) > 0 for group in weights], sizes, 0).astype("int32")
        total = int(sizes.sum())
        self.keep, self.other = np.ones(max(total, 1), "float32"), np.arange(max(total, 1), dtype="int32")
        for first, size, group in zip(self.first, self.size, weights, strict=True):
            if size:
                keep, other = _aliases(np.asarray(group, "float64"))
                self.keep[first : first + size], self.other[first : first + size] = keep, other + first

    def has(self, group: Tensor) -> Tensor:
        """Boolean, whether a group has entries."""
        return gather_rows(ops.convert_to_tensor(self.size), group) > 0

    def draw_entry(self, group: Tensor, bits: Tensor, more: Tensor) -> Tensor:
        """int32, the number of an entry of each group, in which nothing is to be drawn from one without entries.

        Args:
            group: int32, the numbers of groups.
            bits: int32 of its shape, random bits.
            more: Further ones.
        """
        size = ops.cast(gather_rows(ops.convert_to_tensor(self.size), group), "float32")
        column = ops.cast(ops.floor(to_unit(bits) * size), "int32")
        entry = self.entry(group, ops.minimum(column, ops.cast(ops.maximum(size, 1.0), "int32") - 1))
        kept = to_unit(more) < gather_rows(ops.convert_to_tensor(self.keep), entry)
        return ops.where(kept, entry, gather_rows(ops.convert_to_tensor(self.other), entry))

    def entry(self, group: Tensor, number: Tensor) -> Tensor:
        """int32, the number of an entry among all, for that in its group."""
        entry = gather_rows(ops.convert_to_tensor(self.first), group) + number
        return ops.clip(entry, 0, len(self.keep) - 1)


def _aliases(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The probability that each of n entries is kept, where each is as likely, and the one that it is passed on to."""
    size = len(weights)
    keep, other = weights * (size / weights.sum()), np.arange(size)
    small, large = [int(i) for i in np.flatnonzero(keep < 1)], [int(i) for i in np.flatnonzero(keep >= 1)]
    while small and large:
        one, rich = small.pop(), large[-1]
        other[one] = rich
        keep[rich] -= 1 - keep[one]
        if keep[rich] < 1:
            small.append(large.pop())
    keep[[*small, *large]] = 1.0  # what rounding has left
    return keep, other
