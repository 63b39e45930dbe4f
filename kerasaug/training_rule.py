"""When a layer augments that was not told: when it was called directly, or mapped over a dataset."""

import warnings
from typing import Any
from weakref import WeakSet

import keras

from kerasaug import backend

_warned: "WeakSet[keras.Sequential]" = WeakSet()  # that hold nothing but augmentation, and were told so


def augments_by_default(layer: Any, base: type) -> bool:
    """Whether a layer called without `training` augments.

    Args:
        layer: The layer.
        base: The class of augmentation layers: a bare `Sequential` of those does nothing, and is told so once.
    """
    if backend.active() != backend.NATIVE or layer.called_directly():
        return True
    caller = layer.calling_layer()
    only = isinstance(caller, keras.Sequential) and all(isinstance(one, base) for one in caller.layers)
    if only and caller not in _warned:
        _warned.add(caller)
        warnings.warn(
            f"{type(caller).__name__} {caller.name!r} holds nothing but augmentation layers and was called without "
            "`training`: nothing is augmented. Pass training=True, or use kerasaug.Pipeline, which augments.",
            stacklevel=2,
        )
    return False
