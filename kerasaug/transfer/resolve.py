"""What `fine_tune` makes of its arguments before they stand in a recipe."""

import copy
import numbers
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras

from kerasaug.training import AugmentedModel
from kerasaug.transfer.backbone_names import resolve_name
from kerasaug.transfer.inputs import Inputs
from kerasaug.transfer.network import best_precision, spatial
from kerasaug.transfer.objective import COMPILE_NAMES, classes_in, classifier_of, saved
from kerasaug.transfer.policies import policy_config

_PLAIN = (numbers.Number, str, type(None))
_SMALLEST = 32  # what most networks of keras.applications ask for; the others say what they need


def check_model(model: Any) -> None:
    """Raises unless `model` is a name, or a model that can be fine-tuned."""
    if isinstance(model, str):
        resolve_name(model)
        return
    if not isinstance(model, keras.Model):
        raise TypeError(
            "fine_tune expects model to be a keras.Model, or a name that load_backbone takes. Received: "
            f"{type(model).__name__}."
        )
    if isinstance(model, AugmentedModel):
        raise TypeError(
            "fine_tune augments by itself. Received an AugmentedModel: pass model=yours.model, policy=yours.pipeline."
        )
    if not model.built:
        raise ValueError(
            f"fine_tune expects a built model. Received {model.name!r}, which has no input shape yet: give it a "
            "`keras.Input`, or call it once on a batch."
        )


def check_unnamed(image_size: Any, backbone_args: Any, mixed_precision: Any, weights: Any) -> None:
    """Raises when an argument that shapes a network by name is given with a model that is already made."""
    if image_size is not None or backbone_args is not None:
        raise ValueError(
            "fine_tune takes image_size and backbone_args with the name of a network only. Received them with a model, "
            "whose input is what it is."
        )
    if weights not in (None, "imagenet"):
        raise ValueError(
            "fine_tune takes weights with the name of a network only. Received them with a model: load them with "
            f"`model.load_weights({os.fspath(weights)!r})` before."
        )
    if mixed_precision not in (None, False):
        raise ValueError(
            "fine_tune cannot change the precision of a model that is built. Received: "
            f"mixed_precision={mixed_precision!r}. Build it after `keras.config.set_dtype_policy(...)`, or pass the "
            "name of a network."
        )


def resolve_classes(model: Any, classes: Any, labels: Any, loss: Any) -> tuple[int | None, tuple[str, ...] | None]:
    """The number of classes, and their names if they have any."""
    if isinstance(classes, numbers.Integral):
        return int(classes), None
    if isinstance(classes, str) or not isinstance(classes, Iterable | type(None)):
        raise TypeError(f"fine_tune expects classes, their number or a list of their names. Received: {classes!r}.")
    if classes is not None:
        names = tuple(map(str, classes))
        return len(names), names
    if not isinstance(model, str):
        head = classifier_of(model) if loss is None else None
        return (None if head is None else head.width), None
    if labels is None:
        raise ValueError("fine_tune cannot see the labels of such data. Pass `classes`, their names or their number.")
    found = classes_in(labels)
    if found < 2:
        raise ValueError("fine_tune expects labels of at least two classes. Received: labels that are all 0.")
    return found, None


def resolve_pipeline(
    policy: Any, num_classes: int | None, image_shape: tuple[int | None, ...] | None
) -> dict[str, Any] | None:
    """The serialised pipeline."""
    axis = -1 if keras.config.image_data_format() == "channels_last" else 0
    return policy_config(policy, num_classes, image_shape[axis] or 3 if image_shape else 3)


def resolve_network(
    name: str,
    weights: str | os.PathLike | None,
    image_size: int | tuple[int, int] | None,
    backbone_args: Mapping[str, Any] | None,
    mixed_precision: str | bool | None,
    shape: tuple[int | None, ...] | None,
) -> dict[str, Any]:
    """What a recipe says of a network that is made for it; `shape` is that of the images."""
    size = (image_size, image_size) if isinstance(image_size, int) else image_size
    if size is None and shape is not None and None not in spatial(shape):
        size = tuple(max(one, _SMALLEST) for one in spatial(shape))
    if size is None:
        raise ValueError("fine_tune cannot see the size of the images, or they differ. Pass `image_size`.")
    if shape is None:
        shape = (*size, 3) if keras.config.image_data_format() == "channels_last" else (3, *size)
    if len(shape) != 3:
        raise ValueError(f"fine_tune expects images of shape (height, width, channels). Received: shape {shape}.")
    return {
        "backbone": resolve_name(name).full,
        "backbone_args": dict(backbone_args or {}),
        "weights": weights if weights in (None, "imagenet") else str(Path(weights).resolve()),
        "input_shape": shape,
        "image_size": size,
        "mixed_precision": best_precision() if mixed_precision is True else mixed_precision or None,
    }


