"""Small models whose weights all differ, and transfer between them: for the tests of transfer_weights."""

import keras
import numpy as np

from kerasaug.transfer import transfer_weights

layers = keras.layers
ZEROS = {"kernel_initializer": "zeros"}  # drawing compiles for each shape on JAX


def backbone(channels=3, width=4, name="net", named=True):
    def called(name):
        return {"name": name, **ZEROS} if named else ZEROS

    images = keras.Input((8, 8, channels))
    x = layers.Conv2D(width, 3, **called("stem"))(images)
    x = layers.BatchNormalization(name="stem_bn" if named else None)(x)
    x = layers.Conv2D(6, 3, **called("body"))(x)
    return keras.Model(images, layers.BatchNormalization(name="body_bn" if named else None)(x), name=name)


def filled(model, seed=0):
    """With weights that are all different, statistics too."""
    random = np.random.default_rng(seed)
    model.set_weights([random.uniform(0.5, 1.5, weight.shape) for weight in model.get_weights()])
    return model


def moved(source, target, **options):
    return transfer_weights(source, target, **{"verbose": 0, **options})


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


def dense(*units, inputs=4):
    return keras.Sequential([keras.Input((inputs,)), *(layers.Dense(n, **ZEROS) for n in units)])
