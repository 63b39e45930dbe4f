"""What every source of images comes down to, before the images have one size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from kerasaug.datasets.listing import Skipped, printable
from kerasaug.extras import require

One = TypeVar("One")


@dataclass(frozen=True)
class Part:
    """Images (uint8, of any size) with their labels (from 0), in an order that repeats; and how many of each class."""

    dataset: Any
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Source:
    """The parts `"train"` and `"validation"`."""

    name: str
    class_names: tuple[str, ...]
    parts: dict[str, Part]
    skipped: tuple[Skipped, ...] = ()


def chosen_classes(names: Sequence[str], classes: Sequence[Any], where: str) -> tuple[str, ...]:
    """The names in `classes`, which may be numbers, after a look whether they are there.

    Raises:
        ValueError: When one is not, or comes twice, or there are fewer than two.
    """
    chosen = tuple(map(str, classes))
    unknown = [name for name in chosen if name not in names]
    if unknown or len(set(chosen)) != len(chosen) or len(chosen) < 2:
        shown = ", ".join(map(printable, names[:20])) + ", …" * (len(names) > 20)
        raise ValueError(
            f"load_images: expected classes, at least two different names of those in {printable(where)!r}: {shown}. "
            f"Received: {chosen}."
        )
    return chosen


def divided(
    members: Sequence[One], share: float, seed: int, caller: str = "load_images"
) -> tuple[list[One], list[One]]:
    """Takes about `share` of the members of one class away, at least one, and leaves at least one.

    Each class is divided by itself, so that none can go without, and a new class does not change the others.

    Args:
        members: Two or more, in an order that repeats, which both parts keep.
        share: In (0, 1).
        seed: Integer.
        caller: What the user called, for the message where scikit-learn is missing.

    Returns:
        What is left, and what is taken.
    """
    selection = require("sklearn.model_selection", "data", caller)
    taken = min(max(1, round(share * len(members))), len(members) - 1)
    left, right = selection.train_test_split(range(len(members)), test_size=taken, random_state=seed)
    return [members[i] for i in sorted(left)], [members[i] for i in sorted(right)]
