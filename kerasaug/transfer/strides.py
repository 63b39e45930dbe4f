"""How far each layer of a model has reduced the feature maps."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import keras

from kerasaug.backend.graph import is_graph
from kerasaug.transfer.blocks import Blocks, find_blocks
from kerasaug.transfer.flow import Flow, Step, bits, flow, size_of, weights_of
from kerasaug.transfer.held import movable_by_nature
from kerasaug.transfer.trunk import head_steps
from kerasaug.transfer.walk import sublayers, walk


class Place(NamedTuple):
    """A layer and where it stands.

    Attributes:
        layer: The layer.
        level: log2 of the stride.
        rank: Of its output; 0 when unknown.
        head: Whether it is in the head.
        block: How many repeated blocks lead to it; `None` in a model whose maps shrink, or that has no such blocks.
    """

    layer: keras.Layer
    level: int
    rank: int
    head: bool
    block: int | None


def places(model: keras.Model) -> list[Place]:
    """Every layer of `model` that is not a graph of layers itself, in Keras's order.

    A layer whose output cannot be seen, such as one inside a custom layer, stands where the one before it stands.
    """
    trained = {id(weight) for weight in movable_by_nature(model)}
    known: dict[int, tuple[int, int, bool, int | None]] = {}
    for graph in _outermost(model):
        found = flow(graph)
        head, reached = head_steps(found, trained), levels(found)
        blocks, top = _blocks(found, head, reached, trained)
        if top is not None and not _leads_out(found, head, trained):  # classes of tokens, as logits
            head = head | {index for index, before in enumerate(found.ancestors()) if (before | 1 << index) >> top & 1}
        for index, step in enumerate(found.steps):
            place = (reached[index], len(step.shape), index in head)
            layer = step.call.layer
            known.setdefault(id(layer), (*place, blocks.get(id(layer))))
            if index not in head and isinstance(layer, keras.Layer):
                for inside in walk(layer):
                    if id(inside) in blocks:
                        known.setdefault(id(inside), (*place, blocks[id(inside)]))
    last: tuple[int, int, bool, int | None] = (0, 0, False, None)
    listed = []
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


def _blocks(found: Flow, head: set[int], reached: Sequence[int], trained: set[int]) -> Blocks:
    """The repeated blocks of a body whose maps keep their size."""
    body = [index for index in range(len(found.steps)) if index not in head]
    sizes = {reached[index] for index in body if _trains(found.steps[index], trained)}
    rank = max((len(step.shape) for step in found.steps), default=0)
    keeps = len(sizes) == 1 or (rank == 3 and not any(_shrinks(found.steps[index]) for index in body))
    return find_blocks(found, body, trained, hidden_only=rank < 3) if keeps else Blocks({}, None)


def _shrinks(step: Step) -> bool:
    """Whether sequences get shorter than all that a step takes; a table of relative positions may be the longer."""
    sizes = [size_of(shape) for shape in step.seen if len(shape) == 3]
    return len(step.shape) == 3 and bool(sizes) and size_of(step.shape) < min(sizes)


def _leads_out(found: Flow, head: set[int], trained: set[int]) -> bool:
    """Whether a layer of the head is on the way to the outputs; a pooler that nobody uses is not."""
    before = found.ancestors()
    ways = 0
    for out in found.outputs:
        ways |= before[out] | 1 << out
    return any(ways >> index & 1 and _trains(found.steps[index], trained) for index in head)


def _trains(step: Step, trained: set[int]) -> bool:
    return any(id(weight) in trained for weight in weights_of(step))


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
