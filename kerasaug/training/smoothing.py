"""Smoothing of one-hot and yes-or-no labels by a share that may change while training."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

_LOSSES = keras.losses
_OVER_CLASSES = (_LOSSES.CategoricalCrossentropy, _LOSSES.CategoricalFocalCrossentropy)
_EACH = (_LOSSES.BinaryCrossentropy, _LOSSES.BinaryFocalCrossentropy)


def check_smoothing(losses: Any, caller: str) -> None:
    """Raises a `ValueError` when none of a model's losses takes labels that can be smoothed."""
    if all(_kind(one) is None for one in _leaves(losses)):
        raise ValueError(
            f"{caller}: expected a categorical or binary crossentropy, whose labels can be smoothed. Received: loss="
            f"{losses!r}. Compile with 'categorical_crossentropy' and one-hot labels, which "
            "kerasaug.layers.MixUp(num_classes=…) also makes of integers."
        )


def smoothed(labels: Any, predicted: Any, losses: Any, share: Any, names: Sequence[str] | None = None) -> Any:
    """Labels with `share` of each spread over all classes, where the loss is a crossentropy of such labels.

    Args:
        labels: A tensor, or a dict or list of them.
        predicted: The predictions, likewise.
        losses: As in `keras.Model.compile`: one for all, or a dict or list.
        share: Scalar tensor in [0, 1].
        names: The model's outputs, in whose order lists stand where predictions are no dict.
    """
    if isinstance(labels, Mapping | list | tuple):
        order = _order(labels, predicted, names)
        outputs, each = (_named(given, order) for given in (predicted, losses))
        found = labels if isinstance(labels, Mapping) else dict(zip(order, labels, strict=True))
        found = {name: _smooth(one, outputs.get(name), each.get(name), share) for name, one in found.items()}
        if isinstance(labels, Mapping):
            return found
        return labels._make(found.values()) if hasattr(labels, "_make") else type(labels)(found.values())
    return _smooth(labels, _only(predicted), _only(losses), share)


def _order(labels: Any, predicted: Any, names: Sequence[str] | None) -> list[str]:
    """The outputs' names: the keys of a dict of them, which its layers' names need not be."""
    if isinstance(predicted, Mapping):
        return list(predicted) if isinstance(predicted, OrderedDict) else sorted(predicted)
    if names is not None and len(names) == len(labels):
        return list(names)
    return list(labels) if isinstance(labels, Mapping) else list(map(str, range(len(labels))))


def _named(given: Any, names: Sequence[str]) -> dict[str, Any]:
    """What belongs to each output: of a dict by name, of a list by place; one thing belongs to all."""
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, list | tuple):
        return dict(zip(names, given, strict=False))
    return dict.fromkeys(names, given)


def _only(given: Any) -> Any:
    found = _leaves(given)
    return found[0] if len(found) == 1 else given


def _smooth(labels: Any, predicted: Any, loss: Any, share: Any) -> Any:
    kind = _kind(loss)
    if labels is None or kind is None:
        return labels
    labels = ops.convert_to_tensor(labels)
    if kind == "either":
        labels = _one_hot(labels, predicted)
    if not keras.backend.is_float_dtype(labels.dtype):
        labels = ops.cast(labels, "float32")
    share = ops.cast(share, labels.dtype)
    return labels * (1 - share) + share / (2 if kind == "each" else labels.shape[-1])


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


def _kind(loss: Any) -> str | None:
    """Over what the share is spread, `"classes"` or yes and no, `"each"`; `None` where labels cannot be smoothed."""
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    if getattr(loss, "ignore_class", None) is not None:  # an integer, which no row can stand for
        return None
    if isinstance(loss, _OVER_CLASSES) or loss in _FUNCTIONS["classes"]:
        return "classes"
    if isinstance(loss, _EACH) or loss in _FUNCTIONS["each"]:
        return "each"
    # kerasaug's own takes integers and rows; its module is built on this package.
    return "either" if getattr(loss, "takes_rows_and_integers", False) else None


_FUNCTIONS = {
    "classes": (_LOSSES.categorical_crossentropy, _LOSSES.categorical_focal_crossentropy),
    "each": (_LOSSES.binary_crossentropy, _LOSSES.binary_focal_crossentropy),
}
