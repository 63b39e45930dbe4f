"""Weights of a choice."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng


def as_weights(value: Any, count: int, layer: str) -> list[float] | None:
    """Reads one weight a layer: finite, not negative, not all zero; or `None` for equal ones."""
    if value is None:
        return None
    sequence = isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)
    try:
        weights = [float(one) for one in value] if sequence else []
    except (TypeError, ValueError):
        weights = []
    if len(weights) != count or not all(0.0 <= one < float("inf") for one in weights) or not sum(weights) > 0.0:
        raise ValueError(
            f"{layer} expects layer_weights, one number of 0 or more for each of its {count} layers, not all of them "
            f"0. Received: layer_weights={value!r}."
        )
    return weights


def ordered(rng: Rng, weights: Sequence[float]) -> Tensor:
    """int32 (batch, count): the layers in a random order, the heavier the sooner, as if drawn one after another.

    Reference:
        Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006.
    """
    relative = np.asarray(weights, "float64") / max(weights)
    rates = ops.convert_to_tensor(np.maximum(relative, 1e-30).astype("float32"))
    waits = -ops.log(rng.unit((len(weights),))) / rates[None]
    return ops.cast(ops.argsort(waits, axis=-1), "int32")
