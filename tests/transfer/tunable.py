"""A tiny network with a model inside, a layer made of layers, convolutions, BatchNormalization and a head."""

import keras
import numpy as np
from keras import ops

from kerasaug.transfer.walk import named_layers, own_weights

L = keras.layers


def network(seed=3):
    keras.utils.set_random_seed(seed)
    backbone = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            L.Conv2D(8, 3, strides=2, name="conv"),
            L.BatchNormalization(name="norm"),
        ],
        name="backbone",
    )
    image = keras.Input((8, 8, 3), name="image")
    maps = backbone(image)
    tokens = L.Reshape((9, 8), name="tokens")(maps)
    attended = L.Add(name="add")([tokens, L.MultiHeadAttention(2, 4, name="attention")(tokens, tokens)])
    return keras.Model(image, L.Dense(2, name="top")(L.GlobalAveragePooling1D()(attended)), name="net")


def images(count=8):
    return np.random.default_rng(0).normal(size=(count, 8, 8, 3)).astype("float32")


def outputs(model, x):
    return ops.convert_to_numpy(model(x, training=False))


def shake(model, which="lora_", seed=0):
    """Gives weights whose name holds `which` random values."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if which in weight.name:
            weight.assign(rng.normal(size=weight.shape).astype("float32"))


def weights(model):
    """The weights by names that a file does not change."""
    found = {}
    for path, layer in named_layers(model).items():
        found.update({f"{path}/{weight.name}": weight for weight in own_weights(layer)})
    return found


def trains(model):
    trained = {id(weight) for weight in model.trainable_weights}
    return {path for path, weight in weights(model).items() if id(weight) in trained}


def values(model):
    return {path: np.array(ops.convert_to_numpy(weight)) for path, weight in weights(model).items()}


def moved(before, after):
    return {path for path in before if not np.array_equal(before[path], after[path])}
