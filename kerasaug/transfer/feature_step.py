"""The compiled step from a batch to the features of several layers."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kerasaug.backend.inference import compile_inference
from kerasaug.backend.masks import mask_of
from kerasaug.transfer.feature_layers import recorded

POOLINGS = (None, "avg", "max", "flatten")


def feature_step(
    model: keras.Model, layers: dict[str, keras.Layer] | None, pooling: str | None, dtype: str | None
) -> Callable[[Any], dict[str, np.ndarray]]:
    """A function from a batch of inputs to NumPy arrays by name, compiled once for all layers.

    Args:
        model: The model to run, in inference mode.
        layers: The layers by name, or `None` for the model's own outputs.
        pooling: See `extract_features`.
        dtype: Likewise.
    """
    names: list[str] = []

    def forward(batch: Any) -> list[Any]:
        if layers is None:
            outputs = _named_outputs(model, model(batch, training=False))
        else:
            outputs = _recorded_outputs(model, layers, batch)
        names[:] = outputs  # apart from the values, since JAX sorts a dict that it returns
        return [_reduced(value, pooling, _data_format(layers, name)) for name, value in outputs.items()]

    compiled = compile_inference(model, forward)

    def step(batch: Any) -> dict[str, np.ndarray]:
        arrays = [_to_numpy(value, dtype) for value in compiled(batch)]
        return dict(zip(names, arrays, strict=True))

    return step


def _named_outputs(model: keras.Model, outputs: Any) -> dict[str, Any]:
    if isinstance(outputs, dict):
        return dict(outputs)
    if isinstance(outputs, list | tuple) and len(outputs) > 1:
        names = getattr(model, "output_names", None) or [f"output_{index}" for index in range(len(outputs))]
        return dict(zip(names, outputs, strict=True))
    return {"output": keras.tree.flatten(outputs)[0]}


def _recorded_outputs(model: keras.Model, layers: dict[str, keras.Layer], batch: Any) -> dict[str, Any]:
    with recorded(list({id(layer): layer for layer in layers.values()}.values())) as seen:
        model(batch, training=False)
    outputs = {}
    for name, layer in layers.items():
        parts = keras.tree.flatten(seen[id(layer)])
        if not parts:
            raise ValueError(
                f"extract_features expects layers that {model.name!r} runs. Received: {name!r}, which it does not call."
            )
        outputs.update({name: parts[0]} if len(parts) == 1 else {f"{name}/{i}": part for i, part in enumerate(parts)})
    return outputs


def _data_format(layers: dict[str, keras.Layer] | None, name: str) -> str | None:
    layer = (layers or {}).get(name.rpartition("/")[0]) or (layers or {}).get(name)
    return getattr(layer, "data_format", None)


def _reduced(value: Any, pooling: str | None, data_format: str | None) -> Any:
    rank = len(value.shape)
    if pooling is None or rank < 3:
        return value
    if pooling == "flatten":
        return keras.ops.reshape(value, (keras.ops.shape(value)[0], -1))
    if data_format is None:  # sequences of tokens have their channels last everywhere
        data_format = "channels_last" if rank == 3 else keras.config.image_data_format()
    axes = tuple(range(1, rank - 1)) if data_format == "channels_last" else tuple(range(2, rank))
    mask = mask_of(value) if rank == 3 else None
    return _pooled(keras.ops.cast(value, "float32"), pooling, axes, mask, value.dtype)


def _pooled(value: Any, pooling: str, axes: tuple[int, ...], mask: Any, dtype: Any) -> Any:
    """Computed in float32: a sum over a map leaves float16's range."""
    ops = keras.ops
    if mask is not None:
        mask = ops.expand_dims(ops.cast(mask, "float32"), -1)
        if pooling == "avg":
            pooled = ops.sum(value * mask, axes) / ops.maximum(ops.sum(mask, axes), 1.0)
        else:
            pooled = ops.max(ops.where(mask > 0, value, -np.inf), axes)
    else:
        pooled = ops.mean(value, axes) if pooling == "avg" else ops.max(value, axes)
    return ops.cast(pooled, dtype)


def _to_numpy(value: Any, dtype: str | None) -> np.ndarray:
    array = keras.ops.convert_to_numpy(value)
    if dtype is None and array.dtype.name == "bfloat16":  # which .npy files and scikit-learn do not know
        dtype = "float32"
    return array if dtype is None else array.astype(dtype, copy=False)
