"""How far each layer of a model has reduced the feature maps."""

import math
from typing import NamedTuple

import keras

from kerasaug.backend.graph import is_graph
from kerasaug.transfer.flow import Flow, Step, flow, size_of
from kerasaug.transfer.trunk import head_steps
from kerasaug.transfer.walk import sublayers, trainable_if_thawed, walk


class Place(NamedTuple):
    """A layer and where it stands: log2 of the stride, the rank of its output (0 when unknown), whether in the head."""

    layer: keras.Layer
    level: int
    rank: int
    head: bool


def places(model: keras.Model) -> list[Place]:
    """Every layer of `model` that is not a graph of layers itself, in Keras's order.

    A layer whose output cannot be seen, such as one inside a custom layer, stands where the one before it stands.
    """
    trained = {id(weight) for weight in trainable_if_thawed(model)}
    known: dict[int, tuple[int, int, bool]] = {}
    for graph in _outermost(model):
        found = flow(graph)
        head = head_steps(found, trained)
        for index, (step, level) in enumerate(zip(found.steps, levels(found), strict=True)):
            known.setdefault(id(step.call.layer), (level, len(step.shape), index in head))
    last, listed = (0, 0, False), []
    for layer in walk(model):
        if not is_graph(layer):
            last = known.get(id(layer), last)
            listed.append(Place(layer, *last))
    return listed


def levels(found: Flow) -> list[int]:
    """log2 of the stride of each step, against the largest map that it depends on.

    The level never falls on the way from an input, so that a decoder stays where the encoder ended. 1×1 maps, those of
    squeeze-and-excitation, do not count.
    """
    reached: list[tuple[int, int]] = []  # of each step: the largest map so far, and the level
    for step in found.steps:
        before = [reached[source] for source in step.sources]
        largest = max([one for one, _ in before] + [size_of(shape) for shape in (*step.seen, step.shape)])
        level = max([level for _, level in before], default=0)
        if size_of(step.shape) > 1:
            level = max(level, round(math.log2(largest / size_of(step.shape))))
        reached.append((largest, level))
    return [level for _, level in reached]


def last_maps(found: Flow, fit: set[int]) -> dict[int, Step]:
    """The last map of each level before it is reduced further, of the steps `fit`, finest first.

    Of several sizes that are rounded to one stride (a padded map before a convolution) the stride's own counts.
    """
    chosen: dict[int, Step] = {}
    input_size = max((size_of(shape) for step in found.steps for shape in step.seen), default=1)
    for index, (step, level) in enumerate(zip(found.steps, levels(found), strict=True)):
        size = size_of(step.shape)
        if (
            index not in fit
            or len(step.shape) != 4
            or size <= 1
            or round(math.log2(max(input_size / size, 1))) != level
        ):
            continue
        old = chosen.get(level)
        exact = math.ceil(input_size / 2**level)
        if old is None or size == exact or size_of(old.shape) != exact:
            chosen[level] = step
    return dict(sorted(chosen.items()))


def _outermost(model: keras.Layer) -> list[keras.Model]:
    """The graphs of layers that are inside no other."""
    if is_graph(model):
        return [model]
    return [graph for child in sublayers(model) for graph in _outermost(child)]
