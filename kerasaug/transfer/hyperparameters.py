"""The numbers of a training that may change between two compiled steps, by name."""

import difflib
from collections.abc import Callable, Iterable
from typing import Any

import keras
from keras import ops

from kerasaug.augmentation import Augmentation
from kerasaug.backend import rate_function, rate_schedule
from kerasaug.layers.mix.base import Mix
from kerasaug.training.smoothing import check_smoothing
from kerasaug.transfer.finetune import prepare
from kerasaug.transfer.optimizer import unwrapped
from kerasaug.transfer.walk import sublayers

NAMES = ("learning_rate", "weight_decay", "momentum", "strength", "mix_probability", "label_smoothing")
_ALIASES = {"lr": "learning_rate", "wd": "weight_decay", "mom": "momentum", "beta_1": "momentum"}


class Hyperparameters:
    """Reads and sets, between steps, what a compiled step of a model takes as variables.

    - `learning_rate`: the optimizer's; with layer groups, the topmost group's.
    - `weight_decay`, `momentum` (`beta_1` of Adam and its kin): for these the optimizer is made into a fine-tuning one.
    - `strength`: of the pipeline of an `AugmentedModel`, and of kerasaug's layers in the model.
    - `mix_probability`: factor on the probability `p` of each of those layers that mixes samples, from 0 to 1.
    - `label_smoothing`: of an `AugmentedModel`.

    Args:
        model: A compiled model. Inside `fit` it must be that of the callback, `self.model`, each time anew: under JAX
            an optimizer that was kept from an earlier step holds nothing any more.
        names: What is going to be set.
        caller: Who sets it, for messages.

    Raises:
        ValueError: When a name is unknown, or the model has nothing of that name that could change.
    """

    def __init__(self, model: keras.Model, names: Iterable[str], caller: str) -> None:
        self.caller = caller
        self.names = tuple(plain_name(name, caller) for name in names)
        if {"weight_decay", "momentum"} & set(self.names):
            prepare(model, caller)
        for name in self.names:
            _CHECKS[name](model, caller)

    def get(self, model: keras.Model, name: str) -> float:
        """The value of the next step."""
        return current(model, plain_name(name, self.caller))

    def set(self, model: keras.Model, name: str, value: float) -> None:
        """Sets the value of the next step.

        Raises:
            ValueError: When the value is no finite number, or none that the hyperparameter can have.
        """
        name = plain_name(name, self.caller)
        low, high = _RANGES[name]
        if not low <= float(value) <= high:
            raise ValueError(f"{self.caller}: expected {name} from {low:g} to {high:g}. Received: {float(value)}.")
        _WRITERS[name](model, float(value))


