"""How far each layer of a model has reduced the feature maps."""

import math
from typing import Any, NamedTuple

import keras

from kerasaug.transfer.walk import sublayers, walk

_PROBE_SIZE = 256  # for inputs of unknown size; a multiple of the stride of any usual network


class Place(NamedTuple):
    """A layer and where it stands: `level` is log2 of the stride, `rank` that of its output (0 when unknown)."""

    layer: keras.Layer
    level: int
    rank: int


def places(model: keras.Model) -> list[Place]:
    """Every layer of `model` that is not a graph of layers itself, in the order of computation.

    The level is a running maximum; a layer whose output cannot be seen, such as one inside a custom layer, stands
    where the one before it stands.
    """
    shapes: dict[int, tuple[int | None, ...]] = {}
    for graph in filter(_is_graph, walk(model)):
        shapes.update(_shapes(graph))
    largest = max(map(_size, shapes.values()), default=1)
    level, rank, found = 0, 0, []
    for layer in walk(model):
        if _is_graph(layer):
            continue
        shape = shapes.get(id(layer))
        if shape is not None:
            rank = len(shape)
            level = max(level, round(math.log2(largest / _size(shape)))) if _size(shape) > 1 else level
        found.append(Place(layer, level, rank))
    return found


def _is_graph(layer: keras.Layer) -> bool:
    return isinstance(layer, keras.Model) and getattr(layer, "inputs", None) is not None


def _shapes(graph: keras.Model) -> dict[int, tuple[int | None, ...]]:
    """The output shapes of the layers of a Functional or Sequential model, by the layers' `id`."""
    seen = [(id(layer), _output(layer)) for layer in sublayers(graph) if not _is_graph(layer)]
    keys = [key for key, output in seen if output is not None]
    outputs = [output for _, output in seen if output is not None]
    if any(None in output.shape[1:] for output in outputs):
        inputs = [
            keras.KerasTensor(tuple(size or _PROBE_SIZE for size in (1, *tensor.shape[1:])), tensor.dtype)
            for tensor in graph.inputs
        ]
        outputs = keras.Model(graph.inputs, outputs).compute_output_spec(inputs)
    return {key: tuple(output.shape) for key, output in zip(keys, outputs, strict=True)}


def _output(layer: keras.Layer) -> Any:
    try:
        return keras.tree.flatten(layer.output)[0]
    except (AttributeError, ValueError):  # never called on a symbolic tensor, or on several
        return None


def _size(shape: tuple[int | None, ...]) -> int:
    if len(shape) < 3:
        return 1
    first = 1 if keras.config.image_data_format() == "channels_last" else -1
    return shape[first] or 1
