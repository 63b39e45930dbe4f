"""The picture of a fine-tuning: how it went, by what schedule, and what came of it."""

import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasaug.files import replacing
from kerasaug.transfer.inputs import all_batches
from kerasaug.transfer.policies import pipeline_from

_SHOWN, _VARIANTS = 5, 7  # images, and what training may see of each


def report_picture(tuned: Any, path: Any = None, validation: Any = None, samples: Any = None, title: Any = None) -> Any:
    """See `FineTuned.report`."""
    from kerasaug.finetune.run_report.picture import course_figure, report_figure  # built on this package
    from kerasaug.finetune.run_report.style import styled, to_png

    run = _run(tuned, validation, samples, title)
    with styled():
        figure = course_figure(run) if validation is None and samples is None else report_figure(run)
        if path is not None:
            target = Path(os.fspath(path))
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as temporary:
                temporary.write_bytes(to_png(figure))
    return figure


def _run(tuned: Any, validation: Any, samples: Any, title: str | None) -> Any:
    from kerasaug.finetune.run_report import Run

    truth, probabilities = _answers(tuned, validation)
    names = _class_names(tuned, probabilities.shape[1] or len(_outputs(tuned)))
    none = np.zeros((0, 1, 1, 3)), np.zeros(0, int)
    shown, labels = (np.asarray(part)[:_SHOWN] for part in (none if samples is None else samples))
    originals = _as_bytes(shown)
    counts = {"validation": dict(zip(names, np.bincount(truth, minlength=len(names)).tolist(), strict=True))}
    recipe = tuned.recipe.to_dict()
    return Run(
        title=title or recipe["backbone"] or tuned.model.name,
        recipe=recipe,
        history=tuned.history,
        class_names=names,
        counts=counts if len(truth) else {},
        skipped=(),
        truth=truth,
        probabilities=probabilities,
        originals=originals,
        augmented=augmented_images(tuned.recipe, originals, _VARIANTS),
        sample_labels=classes_of(labels),
        best_epoch=tuned.best_epoch,
        seconds=tuned.seconds,
        saved_model=None,
        versions=recipe["versions"],
    )


def augmented_images(recipe: Any, originals: np.ndarray, variants: int) -> np.ndarray:
    """What a training by `recipe` may see of images, uint8 (images, variants, height, width, channels)."""
    pipeline = pipeline_from(recipe.pipeline)
    copies = np.repeat(originals, variants, axis=0)
    if pipeline is not None and len(copies):
        mixing = {"labels": np.zeros((len(copies), recipe.num_classes or 1), "float32")} if pipeline.mixes else {}
        copies = _as_bytes(keras.ops.convert_to_numpy(pipeline({"images": copies, **mixing}, training=True)["images"]))
    return copies.reshape(len(originals), variants, *copies.shape[1:])


def _as_bytes(images: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(images), 0, 255).astype("uint8")


def _answers(tuned: Any, validation: Any) -> tuple[np.ndarray, np.ndarray]:
    """The true classes and the model's probabilities; none where there are no data, or no classes."""
    if validation is None:
        return np.zeros(0, int), np.zeros((0, 0), "float32")
    pairs = [(tuned.model.predict(x, verbose=0), np.asarray(y)) for x, y, *_ in all_batches(validation)]
    predicted, labels = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    if predicted.ndim != 2 or labels.ndim > 2:
        raise ValueError(
            "FineTuned.report shows the answers of a classifier, of shape (batch, classes). Received: answers of shape "
            f"{predicted.shape} and labels of shape {labels.shape}. Leave `validation` out for the curves alone."
        )
    if predicted.shape[1] == 1:
        predicted = np.concatenate([1 - predicted, predicted], axis=1)
    return classes_of(labels), predicted


def classes_of(labels: np.ndarray) -> np.ndarray:
    """Integer labels, of integers or of one-hot rows."""
    sparse = labels.ndim == 1 or labels.shape[1] == 1
    return labels.reshape(-1).astype(int) if sparse else labels.argmax(axis=1)


def _outputs(tuned: Any) -> range:
    shape = tuned.model.output_shape
    return range(max(shape[-1], 2) if isinstance(shape, tuple) and len(shape) == 2 else 0)


def _class_names(tuned: Any, count: int) -> tuple[str, ...]:
    given = tuned.recipe.class_names
    return given if given and len(given) == count else tuple(map(str, range(count)))
