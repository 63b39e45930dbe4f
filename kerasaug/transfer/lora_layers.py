"""What LoRA adds to a layer, by Keras's public attributes: two factors, a rank and a scale."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasaug.transfer.walk import named_layers, own_weights

_STEMS = ("kernel", "embeddings")


def takes_lora(layer: Any) -> bool:
    """Whether the layer is one of those that Keras's LoRA is for, with weights of its own."""
    return callable(getattr(layer, "enable_lora", None)) and bool(own_weights(layer))


def has_lora(layer: Any) -> bool:
    """Whether `enable_lora` was called for it."""
    return bool(getattr(layer, "lora_enabled", False))


def lora_layers(model: keras.Layer) -> dict[str, Any]:
    """All layers with LoRA by their paths, in the model's order."""
    return {path: layer for path, layer in named_layers(model).items() if has_lora(layer)}


def stem(layer: Any) -> str:
    """The attribute that holds the layer's matrix: `"kernel"` or `"embeddings"`."""
    return next(name for name in _STEMS if hasattr(layer, name))


def factor_names(layer: Any) -> tuple[str, str]:
    """The attributes that hold the factors."""
    return f"lora_{stem(layer)}_a", f"lora_{stem(layer)}_b"


def factors(layer: Any) -> tuple[Any, Any]:
    """The factors: `a` with the rank as its last axis, `b` with the rank as its first."""
    a, b = factor_names(layer)
    return getattr(layer, a), getattr(layer, b)


def full_rank(layer: Any) -> int:
    """The rank beyond which LoRA has more parameters than it has freedom."""
    *rows, columns = getattr(layer, stem(layer)).shape
    return min(math.prod(rows), columns)


def base_kernel(layer: Any) -> Any:
    """The variable that LoRA adds to."""
    enabled, layer.lora_enabled = layer.lora_enabled, False
    try:
        return getattr(layer, stem(layer))
    finally:
        layer.lora_enabled = enabled


def merged_kernel(layer: Any) -> np.ndarray:
    """Kernel and update in one, in float32 and then in the kernel's own type."""
    kernel = base_kernel(layer)
    a, b = (ops.convert_to_numpy(factor).astype("float32") for factor in factors(layer))
    value = ops.convert_to_numpy(kernel)
    return (value.astype("float32") + (layer.lora_alpha / layer.lora_rank) * (a @ b)).astype(value.dtype)


@contextmanager
def keeps_factors(layer: Any) -> Iterator[None]:
    """Gives `a` its value back after the block, when the layer has LoRA."""
    if not has_lora(layer):
        yield
        return
    a, _ = factors(layer)
    before = np.array(ops.convert_to_numpy(a))
    yield
    a.assign(before)
