"""Networks whose weights NumPy draws: JAX would compile one random function for every shape in them."""

import contextlib

import keras
import numpy as np
import pytest

_DRAWN = ("VarianceScaling", "TruncatedNormal", "RandomNormal", "RandomUniform")


@contextlib.contextmanager
def quick_initializers():
    """Within the block, random initializers draw from one normal distribution."""
    draw = np.random.default_rng(0)

    def call(self, shape, dtype=None):
        return keras.ops.convert_to_tensor(draw.normal(0, 0.1, shape).astype(dtype or "float32"))

    with pytest.MonkeyPatch.context() as patch:
        for name in _DRAWN:
            patch.setattr(getattr(keras.initializers, name), "__call__", call)
        yield


def outputs(model, inputs):
    """What a model returns, as NumPy arrays; without compiling, which takes ten times as long on TensorFlow."""
    if keras.backend.backend() == "jax":
        return model.predict(inputs, verbose=0)
    return keras.tree.map_structure(keras.ops.convert_to_numpy, model(inputs, training=False))


def same(got, want):
    """Asserts that arrays are equal, and not all zero."""
    largest = np.abs(want).max()
    assert largest > 0
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5 * largest)
