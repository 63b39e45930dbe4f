"""A small model, and steps on it with made-up gradients: for the tests of the fine-tuning optimizer."""

import keras
import numpy as np
from keras import ops


def make_model():
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, name="low"),
            keras.layers.BatchNormalization(name="bn"),
            keras.layers.Dense(3, name="middle"),
            keras.layers.Dense(2, name="top"),
        ]
    )


def steps(optimizer, model, count=3, variables=None):
    """Applies `count` steps of the same made-up gradients, and returns the weights."""
    variables = model.trainable_variables if variables is None else variables
    rng = np.random.default_rng(0)
    grads = [ops.convert_to_tensor(rng.normal(size=v.shape).astype("float32")) for v in variables]
    for _ in range(count):
        optimizer.apply(grads, variables)
    return model.get_weights()


def assert_same(got, want, **tolerance):
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, **({"rtol": 1e-6, "atol": 1e-7} | tolerance))
