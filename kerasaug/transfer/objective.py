"""The loss and the metrics that suit the heads of a model and its labels."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from kerasaug.transfer.head_lists import heads_loss_weights, heads_losses, heads_metrics, heads_of
from kerasaug.transfer.heads.losses import Crossentropy
from kerasaug.transfer.heads.vectors import Classification

COMPILE_NAMES = ("accuracy", "acc", "crossentropy", "ce")  # `compile` chooses the metric that suits loss and labels


@dataclass(frozen=True)
class Head:
    """What a classifier puts out.

    Attributes:
        width: Number of outputs.
        activation: `"softmax"`, `"sigmoid"` or `"linear"`; `None` when it cannot be seen.
    """

    width: int
    activation: str | None

    @property
    def binary(self) -> bool:
        """Whether each output is a yes or no of its own."""
        return self.width == 1 or self.activation == "sigmoid"


def head_of(model: keras.Model) -> Head:
    """Reads width and activation off a model with one output.

    Raises:
        ValueError: When there are several outputs, or they are not vectors.
    """
    shape = model.output_shape
    if not isinstance(shape, tuple) or len(shape) != 2 or shape[-1] is None:
        raise ValueError(
            f"fine_tune expects a classifier, whose one output is of shape (batch, classes). Received {model.name!r} "
            f"with output shape {shape}. Pass `loss` and `metrics` for a model of another kind."
        )
    return Head(shape[-1], _activation(model))


def classifier_of(model: keras.Model) -> Head | None:
    """The head of a model with one, or `None` for a model that `build_model` gave heads of other kinds, or several.

    Raises:
        ValueError: When the model is no classifier, and was made otherwise.
    """
    heads = heads_of(model)
    if not heads:
        return head_of(model)
    only = next(iter(heads.values()))
    if len(heads) > 1 or not isinstance(only, Classification) or (only.logits and only.binary):
        return None
    return Head(only.num_classes, "linear" if only.logits else "sigmoid" if only.binary else "softmax")


def objective_of_heads(model: keras.Model, label_smoothing: float) -> dict[str, Any]:
    """What `compile` is told of a model whose heads are those of `build_model`.

    Args:
        model: The model.
        label_smoothing: Of classification heads that have none of their own.
    """
    losses = heads_losses(model)
    if label_smoothing:
        smoothed = {
            name: replace(head, label_smoothing=head.label_smoothing or label_smoothing).loss
            for name, head in heads_of(model).items()
            if isinstance(head, Classification)
        }
        losses = losses | smoothed if isinstance(losses, dict) else next(iter(smoothed.values()), losses)
    return {"loss": losses, "loss_weights": heads_loss_weights(model), "metrics": heads_metrics(model)}


def saved(given: Any, one: Callable[[Any], Any]) -> Any:
    """Losses or metrics as JSON has them, in the dict or list of the outputs in which they come."""
    if isinstance(given, Mapping):
        return {name: saved(value, one) for name, value in given.items()}
    return [saved(value, one) for value in given] if isinstance(given, list | tuple) else given and one(given)


def read(config: Any, module: Any) -> Any:
    """The inverse of `saved`; `module` is `keras.losses` or `keras.metrics`."""
    if isinstance(config, list):
        return [read(value, module) for value in config]
    if _by_name(config):
        return {name: read(value, module) for name, value in config.items()}
    if config is None or (module is keras.metrics and config in COMPILE_NAMES):
        return config
    return module.get(copy.deepcopy(config))  # Keras deserialises in place


def _by_name(config: Any) -> bool:
    return isinstance(config, dict) and "class_name" not in config  # which serialised objects have


def check_names(model: keras.Model, given: Any, what: str) -> None:
    """Raises for a dict of losses or metrics with names that are none of the model's outputs."""
    outputs = getattr(model, "output", None)
    names = list(outputs) if isinstance(outputs, Mapping) else list(getattr(model, "output_names", []))
    unknown = sorted(set(given) - set(names)) if _by_name(given) and names else []
    if unknown:
        raise ValueError(
            f"fine_tune expects {what} by the names of the model's outputs, {names}. Received: {unknown} beside them."
        )


