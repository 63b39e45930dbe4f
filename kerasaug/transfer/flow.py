"""What depends on what in a model: its calls in one list, those of models inside it included."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import keras

from kerasaug.backend.graph import Call, calls, inputs_given, is_graph

_PROBE_SIZE = 256  # for inputs of unknown size; a multiple of the stride of any usual network

Shape = tuple[int, ...]


class Step(NamedTuple):
    """A call, and where it stands.

    Attributes:
        call: The call.
        path: The calls of the models that it is inside of, outermost first.
        sources: Indices of the steps whose results it takes.
        shape: Of its first result; sizes that are unknown are as for inputs of 256.
        seen: The shapes of what it takes.
    """

    call: Call
    path: tuple[Call, ...]
    sources: frozenset[int]
    shape: Shape
    seen: tuple[Shape, ...]

    @property
    def tensor(self) -> Any:
        """Its first result."""
        return self.call.outputs[0]


class Flow(NamedTuple):
    """The steps of a model in the order of computation, and for each of its outputs the step that makes it."""

    steps: list[Step]
    outputs: list[int]

    def ancestors(self) -> list[int]:
        """For each step the steps before it that it depends on, as the bits of an integer."""
        found: list[int] = []
        for step in self.steps:
            mine = 0
            for source in step.sources:
                mine |= found[source] | 1 << source
            found.append(mine)
        return found


def flow(model: keras.Model) -> Flow:
    """The steps of a Functional or Sequential model."""
    steps: list[Step] = []

    def run(graph: keras.Model, path: tuple[Call, ...], sources: Sequence[frozenset[int]], shapes: list[Shape]) -> Any:
        made = {id(tensor): one for tensor, one in zip(graph.inputs, sources, strict=True)}
        listed = calls(graph)
        known = _shapes(graph, listed, shapes)
        for call in listed:
            if is_graph(call.layer):
                given = inputs_given(call)
                inner = [made[id(one)] for one in given], [known[id(one)] for one in given]
                found = run(call.layer, (*path, call), *inner)
            else:
                into = frozenset().union(*(made[id(one)] for one in call.inputs))
                seen = tuple(known[id(one)] for one in call.inputs)
                found = [frozenset([len(steps)])] * len(call.outputs)
                steps.append(Step(call, path, into, known[id(call.outputs[0])], seen))
            made.update(zip(map(id, call.outputs), found, strict=True))
        return [made[id(one)] for one in graph.outputs]

    shapes = [tuple(size or _PROBE_SIZE for size in (1, *tensor.shape[1:])) for tensor in model.inputs]
    ends = run(model, (), [frozenset()] * len(shapes), shapes)
    return Flow(steps, sorted(frozenset().union(*ends)))


def size_of(shape: Sequence[int]) -> int:
    """The height of maps, or the length of sequences; 1 of vectors."""
    if len(shape) < 3:
        return 1
    first = 1 if keras.config.image_data_format() == "channels_last" else -1
    return shape[first] or 1


def weights_of(step: Step) -> list[Any]:
    """The weights of a step's layer; operations have none."""
    return list(getattr(step.call.layer, "weights", ()))


def bits(indices: Iterable[int]) -> int:
    """Steps as the bits of an integer."""
    return sum(1 << index for index in set(indices))


def _shapes(graph: keras.Model, listed: Sequence[Call], given: Sequence[Shape]) -> dict[int, Shape]:
    """The shapes of all tensors of a graph, by `id`."""
    tensors = [tensor for call in listed for tensor in call.outputs]
    shapes = [tuple(tensor.shape) for tensor in tensors]
    if any(None in shape[1:] for shape in shapes):
        inputs = [keras.KerasTensor(one, tensor.dtype) for one, tensor in zip(given, graph.inputs, strict=True)]
        probed = keras.Model(graph.inputs, tensors).compute_output_spec(inputs)
        shapes = [tuple(tensor.shape) for tensor in keras.tree.flatten(probed)]
    known = dict(zip(map(id, tensors), shapes, strict=True))
    return known | dict(zip(map(id, graph.inputs), given, strict=True))
