"""A small model, and who of its layers moves in a fit: for the tests of misuse."""

import keras
import numpy as np

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(8, 2)).astype("float32")
FAST = {"jit_compile": keras.backend.backend() == "jax"}  # TensorFlow traces faster without


def make(optimizer=None, names=("low", "middle", "top")):
    keras.utils.set_random_seed(3)
    dense = [keras.layers.Dense(3, name=name) for name in names[:-1]]
    model = keras.Sequential([keras.Input((4,)), *dense, keras.layers.Dense(2, name=names[-1])])
    if optimizer is not None:
        model.compile(optimizer(model) if callable(optimizer) else optimizer, "mse", **FAST)
    return model


def fit(model, *callbacks, epochs=1, data=(X, Y), batch_size=8):
    return model.fit(*data, batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0, callbacks=list(callbacks))


def moved(model, run):
    """The names of the layers whose weights `run` changes."""
    before = {layer.name: layer.get_weights() for layer in model.layers}
    run()
    after = {layer.name: layer.get_weights() for layer in model.layers}
    pairs = {name: zip(before[name], after[name], strict=True) for name in before}
    return [name for name, both in pairs.items() if any(not np.array_equal(*pair) for pair in both)]
