"""Compiled train steps, one for each set of trainable layers, kept on the model."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasaug.backend import built_on, rate_function, rate_schedule
from kerasaug.transfer.optimizer import FineTuneMixin, spared_by, unwrapped
from kerasaug.transfer.walk import owners

_ATTRIBUTE = "_kerasaug_steps"


class _Steps:
    """What has been compiled so far, by key, and what this module last put on the model."""

    def __init__(self) -> None:
        self.by_key: dict[Any, dict[str, Any]] = {}
        self.key: Any = None
        self.installed: Any = None


def select_step(model: keras.Model, rate: float | None) -> None:
    """Makes `model` train with a step compiled for its present `trainable` flags and settings of the optimizer.

    A step holds the list of trainable variables it was traced with, so each set of flags needs its own. So do the plain
    numbers of an optimizer, such as `clipnorm` or an ordinary optimizer's `weight_decay`, what is excluded from weight
    decay, and a schedule of the learning rate. One that was compiled before is taken back as it is and costs no
    retrace: training again with the same schedule, from other weights or on other data of the same shape, compiles
    nothing. `compile()` drops them all.

    Args:
        model: A built and compiled model.
        rate: What `baked_rate` says of its optimizer. Each call counts where the function keeps a state.
    """
    steps = getattr(model, _ATTRIBUTE, None)
    if steps is None or model.train_function is not steps.installed:  # compile() or somebody else made a new step
        steps = _Steps()
        setattr(model, _ATTRIBUTE, steps)
    key = _key(model, rate)
    if steps.installed is not None and key == steps.key:
        return
    if steps.installed is not None:
        steps.by_key[steps.key] = {name: getattr(model, name) for name in _functions()}
    known = steps.by_key.get(key)
    for name in _functions():
        setattr(model, name, known[name] if known else None)
    if not known:
        _make(model)
    steps.key, steps.installed = key, model.train_function


def _make(model: keras.Model) -> None:
    """Makes the functions that `fit` runs, to be traced anew.

    JAX takes a bound method for the one it has traced before, as long as that is kept, whatever the model has become
    since; where all shapes are the same it would run the old step. So it is given a function that is new.
    """
    if keras.backend.backend() != "jax":
        model.make_train_function(force=True)
        return
    own = dict(vars(model))
    for name in ("train_step", "test_step"):
        vars(model)[name] = _renewed(getattr(model, name))
    try:
        model.make_train_function(force=True)
        model.make_test_function(force=True)
    finally:
        for name in ("train_step", "test_step"):
            del vars(model)[name]
            vars(model).update({name: own[name]} if name in own else {})


def _renewed(method: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: method(*args)


def _functions() -> tuple[str, ...]:
    # On JAX every step takes trainable and other variables as two lists, which a flag moves between.
    jax = keras.backend.backend() == "jax"
    return ("train_function", "test_function", "predict_function") if jax else ("train_function",)


def _key(model: keras.Model, rate: float | None) -> Any:
    flags = tuple((layer.trainable, *(weight.trainable for weight in layer.weights)) for layer in owners(model))
    optimizer = unwrapped(model.optimizer)
    own = optimizer.trace_key() if isinstance(optimizer, FineTuneMixin) else None
    spared = tuple(id(variable) for variable in spared_by(optimizer, built_on(optimizer)))
    return flags, _plain(model.optimizer), _plain(optimizer), spared, (_rate_source(optimizer), rate), own


def _plain(optimizer: Any) -> tuple[tuple[str, str], ...]:
    """The plain settings of an optimizer, which stand in a compiled step as they were when it was traced."""
    plain = (type(None), bool, int, float, str)
    settings = (
        (name, repr(value))
        for name, value in vars(optimizer).items()
        if type(value) in plain and name[0] != "_" and name != "built"
    )
    return tuple(sorted(settings))


def _rate_source(optimizer: Any) -> Any:
    """What tells learning rates other than numbers apart: a schedule's config, or what has none itself."""
    schedule = rate_schedule(optimizer)
    if schedule is None:
        return rate_function(optimizer)
    try:
        return repr(keras.saving.serialize_keras_object(schedule))
    except (NotImplementedError, TypeError, ValueError):  # without `get_config`, or with what Keras cannot serialise
        return schedule


def baked_rate(optimizer: Any) -> float | None:
    """The learning rate of an optimizer whose rate is a function of nothing that is called when a step is traced.

    `None` for any other, for one that returns a variable on TensorFlow, which each step reads, and on torch, which
    traces nothing.
    """
    function = rate_function(optimizer)
    if function is None or keras.backend.backend() == "torch":
        return None
    rate = function()
    traced = keras.backend.backend() == "jax" or isinstance(rate, int | float | np.generic)
    return float(ops.convert_to_numpy(rate)) if traced else None
