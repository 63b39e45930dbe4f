"""Smoothing of one-hot and yes-or-no labels by a share that may change while training."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

_OVER_CLASSES = ("categorical_crossentropy", "categorical_focal_crossentropy")
_EACH = ("binary_crossentropy", "binary_focal_crossentropy")
_EITHER = "crossentropy"  # kerasaug's, of integers or rows
SMOOTHED = (*_OVER_CLASSES, *_EACH, _EITHER)


def smooths(losses: Any) -> bool:
    """Whether any of the losses that a model was compiled with takes labels that can be smoothed."""
    return any(_name(one) is not None for one in _leaves(losses))


def smoothed(labels: Any, predicted: Any, losses: Any, share: Any) -> Any:
    """Labels with `share` of each spread over all classes, where the loss is a crossentropy of such labels.

    Args:
        labels: A tensor, or a dict or list of them.
        predicted: The predictions, of the same structure.
        losses: As in `keras.Model.compile`: one for all, or a dict or list like the labels.
        share: Scalar tensor in [0, 1].
    """
    if isinstance(labels, Mapping):
        each = losses if isinstance(losses, Mapping) else dict.fromkeys(labels, losses)
        outputs = predicted if isinstance(predicted, Mapping) else dict.fromkeys(labels, predicted)
        return {name: smoothed(one, outputs.get(name), each.get(name), share) for name, one in labels.items()}
    if isinstance(labels, list | tuple):
        count = len(labels)
        parts = zip(labels, _one_each(predicted, count), _one_each(losses, count), strict=True)
        return type(labels)(smoothed(one, output, loss, share) for one, output, loss in parts)
    name = _name(losses)
    if labels is None or name is None:
        return labels
    labels = ops.convert_to_tensor(labels)
    if name == _EITHER:
        labels = _one_hot(labels, predicted)
    if not keras.backend.is_float_dtype(labels.dtype):
        labels = ops.cast(labels, "float32")
    share = ops.cast(share, labels.dtype)
    classes = 2 if name in _EACH else labels.shape[-1]
    return labels * (1 - share) + share / classes


def _one_each(given: Any, count: int) -> list[Any]:
    return list(given) if isinstance(given, list | tuple) else [given] * count


def _one_hot(labels: Any, predicted: Any) -> Any:
    """Rows of integers, which a loss that takes both does not mind."""
    shape, classes = tuple(labels.shape), predicted.shape[-1]
    if len(shape) == len(predicted.shape):
        if shape[-1] == classes:
            return labels
        labels = labels[..., 0]
    return ops.one_hot(ops.cast(labels, "int32"), classes)


def _leaves(losses: Any) -> list[Any]:
    if isinstance(losses, Mapping):
        losses = list(losses.values())
    return list(losses) if isinstance(losses, list | tuple) else [losses]


def _name(loss: Any) -> str | None:
    """As Keras writes the name of a loss, in snake case; `None` for one whose labels cannot be smoothed."""
    if loss is None:
        return None
    found = keras.losses.get(loss) if isinstance(loss, str) else loss
    name = type(found).__name__ if isinstance(found, keras.losses.Loss) else getattr(found, "__name__", "")
    name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
    ignores = getattr(found, "ignore_class", None) is not None  # an integer, which no row can stand for
    return name if name in SMOOTHED and not ignores else None
