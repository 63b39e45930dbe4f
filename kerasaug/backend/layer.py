"""Keras's layer, without its casts; a live number; and the seeds of a dataset."""

import os
import sys
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

import keras
from keras.src.backend.common.stateless_scope import in_stateless_scope

from kerasaug.backend.active import NATIVE, Tensor, active, dataset_scope, in_foreign_graph


class DataLayer(keras.layers.Layer):
    """A Keras layer that takes its input as it comes: no casts, any dtype, dicts with any content.

    Keras would cast every float of a sample to the compute dtype, targets included, and in bfloat16 a box edge at
    1001 becomes 1000; the two switches below are Keras's own for its preprocessing layers.
    """

    # There is nothing for TensorFlow's AutoGraph to convert here, and it would try, function by function: five times
    # the time to trace a map under JAX. This is how its own functions tell it so.
    autograph_info__: dict[str, Any] = {}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.built = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the layer; Keras's own `__call__` is left out where a `tf.data` map meets another backend."""
        if in_foreign_graph():
            with dataset_scope():
                return self.call(*args, **{"training": True, **kwargs})
        return super().__call__(*args, **kwargs)

    def called_directly(self) -> bool:
        """Whether the user called this layer itself, rather than a model that holds it.

        `stateless_call` skips `__call__` and would make every layer of a model look called directly.
        """
        return self._get_call_context().entry_layer is self and not in_stateless_scope()

    def calling_layer(self) -> keras.layers.Layer:
        """The outermost layer or model of the call that is under way."""
        return self._get_call_context().entry_layer


class LiveScalar(keras.random.SeedGenerator):
    """A float that a callback can change while a compiled graph runs, and that no weights file holds.

    Keras follows the state of a `SeedGenerator` like a non-trainable weight, on every backend, but leaves it out of
    `weights`, `.weights.h5` and `set_weights`. That is what a knob such as `strength` needs: a checkpoint made with
    Keras's own layers loads, and one made with ours loads there.
    """

    def __init__(self, value: float, name: str) -> None:
        self._initial_seed = None
        self.name = name
        self.backend = keras.src.backend
        self.state = self.backend.Variable(
            float(value), dtype="float32", trainable=False, autocast=False, aggregation="none", name=name
        )


_TF_DATA = os.path.join("tensorflow", "python", "data")


_dataset_calls: "WeakKeyDictionary[Any, Any]" = WeakKeyDictionary()


def in_dataset_map() -> bool:
    """Whether the function of a `tf.data` map is being traced, on whatever backend."""
    if active() != NATIVE:
        return True
    if NATIVE != "tensorflow" or import_module("tensorflow").executing_eagerly():
        return False
    frame = sys._getframe()
    while frame is not None and _TF_DATA not in frame.f_code.co_filename:
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None


def dataset_seed(layer: Any) -> Tensor:
    """The next seed of a layer in a `tf.data` map: a pair, the seed of its generator and a count of calls.

    The count is a TensorFlow variable, which stays out of the layer, whose variables must all be the native backend's.
    Counting up is one atomic operation; a `SeedGenerator` reads and then writes, and of two calls that run in parallel
    both may read the same state.
    """
    tf = import_module("tensorflow")
    with tf.init_scope():
        seed = int(keras.ops.convert_to_numpy(layer.generator.state)[0])
        if layer not in _dataset_calls:
            _dataset_calls[layer] = tf.Variable(0, dtype=tf.int64, trainable=False, name="dataset_calls")
    count = tf.raw_ops.ResourceCountUpTo(resource=_dataset_calls[layer].handle, limit=2**62, T=tf.int64)
    return tf.stack([tf.constant(seed & 0x7FFFFFFF, tf.int64), count])
