"""Which layers of a model are meant by names, and what they return while the model runs."""

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from kerasaug.backend.graph import is_graph
from kerasaug.transfer.flow import flow
from kerasaug.transfer.groups import HEAD, LayerGroup, layer_groups
from kerasaug.transfer.strides import last_maps, places
from kerasaug.transfer.walk import named_layers, owners, sublayers, walk

_PER_STEP = (keras.layers.RNN, keras.layers.TimeDistributed)  # their layers run in a loop, out of which nothing comes


def find_layers(model: keras.Model, wanted: Sequence[Any]) -> dict[str, keras.Layer]:
    """Resolves names, paths, group names and layers to layers of `model`, by the name they were asked for by.

    Raises:
        TypeError: When one is neither a name nor a layer.
        ValueError: When there is none, or several, of a name.
    """
    paths = named_layers(model)
    return dict(_find(model, one, paths) for one in wanted)


@contextmanager
def recorded(layers: Sequence[keras.Layer]) -> Iterator[dict[int, list[Any]]]:
    """Within the block, what each layer returns is noted by the layer's `id`, a list with an item for each call."""
    seen: dict[int, list[Any]] = {id(layer): [] for layer in layers}
    try:
        for layer in layers:
            layer.call = _noting(layer.call, seen[id(layer)])
        yield seen
    finally:
        for layer in layers:
            if "call" in vars(layer):
                del layer.call


def _noting(call: Any, into: list[Any]) -> Any:
    def noting(*args: Any, **kwargs: Any) -> Any:
        outputs = call(*args, **kwargs)
        into.append(outputs)
        return outputs

    return noting


def _find(model: keras.Model, wanted: Any, paths: dict[str, keras.Layer]) -> tuple[str, keras.Layer]:
    if isinstance(wanted, LayerGroup):
        return wanted.name, group_output(model, wanted.name)
    if isinstance(wanted, keras.Layer):
        if not any(layer is wanted for layer in walk(model)):
            raise ValueError(
                f"extract_features expects layers of {model.name!r}. Received: {wanted.name!r}, not in it."
            )
        layer, name = wanted, wanted.name
    elif isinstance(wanted, str):
        layer, name = _by_name(model, wanted, paths), wanted
    else:
        raise TypeError(f"extract_features expects layers as names or layers. Received: {type(wanted).__name__}.")
    _check_reachable(layer, paths)
    return name, layer


def _by_name(model: keras.Model, name: str, paths: dict[str, keras.Layer]) -> keras.Layer:
    if name in paths:
        return paths[name]
    named = [path for path in paths if path.endswith(f"/{name}")]
    if len(named) == 1:
        return paths[named[0]]
    if named:
        raise ValueError(
            f"extract_features expects a name that one layer has. Received: {name!r}, of which there are {len(named)}. "
            f"Give the path: {', '.join(map(repr, named[:5]))}."
        )
    groups = _group_names(model)
    if name in groups:
        return group_output(model, name)
    known = [*paths, *(path.rpartition("/")[2] for path in paths), *groups]
    near = difflib.get_close_matches(name, dict.fromkeys(known), n=3)
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else _what_there_is(model, paths)
    raise ValueError(f"extract_features expects names of layers of {model.name!r}. Received: {name!r}. {hint}")


def _what_there_is(model: keras.Model, paths: dict[str, keras.Layer]) -> str:
    if not paths:
        return (
            f"{type(model).__name__} shows no layers inside: keep them as attributes of the model, or leave `layers` "
            "out for its output."
        )
    return f"It has {', '.join(map(repr, list(paths)[:8]))}{', …' if len(paths) > 8 else ''}."


def _check_reachable(layer: keras.Layer, paths: dict[str, keras.Layer]) -> None:
    if isinstance(layer, keras.layers.InputLayer):
        raise ValueError(f"extract_features expects layers that compute. Received: the input {layer.name!r}.")
    for holder in paths.values():
        if isinstance(holder, _PER_STEP) and layer is not holder and any(one is layer for one in walk(holder)):
            raise ValueError(
                f"extract_features expects layers that run once for a batch. Received: {layer.name!r}, which runs "
                f"for each time step within {holder.name!r}: take {holder.name!r}."
            )


def _group_names(model: keras.Model) -> list[str]:
    try:
        return [group.name for group in layer_groups(model)]
    except ValueError:  # a subclassed model, whose maps cannot be seen
        return []


def group_output(model: keras.Model, name: str) -> keras.Layer:
    """The layer that a group of `layer_groups(model)` ends with: its last map, or the last layer before the next."""
    groups = layer_groups(model)
    names = [group.name for group in groups]
    if name not in names:
        raise ValueError(f"extract_features expects layer groups of {model.name!r}: {names}. Received: {name!r}.")
    found = places(model)
    if name == HEAD or (name == names[-1] and not name.startswith("stride")):
        return found[-1].layer
    if name.startswith("stride"):
        steps = flow(next(layer for layer in walk(model) if is_graph(layer)))
        maps = last_maps(steps, set(range(len(steps.steps))))
        return maps[int(name.removeprefix("stride")).bit_length() - 1].call.layer
    members = {id(layer): index for index, group in enumerate(groups) for layer in group.layers}
    called = {id(step.call.layer) for graph in walk(model) if is_graph(graph) for step in flow(graph).steps}
    parts = [part for place in found if id(place.layer) in called for part in _of_one_group(place.layer, members)]
    after = names.index(name) + 1
    first = next(i for i, part in enumerate(parts) if after in {members[id(layer)] for layer in owners(part)})
    return parts[first - 1]


def _of_one_group(layer: keras.Layer, members: dict[int, int]) -> list[keras.Layer]:
    """A layer, or those inside it where several groups are in it, as when all blocks are inside one layer."""
    if len({members[id(one)] for one in owners(layer)}) < 2:
        return [layer]
    return [part for child in sublayers(layer) for part in _of_one_group(child, members)]
