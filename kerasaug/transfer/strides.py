"""How far each layer of a model has reduced the feature maps."""

import math
from typing import NamedTuple

import keras

from kerasaug.backend.graph import is_graph
from kerasaug.transfer.flow import Flow, Step, bits, flow, size_of
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
    """The last map of each stride, of the steps `fit`, by log2 of the stride, finest first.

    It is the last that everything after it depends on through it alone, such as the sum or concatenation at the end of
    a block, rather than a map inside a branch; where skips leave none, the last. Of several sizes that are rounded to
    one stride (a padded map before a convolution) the stride's own comes first.
    """
    before, sources = found.ancestors(), [bits(step.sources) for step in found.steps]
    whole = bits(found.outputs)
    for out in found.outputs:
        whole |= before[out]
    given = max((size_of(shape) for step in found.steps if not step.sources for shape in step.seen), default=1)
    ranks: dict[int, list[tuple[bool, bool, int]]] = {}
    for index in sorted(fit):
        step = found.steps[index]
        size = size_of(step.shape)
        if len(step.shape) == 4 and size > 1 and whole >> index & 1:
            level = max(round(math.log2(given / size)), 0)
            narrow = _is_narrow(index, whole, before, sources)
            ranks.setdefault(level, []).append((narrow, size == math.ceil(given / 2**level), index))
    return {level: found.steps[max(ranks[level])[-1]] for level in sorted(ranks)}


def _is_narrow(index: int, whole: int, before: list[int], sources: list[int]) -> bool:
    """Whether every way to the outputs leads through a step."""
    after = bits(i for i in range(len(before)) if before[i] >> index & 1 and whole >> i & 1)
    beside = whole & ~(before[index] | 1 << index | after)
    past = any(sources[i] & before[index] for i in range(len(before)) if after >> i & 1)
    return not beside and not past


def _outermost(model: keras.Layer) -> list[keras.Model]:
    """The graphs of layers that are inside no other."""
    if is_graph(model):
        return [model]
    return [graph for child in sublayers(model) for graph in _outermost(child)]
