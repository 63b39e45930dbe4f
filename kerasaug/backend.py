"""The one place that knows which backend runs, and the only file that may touch Keras's or a backend's private API.

`ops` is `keras.ops`, except while a `tf.data` graph is being traced on the JAX or torch backend: then it is
TensorFlow's implementation of the same functions, so that every layer can be mapped over a dataset.
"""

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import keras
from keras.src.backend.common.stateless_scope import in_stateless_scope
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


def gather_rows(rows: Tensor, index: Tensor) -> Tensor:
    """Takes rows by int32 indices that are known to lie inside, without the checks `ops.take` pays for."""
    if active() == "tensorflow":
        return import_module("tensorflow").gather(rows, index)
    if NATIVE == "jax":
        return rows.at[index].get(mode="promise_in_bounds")
    return ops.take(rows, index, axis=0)


def count(index: Tensor, size: int | Tensor) -> Tensor:
    """int32 (size,): how often each of 0 … size - 1 occurs in a vector of int32, all of which must lie there."""
    if active() == "tensorflow":  # `bincount` asks for the largest of them first, and has no kernel for XLA
        tf = import_module("tensorflow")
        none = tf.zeros((0,), "int32")
        return tf.raw_ops.DenseBincount(input=index, size=size, weights=none, binary_output=False)
    if NATIVE == "jax":
        return ops.zeros((size,), dtype="int32").at[index].add(1, mode="promise_in_bounds")
    return ops.cast(import_module("torch").bincount(index, minlength=size), "int32")


def select_rows(which: Tensor, rows: Tensor, others: Tensor) -> Tensor:
    """Takes each of `rows` where `which`, boolean (batch,), holds, and of `others` elsewhere.

    `ops.where` is TensorFlow's SelectV2, which broadcasts along four axes in 27 ms where a pass over 64x224x224x3 takes
    2 and the older Select, whose condition may be a vector, 2.
    """
    if active() == "tensorflow":
        return import_module("tensorflow").raw_ops.Select(condition=which, x=rows, y=others)
    return ops.where(ops.reshape(which, (-1,) + (1,) * (len(rows.shape) - 1)), rows, others)


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


def fuses_too_much(tensor: Tensor) -> bool:
    """Whether what is computed from a tensor will be fused into each of its consumers, and run again in each.

    XLA does so on CPUs, where it repeats the gather of a warp in every reduction and every channel that reads it: a
    recipe of four stages took 320 ms in one compiled step, and 32 with `materialize`. Elsewhere its cost model decides.
    """
    if active() == "tensorflow":
        return is_traced(tensor) and not import_module("tensorflow").config.list_logical_devices("GPU")
    return NATIVE == "jax" and is_traced(tensor) and import_module("jax").default_backend() == "cpu"


def materialize(compute: Callable[[], Tensor], source: Tensor, shape: tuple[Any, ...], dtype: str) -> Tensor:
    """Computes a tensor once, as the branch of a conditional, whose result XLA never fuses away.

    An optimization barrier changes nothing there. The condition always holds, since n·n + n is even, which no compiler
    pass finds out.

    Args:
        compute: Function without arguments.
        source: What `compute` starts from.
        shape: The shape of the result.
        dtype: The dtype of the result.
    """
    n = ops.cast(ops.sum(ops.reshape(source, (-1,))[:1]), "int32")  # a sum, since there may be no first pixel
    holds = ops.equal(ops.bitwise_and(n * n + n, 1), 0)
    return ops.cond(holds, compute, lambda: ops.zeros(shape, dtype=dtype))


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


