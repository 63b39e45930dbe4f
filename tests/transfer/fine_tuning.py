"""A tiny classifier, data that it can learn, and one way to call fine_tune quickly."""

import keras
import numpy as np

from kerasaug.transfer import fine_tune

SIZE = 8


def network(classes=2, activation="softmax", dropout=0.3, seed=7):
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            layers.Rescaling(1 / 127.5, -1.0),
            layers.Conv2D(4, 3, strides=2, activation="relu", name="stem"),
            layers.BatchNormalization(name="norm"),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(dropout),
            layers.Dense(classes, activation=activation, name="top"),
        ]
    )


def pictures(count=24, classes=2, seed=0):
    """Images whose brightness is their class."""
    labels = np.arange(count) % classes
    noise = np.random.default_rng(seed).uniform(0, 255 / classes, (count, SIZE, SIZE, 3))
    return (noise + 255 / classes * labels[:, None, None, None]).astype("float32"), labels.astype("int32")


def tune(model=None, train=None, validation=None, **arguments):
    quick = {"epochs": 1, "policy": "none", "batch_size": 8, "verbose": 0, "jit_compile": False}
    return fine_tune(model or network(), train or pictures(), validation, **{**quick, **arguments})


def same_weights(one, other):
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)