def objective(
    head: Head, labels: np.ndarray | None, mixes: bool, label_smoothing: float
) -> tuple[keras.losses.Loss, keras.metrics.Metric]:
    """The loss, and accuracy, for a head.

    Args:
        head: The model's.
        labels: Some labels, or `None`: integers.
        mixes: Whether the augmentation returns one-hot labels.
        label_smoothing: In [0, 1).

    Raises:
        ValueError: When it cannot be seen whether outputs are probabilities.
    """
    if head.activation is None:
        raise ValueError(
            "fine_tune cannot see whether the model's outputs are probabilities or logits, because its last layer has "
            "no activation. Pass `loss` and `metrics`."
        )
    logits = head.activation == "linear"
    losses, metrics = keras.losses, keras.metrics
    if head.binary:
        loss = losses.BinaryCrossentropy(from_logits=logits, label_smoothing=label_smoothing)
        return loss, metrics.BinaryAccuracy(name="accuracy", threshold=0.0 if logits else 0.5)
    if mixes or (labels is not None and not is_sparse(labels)):
        loss = losses.CategoricalCrossentropy(from_logits=logits, label_smoothing=label_smoothing)
        return loss, metrics.CategoricalAccuracy(name="accuracy")
    if label_smoothing:
        return Crossentropy(label_smoothing, logits), metrics.SparseCategoricalAccuracy(name="accuracy")
    return losses.SparseCategoricalCrossentropy(from_logits=logits), metrics.SparseCategoricalAccuracy(name="accuracy")


def classes_in(labels: np.ndarray) -> int:
    """How many classes labels tell of: one more than the highest number, or the width of one-hot rows.

    Raises:
        ValueError: When they are no labels of classes.
    """
    _check_kind(labels)
    return int(labels.max()) + 1 if is_sparse(labels) else int(labels.shape[1])


def check_labels(labels: np.ndarray, head: Head) -> None:
    """Raises a `ValueError` unless labels are such as a head can learn."""
    if head.binary:
        _check_yes_no(labels, head.width)
        return
    _check_kind(labels)
    if not is_sparse(labels):
        if labels.shape[1] != head.width:
            raise ValueError(
                f"fine_tune expects one-hot labels as wide as the model's output, {head.width}. Received: labels of "
                f"width {labels.shape[1]}."
            )
        return
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= head.width:
        raise ValueError(
            f"fine_tune expects labels from 0 to {head.width - 1}, for the model's {head.width} outputs. Received: "
            f"labels from {low} to {high}."
        )


def is_sparse(labels: np.ndarray) -> bool:
    """Whether labels are one number a sample."""
    return labels.ndim == 1 or (labels.ndim == 2 and labels.shape[1] == 1)


def _check_kind(labels: np.ndarray) -> None:
    kind = labels.dtype.kind
    if kind not in "iuf" or (kind == "f" and is_sparse(labels)) or labels.ndim > 2:
        raise ValueError(
            "fine_tune expects labels that are integers from 0, one an image, or one-hot rows. Received: labels of "
            f"dtype {labels.dtype} and shape {labels.shape}. Number the classes, or pass `loss` and `metrics` for "
            "another task."
        )


def _check_yes_no(labels: np.ndarray, width: int) -> None:
    found = 1 if labels.ndim == 1 else labels.shape[1] if labels.ndim == 2 else None
    right = labels.dtype.kind in "biuf" and found == width
    if not right or labels.min() < 0 or labels.max() > 1:
        raise ValueError(
            f"fine_tune expects labels of 0 and 1, {width} an image, for a model of {width} sigmoid outputs. Received: "
            f"labels of dtype {labels.dtype} and shape {labels.shape}"
            + (f", from {labels.min()} to {labels.max()}." if labels.dtype.kind in "biuf" else ".")
        )


def _activation(model: keras.Model) -> str | None:
    layers = getattr(model, "layers", [])
    operations = getattr(model, "operations", layers)
    last = operations[-1] if operations else None
    if isinstance(last, keras.Model):
        return _activation(last)
    if isinstance(last, keras.layers.Softmax):
        return "softmax"
    name = getattr(getattr(last, "activation", None), "__name__", None)
    return name if name in ("softmax", "sigmoid", "linear") else None
