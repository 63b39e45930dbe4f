"""The function that is served: a `tf.function` that reads the weights, and never writes any."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from kerasaug.export.errors import ExportError
from kerasaug.export.signature import name_outputs

_PLATFORMS = ("cpu", "cuda", "tpu")
_HALF = ("float16", "bfloat16")


def build_endpoint(tf: ModuleType, model: keras.Model, signature: Any, output_name: str | Sequence[str]) -> Any:
    """Returns the traced `tf.function` of the inference: inputs to a dict of named outputs, none in half."""

    def infer(inputs: Any) -> dict[str, Any]:
        outputs = name_outputs(model(inputs, training=False), output_name)
        return {name: _without_half(value) for name, value in outputs.items()}

    call = _through_jax(tf, model, infer, signature) if keras.backend.backend() == "jax" else infer
    specs = keras.tree.map_structure(lambda s: tf.TensorSpec(s.shape, s.dtype, s.name), signature)
    endpoint = tf.function(call, input_signature=[specs], autograph=False)
    endpoint.get_concrete_function()
    return endpoint


def write_archive(model: keras.Model, endpoint: Any, folder: Path) -> None:
    """Writes the SavedModel with `endpoint` as `serve` and as `serving_default`."""
    archive = keras.export.ExportArchive()
    if keras.backend.backend() == "tensorflow":
        archive.track(model)  # for its lookup tables: variables are found through the endpoint
    archive.add_endpoint("serve", endpoint)
    archive.write_out(str(folder), verbose=False)


def _without_half(value: Any) -> Any:
    return keras.ops.cast(value, "float32") if keras.backend.standardize_dtype(value.dtype) in _HALF else value


def _through_jax(tf: ModuleType, model: keras.Model, infer: Callable, signature: Any) -> Callable:
    # ExportArchive's own way assigns all non-trainable variables on each request, or with is_static=True
    # writes the weights into the graph as constants, where a protocol buffer allows 2 GB.
    from jax.experimental import jax2tf

    variables = model.variables
    weights = [
        tf.Variable(keras.ops.convert_to_numpy(v), trainable=v.trainable, dtype=v.dtype, name=v.path) for v in variables
    ]

    def stateless(values: list[Any], inputs: Any) -> dict[str, Any]:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))) as scope:
            before = [scope.get_current_value(v) for v in variables]
            outputs = infer(inputs)
            changed = [
                v.path for v, old in zip(variables, before, strict=True) if scope.get_current_value(v) is not old
            ]
        if changed:
            raise ExportError(
                f"export_savedmodel: model {model.name!r} changes {changed} when it is called with "
                "training=False: it draws random numbers or counts its calls, which a served model must "
                "not. Make the layer that owns them do so only when training is True."
            )
        return outputs

    converted = jax2tf.convert(
        stateless,
        polymorphic_shapes=[None, _polymorphic(signature)],
        with_gradient=False,
        native_serialization_platforms=_PLATFORMS,
    )
    return lambda inputs: converted(weights, inputs)


def _polymorphic(signature: Any) -> Any:
    """Returns jax2tf's shapes: one batch size for all inputs, a name for every other unknown size."""
    leaves = []
    for i, spec in enumerate(keras.tree.flatten(signature)):
        sizes = [str(size) if size is not None else f"d{i}_{axis}" for axis, size in enumerate(spec.shape)]
        leaves.append(f"({', '.join(['batch', *sizes[1:]])},)")
    return keras.tree.pack_sequence_as(signature, leaves)
