"""Which callback of a `fit` sets what, hyperparameters or weights: two that set the same undo each other's work."""

from typing import Any

import keras

from kerasaug.backend import running_fit
from kerasaug.callbacks.weight_decay import WeightDecayScheduler

_SET_BY_OTHERS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (keras.callbacks.LearningRateScheduler, ("learning_rate",)),
    (keras.callbacks.ReduceLROnPlateau, ("learning_rate",)),
    (WeightDecayScheduler, ("weight_decay",)),
    (keras.callbacks.SwapEMAWeights, ("weights",)),
)


def callbacks_of(callback: keras.callbacks.Callback) -> list[Any]:
    """The callbacks of the `fit` under way, in order; only `callback` itself in a training loop of one's own."""
    try:
        return list(running_fit(callback._model).callbacks)
    except RuntimeError:
        return [callback]


def sets(callback: Any) -> tuple[str, ...]:
    """The hyperparameters that a callback sets; `"weights"` where it puts others in their place."""
    own = getattr(callback, "sets", None)
    if isinstance(own, tuple):
        return own
    return tuple(name for kind, names in _SET_BY_OTHERS if isinstance(callback, kind) for name in names)


def claim(callback: Any) -> None:
    """Makes sure that no other callback of this `fit` sets what `callback.sets` names.

    Raises:
        ValueError: When one does; both are named.
    """
    for other in callbacks_of(callback):
        shared = [name for name in sets(callback) if other is not callback and name in sets(other)]
        if shared:
            raise ValueError(
                f"{type(callback).__name__}: expected to be the only callback that sets {shared[0]}. Received: "
                f"{type(other).__name__} in the same `fit`, which sets it too. Leave one of them out."
            )
