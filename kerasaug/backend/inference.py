"""One compiled forward pass, and the batches that it is run on."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import keras
from keras.src.trainers.data_adapters import get_data_adapter

from kerasaug.backend.active import NATIVE


def compile_inference(layer: keras.Layer, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Compiles a function of a batch that calls `layer`, without gradients.

    Unlike `predict`, JAX's version donates no buffers: weights that share one with another model outlive it.

    Args:
        layer: The layer whose variables the function reads.
        function: From a batch to a structure of tensors.
    """
    if NATIVE == "jax":
        return _jax(layer, function)
    if NATIVE == "tensorflow":
        return import_module("tensorflow").function(function, autograph=False, reduce_retracing=True)
    if NATIVE == "torch":
        return import_module("torch").no_grad()(function)
    return function


def _jax(layer: keras.Layer, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    variables = list(layer.variables)

    def stateless(values: list[Any], batch: Any) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return function(batch)

    compiled = import_module("jax").jit(stateless)
    return lambda batch: compiled([variable.value for variable in variables], batch)


def batches(
    x: Any, y: Any = None, sample_weight: Any = None, batch_size: int = 32, steps: int | None = None
) -> tuple[Iterator[Any], int | None]:
    """The batches of any data that `keras.Model.predict` takes, in order, and their number where it is known.

    Args:
        x: Arrays, or a dataset, loader or generator of batches.
        y: Labels of arrays.
        sample_weight: Weights of arrays.
        batch_size: For arrays.
        steps: Batches after which to stop.
    """
    adapter = get_data_adapter(x, y, sample_weight, batch_size=batch_size, steps_per_epoch=steps, shuffle=False)
    return _drawn(adapter, steps), adapter.num_batches


def is_endless(data: Any) -> bool:
    """Whether data never come to an end, as of a dataset that repeats."""
    if hasattr(data, "cardinality"):
        return int(data.cardinality()) == -1
    return isinstance(data, keras.utils.PyDataset) and data.num_batches is None


def _drawn(adapter: Any, steps: int | None) -> Iterator[Any]:
    adapter.on_epoch_begin()
    # TensorFlow's own tensors keep what NumPy has no word for, such as ragged rows.
    own = NATIVE == "tensorflow" and "TFDataset" in type(adapter).__name__
    for index, batch in enumerate(adapter.get_tf_dataset() if own else adapter.get_numpy_iterator()):
        if steps is not None and index >= steps:
            break
        yield batch
    adapter.on_epoch_end()
