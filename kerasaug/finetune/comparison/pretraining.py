"""The backbone that the source task leaves, learnt once and kept on disk."""

import dataclasses
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import keras

import kerasaug.datasets.digits as digits
from kerasaug.datasets.cache import cache_dir, publish
from kerasaug.finetune.comparison.arms import EVERYTHING, Arm
from kerasaug.finetune.comparison.data import Data, stream
from kerasaug.finetune.comparison.learner import Learner, Weights
from kerasaug.finetune.comparison.settings import Settings

_RECIPE = 1  # to be raised when the pretraining changes in a way that the settings do not show
WEIGHTS, _NOTES = "backbone.keras", "notes.json"


@dataclasses.dataclass(frozen=True)
class Pretrained:
    """A backbone's weights, the accuracies on the source task they gave, and where they are kept."""

    weights: Weights
    train_accuracy: float
    validation_accuracy: float
    path: Path


def location(
    settings: Settings, cache: str | os.PathLike | None = None, task: str = "digits", version: str = digits.VERSION
) -> Path:
    """The folder of the weights: its name is a hash of all that they depend on."""
    ours = ("pretraining_epochs", "pretraining_rate", "pretraining_seed", "steps_per_epoch", "batch_size")
    network = ("backbone", "alpha", "size", "batchnorm_momentum")
    key = {
        **{name: getattr(settings, name) for name in (*ours, *network)},
        "recipe": _RECIPE,
        task: version,
        "keras": keras.version(),
        "backend": keras.backend.backend(),
    }
    name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    return cache_dir(cache) / "pretrained" / f"{task}-{name}"


def pretrain(
    learner: Learner,
    data: Data,
    cache: str | os.PathLike | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    folder: Path | None = None,
) -> Pretrained:
    """Learns the source task with augmentation, unless its weights are in the cache already.

    Args:
        learner: Does the training.
        data: Holds the source task.
        cache: The cache folder; see `kerasaug.datasets.cache_dir` for the default.
        callbacks: Such as a progress bar; not called when the weights are there.
        folder: Where the weights are kept. Defaults to the `location` of the digits.
    """
    kept = location(learner.settings, cache) if folder is None else folder
    folder = publish(kept, lambda workplace: _learn(learner, data, callbacks, workplace))
    notes = json.loads((folder / _NOTES).read_text())
    return Pretrained(learner.read_backbone(folder / WEIGHTS), notes["train"], notes["validation"], folder)


def _learn(learner: Learner, data: Data, callbacks: Sequence[keras.callbacks.Callback], workplace: Path) -> Path:
    settings = learner.settings
    arm = Arm("pretraining", "", False, {0.0: EVERYTHING}, settings.pretraining_rate, 0.01, strength=1.0)
    seed, epochs = settings.pretraining_seed, settings.pretraining_epochs
    images = stream(data.source, epochs * settings.steps_per_epoch * settings.batch_size, seed)
    learner.fit(arm, learner.initial_weights(seed), images, epochs, seed, callbacks)
    train, validation = learner.accuracies(data.source, data.source_validation)
    folder = workplace / "pretrained"
    folder.mkdir()
    learner.backbone.save(folder / WEIGHTS)
    (folder / _NOTES).write_text(json.dumps({"train": train, "validation": validation}))
    return folder
