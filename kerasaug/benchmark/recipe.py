"""The recipe that is timed, from kerasaug's layers and from Keras's, with the same arguments."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import keras
import numpy as np

import kerasaug

CLASSES = 10


def layers_of(module: ModuleType, num_classes: dict[str, int]) -> list[Any]:
    """Flip, rotation, zoom, translation, shear, colour jitter, erasing and MixUp.

    Args:
        module: `keras.layers` or `kerasaug.layers`.
        num_classes: Extra arguments of `MixUp`.
    """
    return [
        module.RandomFlip("horizontal"),
        module.RandomRotation(0.1),
        module.RandomZoom(0.2),
        module.RandomTranslation(0.1, 0.1),
        module.RandomShear(0.2, 0.2),
        module.RandomColorJitter(brightness_factor=0.2, contrast_factor=0.2, saturation_factor=(0.4, 0.6)),
        module.RandomErasing(),
        module.MixUp(**num_classes),
    ]


def pipeline() -> kerasaug.Pipeline:
    """The recipe as one fused pipeline."""
    return kerasaug.Pipeline(layers_of(kerasaug.layers, {}), seed=0)


def keras_in_turn() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The recipe as Keras's layers, one after another."""
    layers = layers_of(keras.layers, {})

    def augment(data: dict[str, Any]) -> dict[str, Any]:
        data = dict(data)  # Keras's layers change the dict they are given
        for layer in layers:
            data = layer(data, training=True)
        return data

    augment.layers = layers  # type: ignore[attr-defined]
    return augment


def batch(size: int, side: int, dtype: str = "float32") -> dict[str, Any]:
    """Random images in [0, 255] with one-hot labels."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (size, side, side, 3)).astype(dtype)
    labels = np.eye(CLASSES, dtype="float32")[rng.integers(0, CLASSES, size)]
    return {"images": keras.ops.convert_to_tensor(images), "labels": keras.ops.convert_to_tensor(labels)}
