"""Learning rates that a range test suggests: fastai's four rules, on the smoothed losses."""

import numpy as np

_CUT_END = 5  # the last losses are those of the blow-up
_SLIDE_WIDTH, _SLIDE_CHANGE = 15, 0.005
_FEWEST = 3


def trimmed(lrs: np.ndarray, losses: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The part that suggestions are read from, as in fastai: without a tenth of `count` at the start and five last.

    Args:
        lrs: Learning rates, ascending.
        losses: The smoothed loss at each.
        count: How many rates there were to be.

    Raises:
        ValueError: When too few are left.
    """
    kept = slice(count // 10, -_CUT_END)
    if len(lrs[kept]) < _FEWEST:
        raise ValueError(
            f"lr_find: expected at least {count // 10 + _CUT_END + _FEWEST} losses to suggest a learning rate from. "
            f"Received: {len(lrs)}, up to a rate of {lrs[-1]:.3g}. If training diverged, begin lower, with start_lr; "
            "or raise num_it."
        )
    return lrs[kept], losses[kept]


def valley(lrs: np.ndarray, losses: np.ndarray) -> float:
    """About half of the way along the longest falling subsequence, rounded as in fastai."""
    length = np.ones(len(losses), int)
    for index in range(1, len(losses)):
        higher = length[:index][losses[:index] > losses[index]]
        if higher.size:
            length[index] = higher.max() + 1
    end = int(np.argmax(length))
    start = end - int(length[end])
    third = (end - start) / 3
    return float(lrs[max(start + int(third) + int(third / 2), 0)])


def slide(lrs: np.ndarray, losses: np.ndarray) -> float:
    """The left edge of an interval that slides down from the end until slopes at its two edges are alike."""
    slopes = np.gradient(losses)
    right = -1
    left = right - _SLIDE_WIDTH
    found = lrs[max(left, -len(lrs))]
    while left >= -len(losses) and abs(slopes[right] - slopes[left]) > _SLIDE_CHANGE:
        found = lrs[left]
        right, left = right - 1, left - 1
    return float(found)


def steep(lrs: np.ndarray, losses: np.ndarray) -> float:
    """Where the loss falls most for a change of the logarithm of the rate."""
    return float(lrs[np.argmin(np.diff(losses) / np.diff(np.log(lrs)))])


def minimum(lrs: np.ndarray, losses: np.ndarray) -> float:
    """A tenth of the rate of the lowest loss."""
    return float(lrs[np.argmin(losses)]) / 10