def resolve_optimizer(optimizer: Any) -> str | dict[str, Any]:
    """The name, or the serialised optimizer."""
    if isinstance(optimizer, str):
        return optimizer
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            "fine_tune expects optimizer to be the name of a Keras optimizer, or one. Received: "
            f"{getattr(optimizer, '__name__', type(optimizer).__name__)}."
        )
    return _serialised(optimizer, keras.optimizers, "optimizer")


def resolve_objective(loss: Any, metrics: Any) -> dict[str, Any]:
    """The serialised losses and metrics: one loss and some metrics, or dicts of them by the names of outputs."""
    return {
        "loss": saved(loss, lambda one: _serialised(one, keras.losses, "loss")),
        "metrics": saved(metrics, lambda one: _serialised(one, keras.metrics, "metric")),
    }


def _serialised(thing: Any, module: Any, what: str) -> Any:
    """As JSON has it, and such that it can be read again."""
    if thing in COMPILE_NAMES and module is keras.metrics:
        return thing
    config = thing if isinstance(thing, str) else module.serialize(thing)
    try:
        again = module.get(copy.deepcopy(config))  # Keras deserialises in place
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"fine_tune cannot keep the {what} {thing!r} in a recipe ({str(error).splitlines()[0]}). Register one of "
            "your own with `keras.saving.register_keras_serializable`."
        ) from error
    if isinstance(thing, keras.losses.Loss) and (lost := _differences(thing, again)):
        raise ValueError(
            f"fine_tune cannot keep the {what} {type(thing).__name__} in a recipe: made again from its configuration, "
            f"it differs in {', '.join(lost)}, which `get_config` leaves out. Pass a subclass whose `get_config` "
            "returns it, registered with `keras.saving.register_keras_serializable`."
        )
    return config


def _differences(one: Any, other: Any) -> list[str]:
    """The plain settings in which two losses differ: Keras's Huber forgets its delta."""
    mine, others = _settings(vars(one)), _settings(vars(other))
    names = (mine.keys() | others.keys()) - {"name"}  # which Keras numbers where none is given, and nothing depends on
    return sorted(name.rpartition(".")[2] for name in names if mine.get(name) != others.get(name))


def _settings(values: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _settings(value, f"{path}{name}.")
        elif isinstance(value, list | tuple) and all(isinstance(one, _PLAIN) for one in value):
            found[f"{path}{name}"] = list(value)
        elif isinstance(value, _PLAIN):
            found[f"{path}{name}"] = value
    return found


def check_call(batch_size: Any, loss: Any, label_smoothing: float) -> None:
    """Raises for arguments that would be divided by, or would do nothing."""
    if not isinstance(batch_size, numbers.Integral) or batch_size < 1:
        raise ValueError(
            f"fine_tune expects batch_size, an integer of at least 1. Received: batch_size={batch_size!r}."
        )
    if loss is not None and label_smoothing:
        raise ValueError(
            "fine_tune smooths labels in the loss that it chooses itself. Received: label_smoothing="
            f"{label_smoothing!r} with a loss of yours: give it to that."
        )


def check_range(inputs: Inputs) -> None:
    """Raises for images in [0, 1] or [-1, 1], which a policy or a backbone for [0, 255] would turn black or white."""
    if inputs.value_range is None:
        return
    low, high = inputs.value_range
    if low < 0 or 0 < high <= 1:
        raise ValueError(
            "fine_tune expects images in [0, 255] for a named policy or backbone, which scales them itself. Received: "
            f"values from {low:g} to {high:g}. Give the images as they were read, or a model of yours with "
            "policy=kerasaug.Pipeline([...]) of layers with that value_range."
        )


def check_images(model: keras.Model, inputs: Inputs) -> None:
    """Raises for images of another size than a model with one input takes; Keras would name some layer inside."""
    wanted, found = getattr(model, "input_shape", None), inputs.image_shape
    if not isinstance(wanted, tuple) or found is None:
        return
    pairs = zip(wanted[1:], found, strict=False)
    if len(wanted) != len(found) + 1 or any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise ValueError(
            f"fine_tune expects images of the shape that {model.name!r} takes, {wanted[1:]}. Received: images of shape "
            f"{found}. Resize them, with `keras.ops.image.resize` or `load_images(…, image_size=…)`, or build the "
            "model for theirs."
        )