def compile_stage(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiles a pure function of tensors as one XLA cluster, on the backends that have XLA.

    The cluster is its own even when the surrounding graph is not compiled, and inlines where it is. TensorFlow and JAX
    versions are made on first use and kept, since either may be asked for (JAX trains, TensorFlow maps a dataset).
    """
    made: dict[str, Callable[..., Any]] = {}

    def compiled(*args: Any) -> Any:
        backend = active()
        if backend not in made:
            made[backend] = _jit(function, backend)
        return made[backend](*args)

    return compiled


def _jit(function: Callable[..., Any], backend: str) -> Callable[..., Any]:
    if backend == "tensorflow":
        return import_module("tensorflow").function(function, jit_compile=True, autograph=False)
    if backend == "jax":
        return import_module("jax").jit(function)
    return function


def by_platform(cpu: Callable[..., Any], other: Callable[..., Any], *args: Any) -> Any:
    """Calls one of two functions of the same results: one made for CPUs, one for accelerators.

    JAX decides when it lowers, so that what is exported for a TPU from a machine without one is the TPU's.
    """
    if active() == "jax":
        return import_module("jax").lax.platform_dependent(*args, cpu=cpu, default=other)
    return cpu(*args) if runs_on_cpu() else other(*args)


def on_tpu(products: Callable[[], Any], reads: Callable[[], Any]) -> Any:
    """Calls the first function where JAX lowers for a TPU, which multiplies matrices faster than it gathers.

    Elsewhere the second, of the same result. On TensorFlow too: its matrix products round to bfloat16 on a TPU.
    """
    if active() == "jax":
        return import_module("jax").lax.platform_dependent(tpu=products, default=reads)
    return reads()


def product(equation: str, one: Tensor, other: Tensor) -> Tensor:
    """`einsum` in full float32, which JAX must be told on accelerators."""
    if active() == "jax":
        return import_module("jax").numpy.einsum(equation, one, other, precision="highest")
    return ops.einsum(equation, one, other)


def is_interpreted() -> bool:
    """Whether TensorFlow computes op by op, and XLA is not going to compile what is being traced."""
    if active() != "tensorflow":
        return False
    flow = import_module("tensorflow.python.ops.control_flow_util")
    return not flow.GraphOrParentsInXlaContext(import_module("tensorflow").compat.v1.get_default_graph())


def stretch(images: Tensor, size: tuple[int, int], kernel: str = "bilinear", antialias: bool = False) -> Tensor:
    """TensorFlow's own resize, float32, where XLA does not compile."""
    tf = import_module("tensorflow")
    kernels = {"bilinear": "triangle", "bicubic": "keyscubic"}
    if kernel == "area" or (kernel == "bilinear" and not antialias):
        return tf.image.resize(images, size, kernel)
    scale = tf.cast(size, "float32") / tf.cast(tf.shape(images)[1:3], "float32")
    return tf.raw_ops.ScaleAndTranslate(
        images=tf.cast(images, "float32"),
        size=size,
        scale=scale,
        translation=(0.0, 0.0),
        kernel_type=kernels.get(kernel, kernel),
        antialias=antialias,
    )


def move(images: Tensor, affine: Tensor, size: tuple[Any, Any], fill_mode: str, fill_value: float) -> Tensor:
    """TensorFlow's own bilinear resample, float32, for which XLA has no kernel.

    Args:
        images: (batch, height, width, channels).
        affine: (batch, 6), the first two rows of output-to-input matrices, on indices of pixels.
        size: Height and width of the output.
        fill_mode: `"reflect"`, `"constant"` or `"nearest"`; its `"wrap"` tears the seam.
        fill_value: The constant.
    """
    tf = import_module("tensorflow")
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, "float32"),
        transforms=tf.pad(affine, [[0, 0], [0, 2]]),
        output_shape=tf.stack(size),
        fill_value=fill_value,
        interpolation="BILINEAR",
        fill_mode=fill_mode.upper(),
    )


def runs_on_cpu() -> bool:
    """Whether there is no accelerator, as far as the active backend knows."""
    if active() == "tensorflow":
        config = import_module("tensorflow").config
        return not (config.list_logical_devices("GPU") or config.list_logical_devices("TPU"))
    if NATIVE == "jax":
        return import_module("jax").default_backend() == "cpu"
    return not import_module("torch").cuda.is_available()


def map_samples(function: Callable[..., Any], *trees: Any) -> Any:
    """Calls a function with each sample in turn, and stacks what it returns.

    Args:
        function: Takes what `trees` are without the batch axis; returns what the first of them is, in its dtypes.
        *trees: Nested tensors whose first axis is the batch.
    """
    if active() == "tensorflow":
        tf = import_module("tensorflow")
        dtypes = keras.tree.map_structure(lambda value: value.dtype, trees[0])
        each = tf.autograph.experimental.do_not_convert(lambda sample: function(*sample))
        return tf.map_fn(each, trees, fn_output_signature=dtypes)
    if NATIVE == "jax":
        return import_module("jax").lax.map(lambda sample: function(*sample), trees)
    batch = len(keras.tree.flatten(trees)[0])
    if not batch:
        return trees[0]
    each = [function(*keras.tree.map_structure(lambda value, i=i: value[i], trees)) for i in range(batch)]
    return keras.tree.map_structure(lambda *values: ops.stack(values), *each)


