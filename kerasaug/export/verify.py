"""The check that the SavedModel on disk serves what the model predicts."""

import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np

from kerasaug.export.errors import ExportError
from kerasaug.export.signature import name_outputs

_RANDOM_OP = re.compile(
    r"Random|TruncatedNormal|Multinomial|Rng|CandidateSampler|SampleDistorted|^Stateful(Uniform|StandardNormal)"
)
_RANDOM_IN_XLA = (b"threefry", b"rng_bit_generator")
_TOLERANCE = {"float32": 3e-5, "float16": 2e-2, "bfloat16": 1e-1}  # some ten roundings of a deep network
_ROWS = 3
_UNKNOWN_SIZE = 64


def verify_savedmodel(
    tf: ModuleType,
    model: keras.Model,
    folder: Path,
    signature: Any,
    output_name: str | Sequence[str],
    samples: Any,
    tolerance: float | None,
) -> None:
    """Loads the SavedModel in `folder`; raises `ExportError` unless it always predicts as `model` does."""
    loaded = tf.saved_model.load(str(folder))
    _check_graph(loaded.signatures["serving_default"].graph.as_graph_def())
    batch = _rows(signature, samples)
    limit = _default_tolerance(tf, model) if tolerance is None else tolerance
    for size in (1, _ROWS):
        inputs = keras.tree.map_structure(lambda array, n=size: array[:n], batch)
        expected = name_outputs(model.predict(inputs, batch_size=size, verbose=0), output_name)
        served = _serve_twice(tf, loaded, signature, inputs)
        for name, value in expected.items():
            _compare(name, size, np.asarray(value), served[name], limit)


def _check_graph(graph: Any) -> None:
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    random = {node.op for node in nodes if _RANDOM_OP.search(node.op)}
    modules = [node.attr["module"].s for node in nodes if node.op == "XlaCallModule"]
    random |= {mark.decode() for mark in _RANDOM_IN_XLA if any(mark in module for module in modules)}
    if random:
        raise ExportError(
            f"export_savedmodel: the model draws random numbers at inference ({', '.join(sorted(random))}): "
            "make its layers draw only when training is True, or pass verify=False if it is meant to be "
            "random."
        )
    if any(node.op.startswith("Assign") for node in nodes):
        raise ExportError(
            "export_savedmodel: the model assigns variables when called with training=False, so concurrent "
            "requests would disturb each other: make its layers change state only when training is True."
        )
    owners = [*nodes, *graph.library.function]
    if any(owner.attr["_XlaMustCompile"].b for owner in owners if "_XlaMustCompile" in owner.attr):
        raise ExportError(
            "export_savedmodel: a layer calls a function of its own with jit_compile=True at inference, "
            "which ties the SavedModel to servers built with XLA: compile it only when training is True."
        )


def _rows(signature: Any, samples: Any) -> Any:
    if samples is None:
        generator = np.random.default_rng(0)
        return keras.tree.map_structure(lambda spec: _drawn(generator, spec), signature)
    try:
        keras.tree.assert_same_structure(samples, signature)
    except (TypeError, ValueError) as error:
        raise ValueError(f"export_savedmodel: samples must be nested as the model's inputs: {error}") from error
    return keras.tree.map_structure(_repeated, samples, signature)


def _drawn(generator: np.random.Generator, spec: keras.InputSpec) -> np.ndarray:
    shape = (_ROWS, *(_UNKNOWN_SIZE if size is None else size for size in spec.shape[1:]))
    if spec.dtype == "string":
        return generator.choice(["a", "the", "export"], shape).astype(object)
    if "int" not in spec.dtype and spec.dtype != "bool":
        return generator.random(shape).astype(spec.dtype)
    return generator.integers(0, 256 if spec.dtype == "uint8" else 2, shape).astype(spec.dtype)


def _repeated(array: Any, spec: keras.InputSpec) -> np.ndarray:
    array = np.asarray(array) if spec.dtype == "string" else np.asarray(array).astype(spec.dtype)
    if array.ndim != len(spec.shape) or len(array) == 0:
        raise ValueError(
            f"export_savedmodel: samples of input {spec.name!r} need at least one row and shape "
            f"{spec.shape}; received shape {array.shape}."
        )
    return array[np.arange(_ROWS) % len(array)]


def _serve_twice(tf: ModuleType, loaded: Any, signature: Any, inputs: Any) -> dict[str, np.ndarray]:
    """Calls the model once as Python does and once as a server does, and returns the one result of both."""
    tensors = keras.tree.map_structure(lambda spec, array: tf.constant(array, spec.dtype), signature, inputs)
    names = [spec.name for spec in keras.tree.flatten(signature)]
    first = loaded.serve(tensors)
    second = loaded.signatures["serving_default"](**dict(zip(names, keras.tree.flatten(tensors), strict=True)))
    results = [{name: value.numpy() for name, value in served.items()} for served in (first, second)]
    for name, value in results[0].items():
        if value.tobytes() != results[1][name].tobytes():
            raise ExportError(
                f"export_savedmodel: two calls on the same input gave different {name!r}: the model is not "
                "deterministic at inference."
            )
    return results[0]


def _compare(name: str, size: int, expected: np.ndarray, served: np.ndarray, tolerance: float) -> None:
    if expected.shape != served.shape:
        raise ExportError(
            f"export_savedmodel: output {name!r} has shape {served.shape} when served and {expected.shape} "
            f"from model.predict, for a batch of {size}."
        )
    if served.dtype.kind != "f":
        agree, found = np.array_equal(expected, served), "other values"
    else:
        expected = expected.astype(served.dtype)
        scale = np.max(np.abs(expected), where=np.isfinite(expected), initial=np.finfo(served.dtype).tiny)
        agree = np.allclose(served, expected, rtol=0.0, atol=tolerance * scale, equal_nan=True)
        found = f"up to {np.max(np.abs(served - expected)) / scale:.1e} of its largest value away"
    if not agree:
        raise ExportError(
            f"export_savedmodel: output {name!r} of the written SavedModel is not what model.predict "
            f"returns for a batch of {size}: {found}, allowed is {tolerance:.0e}. If `predict` itself "
            "repeats, a layer ignores `training=False`, or `tolerance` is too tight for a model this deep."
        )


def _default_tolerance(tf: ModuleType, model: keras.Model) -> float:
    dtypes = _compute_dtypes(model) | {_multiplies_in(tf)}
    return max(_TOLERANCE[dtype] for dtype in dtypes if dtype in _TOLERANCE)


def _compute_dtypes(layer: Any) -> set[str]:
    return {layer.compute_dtype}.union(*(_compute_dtypes(child) for child in getattr(layer, "layers", [])))


def _multiplies_in(tf: ModuleType) -> str:
    """Returns the type whose precision float32 products have on this device."""
    if keras.backend.backend() == "jax":
        import jax

        device = jax.default_backend()
    else:
        device = "gpu" if tf.config.list_physical_devices("GPU") else "cpu"
    return {"gpu": "float16", "tpu": "bfloat16"}.get(device, "float32")  # TF32 keeps as many bits as float16
