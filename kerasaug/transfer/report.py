"""The picture of a fine-tuning: how it went, by what schedule, and what came of it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasaug.backend.inference import is_endless
from kerasaug.files import replacing
from kerasaug.transfer.head_lists import heads_of
from kerasaug.transfer.heads.vectors import Classification, MultiLabel
from kerasaug.transfer.inputs import all_batches, inspect
from kerasaug.transfer.objective import Head, head_of
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
    head = _classifier(tuned.model)
    if is_endless(validation):
        raise ValueError(
            "FineTuned.report expects validation data that come to an end. Received: an endless dataset. Pass "
            "validation.take(…), or a dataset without repeat()."
        )
    if not hasattr(validation, "__next__"):  # looking at a batch would take it away
        inspect(validation, 1, steps_per_epoch=1, images=False)  # raises where there are no labels, or no batches
    pairs = [(_single_of(tuned.model.predict(x, verbose=0)), _single_of(y)) for x, y, *_ in all_batches(validation)]
    if not pairs:
        raise ValueError("FineTuned.report expects at least one batch. Received: an iterator that has come to its end.")
    predicted, labels = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    probabilities = _probabilities(predicted.astype("float64"), head.activation)
    if probabilities is None or not _single(labels, probabilities.shape[1]):
        answer, label = (np.array2string(values[:1], threshold=8) for values in (predicted, labels))
        raise _no_classifier(f"answers such as {answer} and labels of shape {labels.shape} such as {label}")
    return classes_of(labels), probabilities


def _single_of(given: Any) -> np.ndarray:
    """An array, which may be the one entry of a dict."""
    if isinstance(given, Mapping):
        if len(given) != 1:
            raise _no_classifier(f"labels of {sorted(given)}")
        given = next(iter(given.values()))
    return np.asarray(given)


def _classifier(model: keras.Model) -> Head:
    heads = heads_of(model)
    if not heads:
        try:
            head = head_of(model)
        except ValueError:
            raise _no_classifier(f"outputs of shape {model.output_shape}") from None
        if head.activation == "sigmoid" and head.width > 1:
            raise _no_classifier(f"{head.width} sigmoid outputs, of which any number may be right")
        return head
    only = next(iter(heads.values()))
    if len(heads) > 1 or not isinstance(only, Classification) or isinstance(only, MultiLabel):
        raise _no_classifier(f"a model with {', '.join(type(head).__name__ for head in heads.values())}")
    return Head(only.num_classes, "linear" if only.logits else "sigmoid" if only.binary else "softmax")


def _probabilities(outputs: np.ndarray, activation: str | None) -> np.ndarray | None:
    """Of each class; `None` where they are none."""
    if activation == "linear":
        outputs = np.concatenate([np.zeros_like(outputs), outputs], axis=1) if outputs.shape[1] == 1 else outputs
        exponents = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return exponents / exponents.sum(axis=1, keepdims=True)
    if outputs.shape[1] == 1:
        outputs = np.concatenate([1 - outputs, outputs], axis=1)
    right = (outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-2)  # half precision
    return outputs if right else None


def _single(labels: np.ndarray, classes: int) -> bool:
    """Whether each label is one of the classes, by its number or as a row of shares."""
    if labels.ndim == 1 or (labels.ndim == 2 and labels.shape[1] == 1):
        return bool((labels == np.floor(labels)).all() and (labels >= 0).all() and (labels < classes).all())
    return labels.ndim == 2 and labels.shape[1] == classes and np.allclose(labels.sum(axis=1), 1, atol=1e-2)


def _no_classifier(received: str) -> ValueError:
    return ValueError(
        "FineTuned.report shows the answers of a classifier whose images have one class each. Received: "
        f"{received}. Leave `validation` out for the curves alone."
    )


def classes_of(labels: np.ndarray) -> np.ndarray:
    """Integer labels, of integers or of one-hot rows."""
    sparse = labels.ndim == 1 or labels.shape[1] == 1
    return labels.reshape(-1).astype(int) if sparse else labels.argmax(axis=1)


def _outputs(tuned: Any) -> range:
    shape = getattr(tuned.model, "output_shape", None)  # subclassed models know none
    return range(max(shape[-1], 2) if isinstance(shape, tuple) and len(shape) == 2 else 0)


def _class_names(tuned: Any, count: int) -> tuple[str, ...]:
    given = tuned.recipe.class_names
    return given if given and len(given) == count else tuple(map(str, range(count)))
