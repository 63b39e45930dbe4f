"""The recipe in Keras's own layers, one after another."""

import keras

from kerasaug.benchmark.peers.registry import Contender, Scene
from kerasaug.benchmark.recipe import in_turn, layers_of
from kerasaug.benchmark.ways import ways


def contenders(scene: Scene) -> list[Contender]:
    """In every way there is to call them."""
    found = []
    for place, way in ways().items():
        layers = layers_of(keras.layers)
        found.append(Contender("Keras", place, way(in_turn(layers), layers, scene.data)))
    return found
