"""What a recipe may hold."""

import difflib
import math
from collections.abc import Sequence
from typing import Any

import keras

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")
_CHOICES = {
    "bn": ("frozen", "train"),
    "keep": ("best", "last"),
    "mixed_precision": (None, *PRECISIONS),
    "jit_compile": ("auto", True, False),
}
_INTEGERS = {"epochs": 0, "freeze_epochs": 0, "batch_size": 1, "seed": 0}
_POSITIVE = ("base_lr", "lr_mult", "div")


def check_values(recipe: Any) -> None:
    """Raises a `ValueError` that names the first value out of range."""
    for name, low in _INTEGERS.items():
        _check_integer(name, getattr(recipe, name), low)
    for name, low in {"num_classes": 1, "steps_per_epoch": 1}.items():
        if getattr(recipe, name) is not None:
            _check_integer(name, getattr(recipe, name), low)
    if recipe.epochs + recipe.freeze_epochs == 0:
        raise ValueError("fine_tune expects epochs or freeze_epochs of at least 1. Received: 0 for both.")
    for name in _POSITIVE:
        _check_number(name, getattr(recipe, name), lambda value: 0 < value < math.inf, "a positive number")
    _check_number("pct_start", recipe.pct_start, lambda value: 0 < value < 1, "a fraction between 0 and 1")
    for name in ("dropout", "label_smoothing"):
        _check_number(name, getattr(recipe, name), lambda value: 0 <= value < 1, "a fraction from 0 up to 1")
    _check_number("weight_decay", recipe.weight_decay, lambda value: 0 <= value < math.inf, "a number of at least 0")
    if recipe.l2_sp is not None:
        _check_number("l2_sp", recipe.l2_sp, lambda value: 0 <= value < math.inf, "a number of at least 0, or None")
    for name, choices in _CHOICES.items():
        _check_choice(name, getattr(recipe, name), choices)
    _check_optimizer(recipe.optimizer)
    _check_class_names(recipe)


def check_keys(values: Any, known: Sequence[str], version: int, source: str) -> None:
    """Raises a `ValueError` unless `values` is a dict of a recipe's keys and format.

    Args:
        values: What a file or a dict holds.
        known: Names of a recipe's values, all of which must be there.
        version: The format that is understood.
        source: Name of the file, for messages.
    """
    if not isinstance(values, dict) or "format" not in values:
        raise ValueError(f"Recipe: {source} is no recipe. Expected what `Recipe.to_dict` or `save` gives.")
    if values["format"] != version:
        raise ValueError(
            f"Recipe: expected format {version} in {source}. Received: format {values['format']!r}. Use the version of "
            f"kerasaug that wrote it: {values.get('versions', 'not named')}."
        )
    missing = sorted(set(known) - set(values))
    unknown = sorted(set(values) - set(known) - {"format"})
    if missing or unknown:
        raise ValueError(f"Recipe: {source} lacks the keys {missing} and has the unknown keys {unknown}.")


def _check_integer(name: str, value: Any, low: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        raise ValueError(f"fine_tune expects {name}, an integer of at least {low}. Received: {name}={value!r}.")


def _check_number(name: str, value: Any, right: Any, meaning: str) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not right(value):
        raise ValueError(f"fine_tune expects {name}, {meaning}. Received: {name}={value!r}.")


def _check_choice(name: str, value: Any, choices: Sequence[Any]) -> None:
    if not any(value is choice or (isinstance(value, str) and value == choice) for choice in choices):
        raise ValueError(f"fine_tune expects {name} to be one of {list(choices)}. Received: {name}={value!r}.")


def _check_optimizer(given: Any) -> None:
    if isinstance(given, dict):
        return
    names = [name.lower() for name, one in vars(keras.optimizers).items() if isinstance(one, type)]
    if str(given).lower() not in names:
        near = difflib.get_close_matches(str(given).lower(), names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"fine_tune expects optimizer to be a Keras optimizer or the name of one. Received: {given!r}.{hint}"
        )


def _check_class_names(recipe: Any) -> None:
    names = recipe.class_names
    if names is not None and (len(names) != recipe.num_classes or len(set(names)) != len(names)):
        raise ValueError(
            f"fine_tune expects a name of its own for each of {recipe.num_classes} classes. Received: {list(names)}."
        )
