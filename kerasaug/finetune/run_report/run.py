"""What a run leaves, for a report to be made of."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

TRAINING = "train"


@dataclass(frozen=True)
class Run:
    """One fine-tuning run, when it is over.

    Attributes:
        title: What was learnt, such as `"flowers"`.
        recipe: The arguments with which to run it again, plain values.
        history: For each key of the logs, one value an epoch: `loss`, `accuracy`, `val_loss`, `val_accuracy`,
            `learning_rate`, `weight_decay`, `strength`, `unfrozen_groups`. Any may be missing; others are kept.
        class_names: The classes, in the order of the labels.
        counts: Part (`"train"`, `"validation"`) to class to number of images.
        skipped: What was not used: objects with a `path` and a `reason`.
        truth: int (n,), the labels of the validation part.
        probabilities: float (n, classes), the model's answers to it.
        originals: uint8 (k, height, width, 3), images of the training part.
        augmented: uint8 (k, variants, height, width, 3), what training may see of each.
        sample_labels: int (k,), the labels of `originals`.
        best_epoch: The epoch whose weights were kept, counted from 0, or `None` when the last one's were.
        seconds: What it took.
        saved_model: Where the model was exported to, or `None`.
        versions: Name to version, of what it ran on.
    """

    title: str
    recipe: dict[str, Any]
    history: dict[str, list[float]]
    class_names: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    skipped: tuple[Any, ...]
    truth: np.ndarray
    probabilities: np.ndarray
    originals: np.ndarray
    augmented: np.ndarray
    sample_labels: np.ndarray
    best_epoch: int | None
    seconds: float
    saved_model: str | None
    versions: dict[str, str]

    @cached_property
    def predicted(self) -> np.ndarray:
        """The likeliest class, int (n,), of each image of the validation part."""
        if not len(self.truth):
            return np.zeros(0, int)
        return np.asarray(self.probabilities).reshape(len(self.truth), len(self.class_names)).argmax(axis=-1)

    @property
    def epochs(self) -> int:
        """How many epochs were run."""
        return max((len(values) for values in self.history.values()), default=0)

    def images_of(self, part: str) -> np.ndarray:
        """Images (classes,) that a part has of each class; of all parts when it is none of them."""
        chosen = [self.counts[part]] if part in self.counts else list(self.counts.values())
        return np.array([sum(each.get(name, 0) for each in chosen) for name in self.class_names], int)