def fold(function: Callable[[Any, Any], Any], carry: Any, steps: Any) -> Any:
    """Calls `carry = function(carry, step)` for each slice of `steps` along its first axis; shapes must not change."""
    if active() == "tensorflow":
        tf = import_module("tensorflow")
        return tf.foldl(tf.autograph.experimental.do_not_convert(function), steps, initializer=carry)
    if NATIVE == "jax":
        return import_module("jax").lax.scan(lambda one, step: (function(one, step), None), carry, steps)[0]
    for i in range(len(keras.tree.flatten(steps)[0])):
        carry = function(carry, keras.tree.map_structure(lambda value, i=i: value[i], steps))
    return carry


def switch(index: Tensor, branches: Sequence[Callable[[], Any]]) -> Any:
    """Calls one of the functions without arguments, and none of the others, by a scalar index."""
    if active() == "tensorflow":
        return import_module("tensorflow").switch_case(index, branches)
    if NATIVE == "jax":
        return import_module("jax").lax.switch(index, branches)
    return branches[int(index)]()


class Fit(NamedTuple):
    """The `fit` that is calling its callbacks: their list, its data, and the epoch it was told to begin at."""

    callbacks: list[Any]
    epoch_iterator: Any
    initial_epoch: int


def running_fit(model: Any) -> Fit:
    """Finds the call of `fit` under way, which a callback cannot see in any other way.

    Keras gives callbacks no access to each other or to the data, and a backup needs both.

    Raises:
        RuntimeError: When there is none, as in a training loop of the user's own.
    """
    frame = sys._getframe()
    while frame is not None:
        local = frame.f_locals
        if frame.f_code.co_name == "fit" and local.get("self") is model and "epoch_iterator" in local:
            return Fit(local["callbacks"].callbacks, local["epoch_iterator"], local["initial_epoch"])
        frame = frame.f_back  # type: ignore[assignment]
    raise RuntimeError("BackupAndRestore works within `keras.Model.fit` alone: there the order of the data is known.")


def pass_over(epoch_iterator: Any, epochs: int) -> None:
    """Draws the data of some epochs and leaves it, so that shuffles and other random maps stand where they stood."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras's, that data of unknown size has come to an end
        for _ in range(epochs):
            with epoch_iterator.catch_stop_iteration():
                for begin, end, batches in epoch_iterator:
                    if not isinstance(batches, list):  # torch's epoch iterator has drawn them itself
                        _draw(batches, end - begin + 1)


def _draw(batches: Iterator[Any], steps: int) -> None:
    """Draws what one call of the train function draws; as there, only the first batch must be there."""
    next(batches)
    for _ in range(steps - 1):
        if next(batches, None) is None:
            return


def begin_at(model: Any, epoch: int | None) -> None:
    """Makes the `fit` under way begin at an epoch, as Keras's own `BackupAndRestore` does; `None` forgets it."""
    model._initial_epoch = epoch


def global_seed() -> int | None:
    """What `keras.utils.set_random_seed` was called with."""
    return keras.src.utils.rng_utils.get_random_seed()


def global_seed_state() -> Any:
    """State of the generator that `keras.random` uses without a seed, as an array; `None` before its first use."""
    name = keras.src.random.seed_generator.GLOBAL_SEED_GENERATOR
    generator = keras.src.backend.common.global_state.get_global_attribute(name)
    return None if generator is None else keras.ops.convert_to_numpy(generator.state)


def set_global_seed_state(state: Any) -> None:
    """Sets the state of that generator."""
    keras.src.random.seed_generator.global_seed_generator().state.assign(state)


def torch_states() -> list[Any]:
    """States of torch's own generators, from which its loaders shuffle and its dropout draws; none elsewhere."""
    if NATIVE != "torch":
        return []
    torch = import_module("torch")
    return [state.cpu().numpy() for state in (torch.get_rng_state(), *torch.cuda.get_rng_state_all())]


def set_torch_states(states: list[Any]) -> None:
    """Sets the states of those generators."""
    if states:
        torch = import_module("torch")
        torch.set_rng_state(torch.from_numpy(states[0]))
        torch.cuda.set_rng_state_all([torch.from_numpy(state) for state in states[1:]])


def rate_schedule(optimizer: Any) -> Any:
    """The schedule of an optimizer's learning rate; `None` when the rate is a number, or a function of nothing."""
    rate = optimizer._learning_rate
    return rate if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule) else None
