"""The maps of every stride of a backbone, alone and as a feature pyramid."""

from collections.abc import Sequence
from typing import Any

import keras

from kerasaug.backend.graph import input_of, is_graph
from kerasaug.transfer.extract import Spot, extract, spot_of
from kerasaug.transfer.flow import Flow, bits, flow, weights_of
from kerasaug.transfer.heads.layers import Features
from kerasaug.transfer.heads.necks import pyramid
from kerasaug.transfer.held import movable_by_nature
from kerasaug.transfer.strides import last_maps


def pyramid_outputs(backbone: keras.Model) -> dict[str, Any]:
    """The last map of every stride of a backbone, as KerasHub's backbones name theirs.

    Maps are found by their size alone, in any Functional or Sequential model, also inside models inside it. `"P3"` has
    a stride of 2³ = 8. Maps before the first layer with weights and 1×1 maps are left out.

    Args:
        backbone: A model from images to maps or vectors.

    Returns:
        Dict from `"P1"`, `"P2"`, … to symbolic tensors on the inputs of `backbone`, finest first:
        `keras.Model(backbone.input, pyramid_outputs(backbone))` is a model of them. Layers are shared.

    Raises:
        ValueError: When the maps cannot be seen, as in a subclassed model, or there are none.

    Example:

    ```python
    layers = keras.layers
    backbone = keras.Sequential(
        [keras.Input((32, 32, 3)), *(layers.Conv2D(4, 3, strides=2, padding="same") for _ in range(3))]
    )
    maps = kerasaug.transfer.pyramid_outputs(backbone)
    {name: tensor.shape[1] for name, tensor in maps.items()}  # {"P1": 16, "P2": 8, "P3": 4}
    ```

    Reference:
        - [Lin et al., 2017](https://arxiv.org/abs/1612.03144)
    """
    return {f"P{level}": tensor for level, tensor in maps_and_output(backbone)[0].items()}


def feature_pyramid(
    backbone: keras.Model,
    filters: int = 256,
    min_level: int = 3,
    max_level: int | None = None,
    name: str | None = None,
) -> keras.Model:
    """A backbone with a feature pyramid network on it, as detectors need.

    Args:
        backbone: See `pyramid_outputs`.
        filters: Channels of every level. Defaults to 256.
        min_level: The finest level, as log2 of its stride. Defaults to 3, a stride of 8.
        max_level: The coarsest; levels beyond the backbone's are made by convolutions of stride 2. Defaults to the
            backbone's.
        name: Name of the model.

    Returns:
        A model from images to a dict `{"P3": …, "P4": …}` of maps. The pyramid is its head: see `layer_groups`.

    Raises:
        ValueError: When the backbone has no maps of these levels.

    Example:

    ```python
    layers = keras.layers
    backbone = keras.Sequential(
        [keras.Input((32, 32, 3)), *(layers.Conv2D(4, 3, strides=2, padding="same") for _ in range(3))]
    )
    model = kerasaug.transfer.feature_pyramid(backbone, filters=8, min_level=2, max_level=4)
    sorted(model.output)  # ["P2", "P3", "P4"]
    ```

    Reference:
        - [Lin et al., 2017](https://arxiv.org/abs/1612.03144)
    """
    found = maps_and_output(backbone)[0]
    last = max(found) if max_level is None else max_level
    taken = {level: tensor for level, tensor in found.items() if min_level <= level <= last}
    if not taken or filters < 1:
        raise ValueError(
            f"feature_pyramid expects filters of at least 1 and levels among those of the backbone, {sorted(found)}. "
            f"Received: filters={filters}, min_level={min_level}, max_level={max_level}."
        )
    body = keras.Model(input_of(backbone), by_name(taken), name=backbone.name)
    inputs = new_inputs(backbone)
    maps = marked(body(inputs), sorted(taken))
    joined = pyramid(maps, filters, last, "fpn")
    return keras.Model(inputs, by_name(joined), name=name)


def maps_and_output(backbone: keras.Model) -> tuple[dict[int, Any], Any]:
    """See `pyramid_outputs`; by level, and with them the backbone's own output."""
    if not is_graph(backbone):
        raise ValueError(
            f"pyramid_outputs expects a built Functional or Sequential model, whose maps can be seen. Received: "
            f"{type(backbone).__name__} {getattr(backbone, 'name', '')!r}."
        )
    found = flow(backbone)
    levels = last_maps(found, _after_weights(backbone, found))
    if not levels:
        raise ValueError(
            f"pyramid_outputs expects a backbone with feature maps larger than 1×1. Received {backbone.name!r}, which "
            f"takes {backbone.input_shape} and has none. Give it larger images."
        )
    spots = [spot_of(step) for step in levels.values()]
    *maps, output = extract(backbone, [*spots, Spot((), backbone.outputs[0])])
    return dict(zip(levels, maps, strict=True)), output


def _after_weights(backbone: keras.Model, found: Flow) -> set[int]:
    """Steps that have weights or depend on some: before them there is only preprocessing."""
    trained = {id(weight) for weight in movable_by_nature(backbone)}
    weighted = bits(i for i, step in enumerate(found.steps) if any(id(one) in trained for one in weights_of(step)))
    return {i for i, before in enumerate(found.ancestors()) if (before | 1 << i) & weighted}


def marked(maps: dict[str, Any], levels: Sequence[int]) -> dict[int, Any]:
    """The maps of a body by level, marked as its end."""
    return {level: Features(name=f"features_p{level}")(maps[f"P{level}"]) for level in levels}


def by_name(maps: dict[int, Any]) -> dict[str, Any]:
    """Maps by KerasHub's names."""
    return {f"P{level}": tensor for level, tensor in maps.items()}


def new_inputs(model: keras.Model) -> Any:
    """Inputs like those of a model."""
    structure = input_of(model)
    alone = len(model.inputs) == 1 and len(model.inputs[0].shape) == 4

    def copy(tensor: Any) -> Any:
        given = None if tensor.name.startswith("keras_tensor") else tensor.name
        return keras.Input(tensor.shape[1:], dtype=tensor.dtype, name="images" if alone else given)

    return keras.tree.map_structure(copy, structure)
