"""Compiled train steps, one for each set of trainable layers, kept on the model."""

from typing import Any

import keras

from kerasaug.transfer.optimizer import FineTuneMixin, unwrapped
from kerasaug.transfer.walk import owners

_ATTRIBUTE = "_kerasaug_steps"


class _Steps:
    """What has been compiled so far, by key, and what this module last put on the model."""

    def __init__(self) -> None:
        self.by_key: dict[Any, dict[str, Any]] = {}
        self.key: Any = None
        self.installed: Any = None


def select_step(model: keras.Model) -> None:
    """Makes `model` train with a step compiled for its present `trainable` flags.

    A step holds the list of trainable variables it was traced with, so each set of flags needs its own. One that
    was compiled before is taken back as it is and costs no retrace: training again with the same schedule, from
    other weights or on other data of the same shape, compiles nothing. `compile()` drops them all.
    """
    steps = getattr(model, _ATTRIBUTE, None)
    if steps is None or model.train_function is not steps.installed:  # compile() or somebody else made a new step
        steps = _Steps()
        setattr(model, _ATTRIBUTE, steps)
    key = _key(model)
    if steps.installed is not None and key == steps.key:
        return
    if steps.installed is not None:
        steps.by_key[steps.key] = {name: getattr(model, name) for name in _functions()}
    known = steps.by_key.get(key)
    for name in _functions():
        setattr(model, name, known[name] if known else None)
    if not known:
        model.make_train_function(force=True)
    steps.key, steps.installed = key, model.train_function


def _functions() -> tuple[str, ...]:
    # On JAX every step takes trainable and other variables as two lists, which a flag moves between.
    jax = keras.backend.backend() == "jax"
    return ("train_function", "test_function", "predict_function") if jax else ("train_function",)


def _key(model: keras.Model) -> Any:
    flags = tuple((layer.trainable, *(weight.trainable for weight in layer.weights)) for layer in owners(model))
    optimizer = unwrapped(model.optimizer)
    return flags, optimizer.trace_key() if isinstance(optimizer, FineTuneMixin) else None
