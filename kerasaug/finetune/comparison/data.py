"""The two tasks, and the few labelled images and the order in which a run sees them."""

import dataclasses
import os

import keras
import numpy as np

from kerasaug.datasets import load_digits
from kerasaug.finetune.comparison.settings import SOURCE, TARGET, Settings


@dataclasses.dataclass(frozen=True)
class Examples:
    """Images (uint8, `(n, size, size, 3)`), labels (int32, from 0) and ids (rows of scikit-learn's arrays)."""

    images: np.ndarray
    labels: np.ndarray
    ids: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: np.ndarray) -> "Examples":
        return Examples(self.images[index], self.labels[index], self.ids[index])


@dataclasses.dataclass(frozen=True)
class Data:
    """The source task to pretrain on, and the target task: a pool to label a few of, and two parts to measure on."""

    source: Examples
    source_validation: Examples
    pool: Examples
    validation: Examples
    test: Examples


def prepare(settings: Settings, cache: str | os.PathLike | None = None) -> Data:
    """Loads the digits, upsampled to RGB, and divides them by task.

    Args:
        settings: Gives the size.
        cache: The cache folder; see `kerasaug.datasets.cache_dir` for the default.
    """
    splits = {name: load_digits(name, cache) for name in ("train", "validation", "test")}
    return Data(
        source=_task(splits["train"], SOURCE, settings.size),
        source_validation=_task(splits["validation"], SOURCE, settings.size),
        pool=_task(splits["train"], TARGET, settings.size),
        validation=_task(splits["validation"], TARGET, settings.size),
        test=_task(splits["test"], TARGET, settings.size),
    )


def _task(split: dict[str, np.ndarray], classes: tuple[int, ...], size: int) -> Examples:
    chosen = np.isin(split["labels"], classes)
    labels = np.searchsorted(classes, split["labels"][chosen]).astype("int32")
    return Examples(upsampled(split["images"][chosen], size), labels, split["ids"][chosen])


def upsampled(images: np.ndarray, size: int) -> np.ndarray:
    """Grey images as uint8 RGB of `size` by `size` pixels, interpolated bilinearly."""
    resized = keras.ops.image.resize(images.astype("float32"), (size, size), interpolation="bilinear")
    grey = np.rint(keras.ops.convert_to_numpy(resized)).astype("uint8")
    return np.repeat(grey, 3, axis=-1)


def few(pool: Examples, shots: int, seed: int) -> Examples:
    """Draws `shots` images of each class, the same for the same seed.

    Raises:
        ValueError: When a class has fewer.
    """
    counts = np.bincount(pool.labels)
    if shots > counts.min():
        raise ValueError(f"finetune: expected at most {counts.min()} shots, the smallest class. Received: {shots}.")
    rng = np.random.default_rng([seed, 0])
    members = [np.flatnonzero(pool.labels == label) for label in range(len(counts))]
    return pool[np.concatenate([rng.choice(one, shots, replace=False) for one in members])]


def stream(examples: Examples, count: int, seed: int) -> Examples:
    """The `count` images that a run sees, in order: pass after pass, each shuffled anew, the same for the same seed."""
    rng = np.random.default_rng([seed, 1])
    passes = -(-count // len(examples))
    order = np.concatenate([rng.permutation(len(examples)) for _ in range(passes)])
    return examples[order[:count]]
