"""What is compiled as one, what is computed once, and for which machine."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from kerasaug.backend.active import NATIVE, Tensor, active, is_traced, ops, runs_on_cpu
from kerasaug.backend.layer import in_dataset_map


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


def compile_stage(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiles a pure function of tensors as one XLA cluster, on the backends that have XLA.

    The cluster is its own even when the surrounding graph is not compiled, and inlines where it is. TensorFlow and JAX
    versions are made on first use and kept, since either may be asked for (JAX trains, TensorFlow maps a dataset). With
    `xla=False`, TensorFlow's is a graph of its own kernels, without the steps of Python that they take op by op.
    """
    made: dict[tuple[str, bool], Callable[..., Any]] = {}

    def compiled(*args: Any, xla: bool = True) -> Any:
        kind = active(), xla
        if kind not in made:
            made[kind] = _jit(function, *kind)
        return made[kind](*args)

    return compiled


def _jit(function: Callable[..., Any], backend: str, xla: bool) -> Callable[..., Any]:
    if backend == "tensorflow":
        relaxed = not xla  # one graph for all sizes, and for any number of boxes
        return import_module("tensorflow").function(
            function, jit_compile=xla, autograph=False, reduce_retracing=relaxed
        )
    if backend == "jax":
        return import_module("jax").jit(function)
    return function


def by_platform(cpu: Callable[..., Any], other: Callable[..., Any], *args: Any) -> Any:
    """Calls one of two functions of the same results: one made for CPUs, one for accelerators.

    JAX decides when it lowers, so that what is exported for a TPU from a machine without one is the TPU's. A dataset is
    mapped on the CPU, whatever else there is.
    """
    if active() == "jax":
        return import_module("jax").lax.platform_dependent(*args, cpu=cpu, default=other)
    return cpu(*args) if in_dataset_map() or runs_on_cpu() else other(*args)


def on_tpu(products: Callable[[], Any], reads: Callable[[], Any]) -> Any:
    """Calls the first function where JAX lowers for a TPU, which multiplies matrices faster than it gathers.

    Elsewhere the second, of the same result. On TensorFlow too: its matrix products round to bfloat16 on a TPU.
    """
    if active() == "jax":
        return import_module("jax").lax.platform_dependent(tpu=products, default=reads)
    return reads()
