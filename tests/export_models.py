"""Tiny models for the tests of export, and the process that loads one without kerasaug."""

import keras
import numpy as np

IMAGE = (8, 8, 1)

# Run with `python -I`, in a folder of its own: neither kerasaug nor Keras can be imported there.
SERVER = """
import sys
sys.modules["kerasaug"] = None
sys.modules["keras"] = None
import numpy as np
import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
stored = np.load(sys.argv[2])
for size in (1, 7):
    images = tf.constant(stored["images"][:size])
    first = model.serve(images)["probs"].numpy()
    second = model.signatures["serving_default"](image=images)["probs"].numpy()
    assert first.tobytes() == second.tobytes(), "two calls differ"
    np.testing.assert_allclose(first, stored[f"predicted_{size}"], rtol=0, atol=2e-6)
for name in ("kerasaug", "keras"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise AssertionError(name + " can be imported")
print("served")
"""


def trained_convnet() -> keras.Model:
    """A trained classifier whose layers act differently in training, augmentation among them."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(IMAGE, name="image"),
            layers.RandomFlip(),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.1), "sparse_categorical_crossentropy", jit_compile=True)
    rng = np.random.default_rng(0)
    images = rng.random((16, *IMAGE)).astype("float32")
    model.fit(images, rng.integers(0, 3, 16), epochs=2, verbose=0)
    return model


def dense(**kwargs) -> keras.Model:
    """A model of one layer: four numbers in, two out."""
    return keras.Sequential([keras.Input((4,), **kwargs), keras.layers.Dense(2)])


def around(layer: keras.layers.Layer) -> keras.Model:
    """A model whose one layer keeps the shape."""
    return keras.Sequential([keras.Input((4,)), layer])


class AlwaysNoisy(keras.layers.Layer):
    """Adds noise whatever `training` says."""

    def __init__(self, seed):
        super().__init__()
        self.seed = seed

    def call(self, inputs):
        return inputs + keras.random.normal(keras.ops.shape(inputs), seed=self.seed)


class AddsOneIfTraining(keras.layers.Layer):
    """Augments unless told not to, as Keras's own layers do."""

    def call(self, inputs, training=True):
        return inputs + 1.0 if training else inputs


class CountsCalls(keras.layers.Layer):
    """Writes a variable at inference."""

    def build(self, input_shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def call(self, inputs):
        self.calls.assign(self.calls + 1.0)
        return inputs


class CompilesItself(keras.layers.Layer):
    """Calls a function that its backend compiles for itself."""

    def call(self, inputs):
        return _compiled(lambda x: x * 2.0)(inputs)


def _compiled(function):
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, jit_compile=True)


class Wrapper(keras.Model):
    """Wraps a model as kerasaug.AugmentedModel does; `offset` makes it predict something else."""

    def __init__(self, model, offset=0.0):
        super().__init__()
        self.inference_model = model
        self.offset = offset
        self.built = True

    def call(self, inputs, training=None):
        return self.inference_model(inputs, training=training) + self.offset


class SumOfDict(keras.Model):
    """A subclassed model that takes a dict, and whose call has no `training`."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs["left"]) - self.dense(inputs["right"])
