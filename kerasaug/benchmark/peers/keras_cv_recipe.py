"""The recipe in keras-cv's layers."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from kerasaug.benchmark.peers.registry import Contender, Scene
from kerasaug.benchmark.ways import EAGER, ways

RANGE = (0, 255)
_NOTE = "brightness, contrast and saturation as three layers, since its jitter shifts the hue too; a cutout for erasing"


def contenders(scene: Scene) -> list[Contender]:
    """As a graph, and compiled."""

    def augment(data: dict[str, Any]) -> dict[str, Any]:
        for layer in layers:
            data = layer(data)
        return data

    layers = _layers()
    places = [(place, way) for place, way in ways().items() if place != EAGER]
    return [Contender("keras-cv", place, way(augment, [], scene.data), note=_NOTE) for place, way in places]


def _layers() -> list[Any]:
    layers = import_module("keras_cv").layers
    return [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(0.1),
        layers.RandomZoom(0.2),
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomShear(0.2, 0.2),
        layers.RandomBrightness(0.2, value_range=RANGE),
        layers.RandomContrast(RANGE, 0.2),
        layers.RandomSaturation((0.4, 0.6)),
        layers.RandomCutout(0.4, 0.4),
        layers.MixUp(),
    ]


def single_layers(height: int, width: int) -> dict[str, Callable[[], Any]]:
    """By the name that kerasaug has for it, each layer that both have, with the arguments of the comparison.

    Its colour jitter is left out: it shifts the hue, always.
    """
    layers = import_module("keras_cv").layers
    return {
        "AutoContrast": lambda: layers.AutoContrast(RANGE),
        "CutMix": lambda: layers.CutMix(),
        "Equalization": lambda: layers.Equalization(RANGE),
        "MixUp": lambda: layers.MixUp(),
        "RandomBrightness": lambda: layers.RandomBrightness(0.2, value_range=RANGE),
        "RandomContrast": lambda: layers.RandomContrast(RANGE, 0.2),
        "RandomCrop": lambda: layers.RandomCrop(height, width),
        "RandomCutout": lambda: layers.RandomCutout(0.4, 0.4),
        "RandomFlip": lambda: layers.RandomFlip("horizontal"),
        "RandomPosterization": lambda: layers.Posterization(RANGE, bits=4),
        "RandomGaussianBlur": lambda: layers.RandomGaussianBlur(7, 1.0),
        "RandomRotation": lambda: layers.RandomRotation(0.1),
        "RandomSaturation": lambda: layers.RandomSaturation((0.4, 0.6)),
        "RandomSharpness": lambda: layers.RandomSharpness((0.0, 1.0), RANGE),
        "RandomShear": lambda: layers.RandomShear(0.2, 0.2),
        "RandomTranslation": lambda: layers.RandomTranslation(0.1, 0.1),
        "RandomZoom": lambda: layers.RandomZoom(0.2),
        "Solarization": lambda: layers.Solarization(RANGE, addition_factor=0.1, threshold_factor=(0.3, 0.7)),
    }