def plain_name(name: str, caller: str) -> str:
    """The full name of a hyperparameter, also by the short names of fastai.

    Raises:
        ValueError: When there is none of this name.
    """
    name = _ALIASES.get(name, name)
    if name not in NAMES:
        near = difflib.get_close_matches(str(name), NAMES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{caller}: expected the name of a hyperparameter, one of {NAMES}. Received: {name!r}.{hint}")
    return name


def current(model: keras.Model, name: str) -> float:
    """The value that a model's next step has."""
    return float(ops.convert_to_numpy(_READERS[name](model)))


def augmentations(model: keras.Layer) -> list[Augmentation]:
    """The outermost of kerasaug's layers in a model, its pipeline first."""
    if isinstance(model, Augmentation):
        return [model]
    return [found for layer in sublayers(model) for found in augmentations(layer)]


def _mixing(model: keras.Layer) -> list[Mix]:
    def inside(layer: keras.Layer) -> list[Mix]:
        return [layer] if isinstance(layer, Mix) else [found for one in sublayers(layer) for found in inside(one)]

    return [found for layer in augmentations(model) for found in inside(layer)]


def _optimizer(model: keras.Model) -> Any:
    return unwrapped(model.optimizer)


def _momentum(model: keras.Model) -> Any:
    optimizer = _optimizer(model)
    return getattr(optimizer, optimizer.momentum_name)


def _set_all(find: Callable[[Any], list[Any]], name: str) -> Callable[[Any, float], None]:
    def write(model: Any, value: float) -> None:
        for one in find(model):
            setattr(one, name, value)

    return write


def _check_rate(model: keras.Model, caller: str) -> None:
    if hasattr(model.optimizer, "optimizers"):
        raise ValueError(
            f"{caller}: expected one optimizer, whose learning rate it can set. Received: "
            f"{type(model.optimizer).__name__}, which combines several. Compile with a single one; "
            "kerasaug.transfer.finetune_optimizer gives layers learning rates of their own."
        )
    schedule = rate_schedule(_optimizer(model)) or rate_function(_optimizer(model))
    if schedule is not None:
        raise ValueError(
            f"{caller}: expected an optimizer whose learning rate is a number, so that it can be set. Received: "
            f"{type(schedule).__name__}, which gives it. Compile with learning_rate=…, or leave the rate to it."
        )


def _check_momentum(model: keras.Model, caller: str) -> None:
    optimizer = _optimizer(model)
    if optimizer.momentum_name is None or not _momentum(model):
        raise ValueError(
            f"{caller}: expected an optimizer with momentum. Received: {type(optimizer).__name__}, which has none. "
            "Compile with keras.optimizers.SGD(momentum=0.9), or with Adam or its kin."
        )


def _check_strength(model: keras.Model, caller: str) -> None:
    if not augmentations(model):
        raise ValueError(
            f"{caller}: expected an augmentation whose strength it can set. Received: {model.name!r}, a model without "
            "kerasaug's layers. Train kerasaug.AugmentedModel(model, pipeline). (What a dataset maps is out of reach.)"
        )


def _check_mix(model: keras.Model, caller: str) -> None:
    if not _mixing(model):
        raise ValueError(
            f"{caller}: expected an augmentation that mixes samples, such as kerasaug.layers.MixUp. Received: "
            f"{model.name!r}, which has {[type(layer).__name__ for layer in augmentations(model)]}."
        )


def _check_smoothing(model: Any, caller: str) -> None:
    if not hasattr(model, "label_smoothing"):
        raise ValueError(
            f"{caller}: expected a kerasaug.AugmentedModel, whose label_smoothing can be set; a loss's own is part of "
            f"the compiled step. Received: {type(model).__name__}. Train kerasaug.AugmentedModel(model, pipeline)."
        )
    check_smoothing(model.loss, caller)


def _nothing(model: Any, caller: str) -> None:
    """`prepare` has seen to it."""


_BIGGEST = 3e38  # float32's, so that infinity is refused
_RANGES = {
    "learning_rate": (0.0, _BIGGEST),
    "weight_decay": (0.0, _BIGGEST),
    "momentum": (0.0, 1.0),
    "strength": (0.0, _BIGGEST),
    "mix_probability": (0.0, 1.0),
    "label_smoothing": (0.0, 1.0),
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "learning_rate": lambda model: _optimizer(model).learning_rate,
    "weight_decay": lambda model: _optimizer(model).weight_decay,
    "momentum": _momentum,
    "strength": lambda model: augmentations(model)[0].strength,
    "mix_probability": lambda model: _mixing(model)[0].mix_probability,
    "label_smoothing": lambda model: model.label_smoothing,
}
_WRITERS: dict[str, Callable[[Any, float], None]] = {
    "learning_rate": lambda model, value: setattr(_optimizer(model), "learning_rate", value),
    "weight_decay": lambda model, value: setattr(_optimizer(model), "weight_decay", value),
    "momentum": lambda model, value: setattr(_optimizer(model), _optimizer(model).momentum_name, value),
    "strength": _set_all(augmentations, "strength"),
    "mix_probability": _set_all(_mixing, "mix_probability"),
    "label_smoothing": lambda model, value: setattr(model, "label_smoothing", value),
}
_CHECKS: dict[str, Callable[[Any, str], None]] = {
    "learning_rate": _check_rate,
    "weight_decay": _nothing,
    "momentum": _check_momentum,
    "strength": _check_strength,
    "mix_probability": _check_mix,
    "label_smoothing": _check_smoothing,
}
