"""All the numbers that a training depends on: variables of model and optimizer, and the global random states."""

import random
from typing import Any

import keras
import numpy as np

from kerasaug.backend import global_seed, global_seed_state, set_global_seed_state, set_torch_states, torch_states


def capture(model: keras.Model) -> dict[str, Any]:
    """The state of a model that is being fitted, as plain values.

    `Layer.variables` holds what `Layer.weights` leaves out and no file of Keras keeps: the state of every seed
    generator, Dropout's as well as the augmentation's, and its live `strength`.
    """
    return {
        "model": [_described(variable) for variable in model.variables],
        "optimizer": [_described(variable) for variable in _optimizer_variables(model)],
        **capture_random(),
    }


def capture_random() -> dict[str, Any]:
    """The global random states, as plain values."""
    return {
        "seed": global_seed(),
        "keras_random": global_seed_state(),
        "python_random": random.getstate(),
        "numpy_random": np.random.get_state(legacy=False),
        "torch_random": torch_states(),
    }


def restore(model: keras.Model, state: dict[str, Any]) -> None:
    """Puts the variables back that `capture` took.

    Raises:
        ValueError: When the state is of another model or optimizer. Nothing has been changed then.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and state["optimizer"] and not optimizer.built:
        optimizer.build(model.trainable_variables)
    pairs = [
        *_paired("model", model.variables, state["model"]),
        *_paired("optimizer", _optimizer_variables(model), state["optimizer"]),
    ]
    for variable, value in pairs:
        variable.assign(value)


def restore_random(state: dict[str, Any]) -> None:
    """Puts the global random states back: Keras's, Python's, NumPy's and, as a backend, torch's."""
    if state["keras_random"] is not None:
        set_global_seed_state(state["keras_random"])
    random.setstate(state["python_random"])
    np.random.set_state(state["numpy_random"])
    set_torch_states(state["torch_random"])


def _described(variable: Any) -> tuple[str, np.ndarray]:
    return variable.name, keras.ops.convert_to_numpy(variable)


def _optimizer_variables(model: keras.Model) -> list[Any]:
    optimizer = getattr(model, "optimizer", None)
    return [] if optimizer is None else list(optimizer.variables)


def _paired(what: str, variables: list[Any], stored: list[tuple[str, np.ndarray]]) -> list[tuple[Any, np.ndarray]]:
    ours = [(tuple(variable.shape), keras.backend.standardize_dtype(variable.dtype)) for variable in variables]
    theirs = [(value.shape, str(value.dtype)) for _, value in stored]
    if ours != theirs:
        differing = [index for index, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other]
        first = differing[0] if differing else min(len(ours), len(theirs))
        raise ValueError(
            f"BackupAndRestore: expected a backup of this {what}, with {len(ours)} variables. Received one with "
            f"{len(theirs)}; number {first} is {_shown(variables, ours, first)} here and "
            f"{_stored_shown(stored, theirs, first)} there. Train the model that was backed up, or choose another "
            "`backup_dir`."
        )
    return [(variable, value) for variable, (_, value) in zip(variables, stored, strict=True)]


def _shown(variables: list[Any], ours: list[Any], index: int) -> str:
    return f"{variables[index].path!r} {ours[index]}" if index < len(ours) else "missing"


def _stored_shown(stored: list[tuple[str, np.ndarray]], theirs: list[Any], index: int) -> str:
    return f"{stored[index][0]!r} {theirs[index]}" if index < len(theirs) else "missing"
