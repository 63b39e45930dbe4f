"""The recipe in keras-aug's layers, whose affine op does rotation, zoom, translation and shear at once."""

from importlib import import_module
from typing import Any

import keras

from kerasaug.benchmark.peers.registry import Contender, Scene
from kerasaug.benchmark.recipe import in_turn
from kerasaug.benchmark.ways import EAGER, ways

_NOTE = "one affine op for the four warps; images in [0, 1]"


def contenders(scene: Scene) -> list[Contender]:
    """As a graph, and compiled."""
    images = keras.ops.convert_to_tensor(scene.images.astype("float32") / 255.0)
    data = {**scene.data, "images": images}
    found = []
    for place, way in ways().items():
        if place != EAGER:
            layers = _layers()
            found.append(Contender("keras-aug", place, way(in_turn(layers), layers, data), note=_NOTE))
    return found


def _layers() -> list[Any]:
    vision = import_module("keras_aug").layers.vision
    return [
        vision.RandomFlip("horizontal"),
        vision.RandomAffine(36.0, 0.1, 0.2, (-11.3, 11.3, -11.3, 11.3), padding_mode="reflect"),
        vision.ColorJitter(0.2, 0.2, 0.2),
        vision.RandomErasing(p=1.0, value="random"),
        vision.MixUp(alpha=0.2),
    ]
