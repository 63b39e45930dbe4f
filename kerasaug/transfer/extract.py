"""Models that end inside another one, whose layers they share."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

from kerasaug.backend.graph import Call, calls, input_of, is_graph, repeat
from kerasaug.transfer.flow import Step


class Spot(NamedTuple):
    """A tensor, and the calls of the models that it is inside of, outermost first."""

    path: tuple[Call, ...]
    tensor: Any


def spot_of(step: Step) -> Spot:
    """Where the first result of a step is."""
    return Spot(step.path, step.tensor)


def body_until(model: keras.Model, spot: Spot, name: str) -> keras.Model:
    """The part of a model that leads to a tensor; a model inside it, where that is all of the part."""
    path, tensor = spot
    while path and [id(tensor)] == [id(one) for one in path[-1].layer.outputs]:
        path, tensor = path[:-1], path[-1].outputs[0]
    while path and _takes_inputs_of(model, path[0]):
        model, path = path[0].layer, path[1:]
        name = model.name
    if not path:
        for call in calls(model):
            whole = [id(one) for one in call.outputs] == [id(tensor)]
            if whole and is_graph(call.layer) and _takes_inputs_of(model, call):
                return call.layer
        if [id(one) for one in model.outputs] == [id(tensor)]:
            return model
    return keras.Model(input_of(model), extract(model, [Spot(path, tensor)])[0], name=name)


def extract(graph: keras.Model, spots: Sequence[Spot]) -> list[Any]:
    """Symbolic tensors on the inputs of `graph` for tensors that may be inside models inside it.

    A model inside is replaced by one of the same layers with more outputs, or with others.
    """
    inner: dict[tuple[int, ...], list[int]] = {}
    for index, spot in enumerate(spots):
        if spot.path:
            inner.setdefault(_key(spot.path[0]), []).append(index)
    if not inner:
        return [spot.tensor for spot in spots]
    found: dict[int, Any] = {}
    made: dict[int, Any] = {}
    listed = calls(graph)
    for call in listed:
        wanted = inner.get(_key(call))
        if wanted:
            deeper = [Spot(spots[index].path[1:], spots[index].tensor) for index in wanted]
            further = _leads_on(call, listed, spots)
            deeper += [Spot((), tensor) for tensor in call.layer.outputs if further]
            whole = keras.Model(input_of(call.layer), extract(call.layer, deeper), name=call.layer.name)
            results = keras.tree.flatten(repeat(call, made, whole))
            found.update(zip(wanted, results, strict=False))
            if further:
                made.update(zip(map(id, call.outputs), results[len(wanted) :], strict=True))
        elif any(id(one) in made for one in call.inputs):
            made.update(zip(map(id, call.outputs), keras.tree.flatten(repeat(call, made)), strict=True))
    for index, spot in enumerate(spots):
        if not spot.path:
            found[index] = made.get(id(spot.tensor), spot.tensor)
    return [found[index] for index in range(len(spots))]


def _leads_on(call: Call, listed: Sequence[Call], spots: Sequence[Spot]) -> bool:
    """Whether anything else that is wanted depends on the results of `call`."""
    reached = {id(one) for one in call.outputs}
    calls_reached = set()
    for other in listed:
        if any(id(one) in reached for one in other.inputs):
            reached |= {id(one) for one in other.outputs}
            calls_reached.add(_key(other))
    return any(_key(spot.path[0]) in calls_reached if spot.path else id(spot.tensor) in reached for spot in spots)


def _key(call: Call) -> tuple[int, ...]:
    return tuple(id(one) for one in call.outputs)


def _takes_inputs_of(model: keras.Model, call: Call) -> bool:
    return [id(one) for one in call.inputs] == [id(one) for one in model.inputs]


def uses_all_inputs(model: keras.Model) -> bool:
    """Whether what a model puts out depends on every input."""
    used = {id(one) for call in calls(model) for one in call.inputs}
    return all(id(one) in used for one in model.inputs)
