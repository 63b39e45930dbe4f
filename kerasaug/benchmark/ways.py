"""The ways to call an augmentation, on the backend that runs: compiled, as a graph, or eagerly."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

import keras

Augment = Callable[[Any], Any]
Call = Callable[[], Any]
Way = Callable[[Augment, Iterable[Any], Any], Call]

GRAPH, XLA, JIT, EAGER = "tf.function", "tf.function(jit_compile=True)", "jax.jit", "eager call"


def ways() -> dict[str, Way]:
    """Name to a function of what augments, the layers in it, and the data; it returns a call without arguments."""
    if keras.backend.backend() == "tensorflow":
        return {GRAPH: _graph, XLA: _xla, EAGER: _eager}
    return {JIT: _jit, EAGER: _eager} if keras.backend.backend() == "jax" else {EAGER: _eager}


def usual() -> str:
    """The way in which one compiles a function on this backend."""
    return next(iter(ways()))


def one_pass(images: Any) -> Call:
    """One pass over the batch, compiled in the usual way: what no augmentation can beat."""
    return ways()[usual()](lambda batch: keras.ops.cast(batch, "float32") * 1.0001, [], images)


def unknown_size(augment: Augment, data: Any) -> Call:
    """A `tf.function` that knows neither how many images there are, nor their height and width."""
    tf = import_module("tensorflow")

    def any_size(tensor: Any) -> Any:
        sizes = (None, None, None, tensor.shape[-1]) if len(tensor.shape) == 4 else (None, *tensor.shape[1:])
        return tf.TensorSpec(sizes, tensor.dtype)

    step = tf.function(augment, input_signature=[keras.tree.map_structure(any_size, data)])
    return lambda: step(data)


def _graph(augment: Augment, layers: Iterable[Any], data: Any) -> Call:
    step = import_module("tensorflow").function(augment)
    return lambda: step(data)


def _xla(augment: Augment, layers: Iterable[Any], data: Any) -> Call:
    step = import_module("tensorflow").function(augment, jit_compile=True)
    return lambda: step(data)


def _eager(augment: Augment, layers: Iterable[Any], data: Any) -> Call:
    return lambda: augment(data)


def _jit(augment: Augment, layers: Iterable[Any], data: Any) -> Call:
    """The seeds are arguments and results of the jitted function, as in a train step."""
    variables = [variable for layer in layers for variable in layer.non_trainable_variables]

    def pure(values: list[Any], data: Any) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))) as scope:
            result = augment(data)
        new = [scope.get_current_value(variable) for variable in variables]
        return [old if one is None else one for one, old in zip(new, values, strict=True)], result

    jitted = import_module("jax").jit(pure)
    state = [variable.value for variable in variables]

    def call() -> Any:
        state[:], result = jitted(list(state), data)
        return result

    return call
