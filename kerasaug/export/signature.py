"""Names, shapes and dtypes of what an exported model takes and returns."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import keras

_AUTOMATIC = re.compile(r"(keras_tensor|input_layer|input)(_\d+)?")
_HALF = ("float16", "bfloat16")


def resolve_signature(model: keras.Model, given: Any) -> Any:
    """Returns a named `keras.InputSpec` per input, batch axis open, nested as the model takes them."""
    specs = _inputs_of(model)
    if given is not None:
        if isinstance(given, list | tuple) and len(given) == 1 and not isinstance(specs, list | tuple | None):
            given = given[0]  # the list of positional arguments that keras.export.ExportArchive takes
        specs = given
    if specs is None:
        raise ValueError(
            f"export_savedmodel cannot tell what model {model.name!r} takes: call it on a batch first, or "
            "pass input_signature=keras.InputSpec(shape=(None, ...), dtype=..., name=...)."
        )
    paths = [path for path, _ in keras.tree.flatten_with_path(specs)]
    leaves = [_named(spec, path, given is None) for path, spec in zip(paths, keras.tree.flatten(specs), strict=True)]
    names = [leaf.name for leaf in leaves]
    if len(set(names)) < len(names):
        raise ValueError(f"export_savedmodel: the inputs need different names, received {names}.")
    return keras.tree.pack_sequence_as(specs, leaves)


def name_outputs(outputs: Any, output_name: str | Sequence[str]) -> dict[str, Any]:
    """Returns the outputs as a flat dict: for the signature, and alike for what `predict` returned."""
    if isinstance(outputs, Mapping):
        named = {str(key): value for key, value in outputs.items()}
    elif isinstance(outputs, list | tuple):
        named = dict(zip(_names_of_list(output_name, len(outputs)), outputs, strict=True))
    elif isinstance(output_name, str):
        named = {output_name: outputs}
    else:
        raise ValueError(f"export_savedmodel: the model returns one tensor; received output_name={output_name!r}.")
    nested = [name for name, value in named.items() if isinstance(value, Mapping | list | tuple)]
    if nested:
        raise ValueError(
            "export_savedmodel: a served model returns a tensor, or a flat list or dict of tensors; "
            f"{nested} of its outputs are nested: flatten them in a model around this one."
        )
    return named


def _names_of_list(output_name: str | Sequence[str], count: int) -> list[str]:
    names = [f"{output_name}_{i}" for i in range(count)] if isinstance(output_name, str) else list(output_name)
    if len(names) != count or len(set(names)) < count:
        raise ValueError(
            f"export_savedmodel: the model returns {count} tensors and needs as many different names; "
            f"received output_name={output_name!r}."
        )
    return names


def _inputs_of(model: keras.Model) -> Any:
    if isinstance(model, keras.Sequential):
        return model.inputs[0]
    if getattr(model, "inputs", None):
        return model.input
    config = model.get_build_config() or {}
    dtype = "float32" if model.input_dtype in _HALF else model.input_dtype
    return _specs_of_shapes(config.get("input_shape"), dtype)


def _specs_of_shapes(shapes: Any, dtype: str) -> Any:
    if shapes is None:
        return None
    if isinstance(shapes, Mapping):
        return {key: _specs_of_shapes(shape, dtype) for key, shape in shapes.items()}
    if all(size is None or isinstance(size, int) for size in shapes):
        return keras.InputSpec(shape=tuple(shapes), dtype=dtype)
    return [_specs_of_shapes(shape, dtype) for shape in shapes]


def _named(spec: Any, path: tuple[Any, ...], automatic: bool) -> keras.InputSpec:
    shape, dtype = getattr(spec, "shape", None), getattr(spec, "dtype", None)
    if shape is None or dtype is None or len(shape) == 0:
        raise ValueError(
            "export_savedmodel: every input needs keras.InputSpec(shape=(None, ...), dtype=...), the batch "
            f"axis first; received {spec!r}."
        )
    name = "_".join(str(key) for key in path if isinstance(key, str))
    if not name:
        name = getattr(spec, "name", None) or ""
        if not name or (automatic and _AUTOMATIC.fullmatch(name)):
            name = "_".join(["inputs", *map(str, path)])  # Keras counts its own names up over the whole process
    name = re.sub(r"[^A-Za-z0-9_.]", "_", name)
    return keras.InputSpec(shape=(None, *tuple(shape)[1:]), dtype=keras.backend.standardize_dtype(dtype), name=name)
