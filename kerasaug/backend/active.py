"""Which backend computes, and its functions."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from typing import Any

import keras
from keras.src.utils.backend_utils import in_tf_graph
from keras.src.utils.jax_utils import is_in_jax_tracing_scope

Tensor = Any
NATIVE: str = keras.backend.backend()


_in_dataset: ContextVar[bool] = ContextVar("kerasaug_in_dataset", default=False)


def active() -> str:
    """Name of the backend that computes right now."""
    return "tensorflow" if _in_dataset.get() else NATIVE


def in_foreign_graph() -> bool:
    """Whether a TensorFlow graph (a `tf.data` map) is being traced while Keras runs on another backend.

    An export from JAX traces its functions inside a TensorFlow graph, and those are JAX's.
    """
    if NATIVE == "tensorflow" or "tensorflow" not in sys.modules:
        return False
    return in_tf_graph() and not is_in_jax_tracing_scope()


@contextmanager
def dataset_scope() -> Iterator[None]:
    """Makes `ops` TensorFlow's own, where a `tf.data` map is being traced on another backend."""
    token = _in_dataset.set(_in_dataset.get() or in_foreign_graph())
    try:
        yield
    finally:
        _in_dataset.reset(token)


@cache
def _tensorflow_function(name: str) -> Callable[..., Any]:
    backend = import_module("keras.src.backend.tensorflow")
    for module in (backend, backend.core, backend.numpy, backend.math, backend.nn, backend.image):
        if hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(f"TensorFlow's backend of Keras has no function `{name}`.")


class _Ops:
    """`keras.ops`, or TensorFlow's own inside a `tf.data` trace on another backend."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return _tensorflow_function(name) if _in_dataset.get() else getattr(keras.ops, name)


ops = _Ops()


def replica_id() -> Tensor:
    """Index of the replica under `tf.distribute`; 0 elsewhere (JAX shards one global batch)."""
    if active() == "tensorflow":
        context = import_module("tensorflow").distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            return context.replica_id_in_sync_group
    return 0


def is_traced(tensor: Tensor) -> bool:
    """Whether a tensor is symbolic: inside a `tf.function`, a `jax.jit` or a `tf.data` map."""
    if active() == "tensorflow":
        return not import_module("tensorflow").executing_eagerly()
    if NATIVE == "jax":
        return isinstance(tensor, import_module("jax").core.Tracer)
    return False


def is_interpreted() -> bool:
    """Whether TensorFlow computes op by op, and XLA is not going to compile what is being traced."""
    if active() != "tensorflow":
        return False
    flow = import_module("tensorflow.python.ops.control_flow_util")
    return not flow.GraphOrParentsInXlaContext(import_module("tensorflow").compat.v1.get_default_graph())


def runs_on_cpu() -> bool:
    """Whether there is no accelerator, as far as the active backend knows."""
    if active() == "tensorflow":
        config = import_module("tensorflow").config
        return not (config.list_logical_devices("GPU") or config.list_logical_devices("TPU"))
    if NATIVE == "jax":
        return import_module("jax").default_backend() == "cpu"
    return not import_module("torch").cuda.is_available()
