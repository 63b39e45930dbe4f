"""The recipe that is timed, from kerasaug's layers and from Keras's, with the same arguments."""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import keras
import numpy as np

import kerasaug

CLASSES = 10
OPS = ("flip", "rotation", "zoom", "translation", "shear", "colour jitter", "erasing", "MixUp")


def layers_of(module: ModuleType) -> list[Any]:
    """One layer for each of `OPS`, from `keras.layers` or `kerasaug.layers`."""
    return [
        module.RandomFlip("horizontal"),
        module.RandomRotation(0.1),
        module.RandomZoom(0.2),
        module.RandomTranslation(0.1, 0.1),
        module.RandomShear(0.2, 0.2),
        module.RandomColorJitter(brightness_factor=0.2, contrast_factor=0.2, saturation_factor=(0.4, 0.6)),
        module.RandomErasing(),
        module.MixUp(),
    ]


def pipeline(dtype: str = "float32") -> kerasaug.Pipeline:
    """The recipe as one fused pipeline."""
    return kerasaug.Pipeline(layers_of(kerasaug.layers), seed=0, dtype=dtype)


def augmenting(layer: Any, **arguments: Any) -> Callable[[Any], Any]:
    """A call of one layer, which leaves the data as it was; some layers of Keras change what they are given.

    Args:
        layer: Any library's.
        **arguments: Of the call, such as `training=True`, without which kerasaug's does nothing in a stateless scope.
    """
    return lambda data: layer(dict(data) if isinstance(data, dict) else data, **arguments)


def in_turn(layers: Sequence[Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The recipe as layers, one after another."""
    calls = [augmenting(layer, training=True) for layer in layers]

    def augment(data: dict[str, Any]) -> dict[str, Any]:
        for call in calls:
            data = call(data)
        return data

    return augment


def arrays(size: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Random uint8 images, and one-hot labels."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (size, side, side, 3), dtype="uint8")
    return images, np.eye(CLASSES, dtype="float32")[rng.integers(0, CLASSES, size)]


def batch(size: int, side: int, dtype: str = "float32") -> dict[str, Any]:
    """Random images in [0, 255] with one-hot labels, as tensors."""
    images, labels = arrays(size, side)
    return {"images": keras.ops.convert_to_tensor(images.astype(dtype)), "labels": keras.ops.convert_to_tensor(labels)}
