"""A run whose figures were worked out by hand, for the tests of its report."""

from types import SimpleNamespace

import numpy as np

from kerasaug.finetune.run_report import Run

CLASSES = ("ant", "bee", "cat")
TRUTH = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
PREDICTED = np.array([0, 0, 0, 0, 1, 1, 1, 0, 2, 2])  # 8 of 10


def answers(predicted, classes):
    """Probabilities whose largest is 0.9, at `predicted`."""
    return np.where(np.eye(classes)[predicted] > 0, 0.9, 0.1 / max(classes - 1, 1))


def make_run(classes=CLASSES, truth=TRUTH, predicted=PREDICTED, samples=3, variants=5, size=(16, 24), **changes):
    images = np.random.default_rng(0).integers(0, 256, (samples, variants + 1, *size, 3), dtype="uint8")
    history = {
        "loss": [2.0, 1.0, 0.5, 0.4],
        "accuracy": [0.5, 0.7, 0.8, 0.9],
        "val_loss": [1.5, 0.9, 0.6, 0.7],
        "val_accuracy": [0.4, 0.6, 0.8, 0.7],
        "learning_rate": [1e-3, 1e-3, 1e-4, 1e-5],
        "weight_decay": [0.05, 0.05, 0.01, 0.01],
        "strength": [0.0, 0.5, 1.0, 1.0],
        "unfrozen_groups": [1, 1, 2, 3],
    }
    content = {
        "title": "pets",
        "recipe": {"backbone": "MobileNetV2", "epochs": 4, "seed": 0},
        "history": history,
        "class_names": tuple(classes),
        "counts": {
            "train": dict.fromkeys(classes, 20),
            "validation": {name: int((truth == index).sum()) for index, name in enumerate(classes)},
        },
        "skipped": (),
        "truth": truth,
        "probabilities": answers(predicted, len(classes)),
        "originals": images[:, 0],
        "augmented": images[:, 1:],
        "sample_labels": np.arange(samples) % len(classes),
        "best_epoch": 2,
        "seconds": 75.0,
        "saved_model": "saved_models/pets/1",
        "versions": {"keras": "3.15.1"},
    }
    return Run(**{**content, **changes})


def unread(count):
    return tuple(SimpleNamespace(path=f"data/bee/{index:03d}.jpg", reason="not a JPEG file") for index in range(count))
