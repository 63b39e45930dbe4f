"""A layer's config, read off the signatures of its constructors, so that no argument is forgotten."""

import inspect
from collections.abc import Mapping
from typing import Any


def config_of(layer: Any, base: type) -> dict[str, Any]:
    """The arguments of a layer's constructors, from its own class up to `base`, as plain values.

    Args:
        layer: Keeps each argument under its own name.
        base: The last class whose constructor counts.
    """
    names: dict[str, None] = {}
    for one in type(layer).__mro__:
        if issubclass(one, base) and "__init__" in vars(one):
            for name, parameter in inspect.signature(vars(one)["__init__"]).parameters.items():
                if parameter.kind is not parameter.VAR_KEYWORD and name not in ("self", "name", "dtype"):
                    names[name] = None
    return {name: _plain(getattr(layer, name)) for name in names}


def _plain(value: Any) -> Any:
    """Undoes the wrappers in which Keras tracks lists and dicts."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
