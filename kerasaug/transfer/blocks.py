"""Repeated blocks, such as a transformer's, found by their structure: the same layers with the same weights' shapes."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

from kerasaug.transfer.flow import Flow, weights_of
from kerasaug.transfer.held import plain_class
from kerasaug.transfer.lora_layers import factors as lora_factors
from kerasaug.transfer.lora_layers import has_lora
from kerasaug.transfer.walk import owners, sublayers, walk

_LEAST_SHARE = (
    0.5  # of the layers, bottommost ones aside, that are in blocks; an MLP's two in one transformer block: 1/5
)

NORMALIZATIONS = (
    keras.layers.BatchNormalization,
    keras.layers.GroupNormalization,
    keras.layers.LayerNormalization,
    keras.layers.RMSNormalization,
    keras.layers.UnitNormalization,
)


class _Unit(NamedTuple):
    """A layer with weights: one that is called in the graph, or (`hidden`) one inside such a layer."""

    layer: keras.Layer
    step: int
    hidden: bool

    @property
    def size(self) -> int:
        return sum(math.prod(shape) for shape in self._shapes())

    @property
    def shapes(self) -> Any:
        return plain_class(self.layer), sorted(self._shapes())

    @property
    def ranks(self) -> Any:
        return plain_class(self.layer), sorted(map(len, self._shapes()))

    @property
    def is_composite(self) -> bool:
        return len(owners(self.layer)) > 1

    def _shapes(self) -> list[tuple[int, ...]]:
        factors = {id(one) for layer in walk(self.layer) if has_lora(layer) for one in lora_factors(layer)}
        return [tuple(weight.shape) for weight in self.layer.weights if id(weight) not in factors]


class Blocks(NamedTuple):
    """The repeated blocks of a body.

    Attributes:
        levels: How many blocks lead to each layer, its own included, by the layer's `id`; empty without blocks.
        top: The first step after all blocks that has weights and is no norm, if there is one.
    """

    levels: dict[int, int]
    top: int | None


class _Run(NamedTuple):
    """Units `start … start + period * repeats`, in `repeats` blocks."""

    start: int
    period: int
    repeats: int

    @property
    def stop(self) -> int:
        return self.start + self.period * self.repeats


def find_blocks(found: Flow, body: Sequence[int], trained: set[int], hidden_only: bool = False) -> Blocks:
    """The repeated blocks of a body.

    Blocks are runs of layers, each called on what the one before returns, that repeat with the same classes and
    shapes; where none do, with the same classes and ranks of weights. They begin where the stream branches into a
    residual connection and nothing else passes by. A layer made of layers is looked into when it holds the blocks.
    The count is that of the longest way from the inputs, so that towers count from their bottoms and a decoder goes
    on where its encoder ended. What follows a block without being one, such as the last norm, counts as that block.

    Args:
        found: The model's.
        body: Indices of the steps that are not in the head.
        trained: The `id` of every weight that training may ever move.
        hidden_only: Whether only blocks inside layers count.
    """
    order = _way_by_way(found)
    new = {old: index for index, old in enumerate(order)}
    steps = [found.steps[old] for old in order]
    found = Flow([one._replace(sources=frozenset(new[old] for old in one.sources)) for one in steps], [])
    units, seen = [], set()
    for index in sorted(new[old] for old in body):
        layer = found.steps[index].call.layer
        if id(layer) not in seen and any(id(weight) in trained for weight in weights_of(found.steps[index])):
            units.append(_Unit(layer, index, False))
        seen.add(id(layer))
    search = _Search(found, trained)
    runs = [] if hidden_only else search.runs(units)
    while not runs:
        inside = max((unit for unit in units if sublayers(unit.layer)), key=lambda unit: unit.size, default=None)
        if inside is None:
            return Blocks({}, None)
        at = units.index(inside)
        units[at : at + 1] = [
            _Unit(child, inside.step, True)
            for child in sublayers(inside.layer)
            if any(id(weight) in trained for weight in child.weights)
        ]
        runs = search.runs(units)
    levels = _levels(found, units, runs)
    if max(levels.values()) < 2:
        return Blocks({}, None)
    last = units[runs[-1].stop - 1].step
    after = [unit for unit in units if unit.step > last and not isinstance(unit.layer, NORMALIZATIONS)]
    return Blocks(levels, order[after[0].step] if after else None)


def _way_by_way(found: Flow) -> list[int]:
    """The steps in an order of computation that ends one branch before it begins the next, as Keras's does not."""
    order: dict[int, None] = {}
    waiting = [*reversed(range(len(found.steps))), *reversed(found.outputs)]
    while waiting:
        index = waiting[-1]
        missing = [source for source in sorted(found.steps[index].sources, reverse=True) if source not in order]
        if missing and index not in order:
            waiting += missing
        else:
            order.setdefault(waiting.pop())
    return list(order)


class _Search:
    def __init__(self, found: Flow, trained: set[int]) -> None:
        self.steps = found.steps
        self.before = found.ancestors()
        self.trains = sum(
            1 << i for i, step in enumerate(self.steps) if any(id(w) in trained for w in weights_of(step))
        )
        self.carries = [bool((before | 1 << i) & self.trains) for i, before in enumerate(self.before)]
        self.forks = self._forks()

    def runs(self, units: Sequence[_Unit]) -> list[_Run]:
        """The runs among units, in their order."""
        for key in ("shapes", "ranks"):
            runs = self._all_runs(units, [getattr(unit, key) for unit in units], 0)
            if not runs:
                continue
            runs = [self._with_likes(units, run, runs) for run in runs]
            inside = sum(self._leaves(units[run.start : run.stop]) for run in runs)
            ambiguous = len(runs) > 1 and any(units[run.start].hidden for run in runs)  # lists of parts: order unknown
            if inside >= _LEAST_SHARE * self._leaves(units) and not ambiguous:
                return runs
        return []

    def _leaves(self, units: Sequence[_Unit]) -> int:
        above = [unit for unit in units if unit.hidden or self.before[unit.step] & self.trains]
        return sum(len(owners(unit.layer)) for unit in above)

    def _forks(self) -> list[bool]:
        """For each step, whether just one earlier result is needed from there on, by several steps."""
        uses: list[list[int]] = [[] for _ in self.steps]
        for index, step in enumerate(self.steps):
            for source in step.sources:
                uses[source].append(index)
        ends = [max(used, default=i) if self.carries[i] else i for i, used in enumerate(uses)]
        forks = []
        for index in range(len(self.steps)):
            crossing = [i for i in range(index) if ends[i] >= index]
            forks.append(len(crossing) == 1 and len(uses[crossing[0]]) > 1 and min(uses[crossing[0]]) >= index)
        return forks

    def _all_runs(self, units: Sequence[_Unit], keys: Sequence[Any], offset: int) -> list[_Run]:
        run = self._best(units, keys)
        if run is None:
            return []
        lower = self._all_runs(units[: run.start], keys[: run.start], offset)
        upper = self._all_runs(units[run.stop :], keys[run.stop :], offset + run.stop)
        return [*lower, run._replace(start=offset + run.start), *upper]

    def _best(self, units: Sequence[_Unit], keys: Sequence[Any]) -> _Run | None:
        """What covers most units; of these the shortest blocks, those that begin best, and the first."""
        best: tuple[Any, ...] = ()
        found = None
        for period in range(1, len(units) // 2 + 1):
            length = 0  # of the stretch from `start` on that is as what comes a period later
            for start in reversed(range(len(units) - period)):
                later = start + period
                length = length + 1 if keys[start] == keys[later] and self._follows(units[start], units[later]) else 0
                if length >= period:
                    run = _Run(start, period, length // period + 1)
                    rank = (period * run.repeats, -period, self._begins_well(units, run), -start)
                    best, found = max((best, found), (rank, run), key=lambda pair: pair[0])
        return found

    def _follows(self, first: _Unit, later: _Unit) -> bool:
        if first.hidden or later.hidden:
            return first.step == later.step and first.is_composite and later.is_composite
        return bool(self.before[later.step] >> first.step & 1)

    def _begins_well(self, units: Sequence[_Unit], run: _Run) -> tuple[bool, bool, bool]:
        starts = range(run.start, run.stop, run.period)
        forks = all(self._has_fork(units, start) for start in starts)
        models = all(start == 0 or self._path(units[start]) != self._path(units[start - 1]) for start in starts)
        return forks, models, not isinstance(units[run.start].layer, NORMALIZATIONS)

    def _has_fork(self, units: Sequence[_Unit], start: int) -> bool:
        low = units[start - 1].step + 1 if start else 0
        return any(self.forks[low : units[start].step + 1])

    def _path(self, unit: _Unit) -> list[int]:
        return [id(call.node) for call in self.steps[unit.step].path]

    def _with_likes(self, units: Sequence[_Unit], run: _Run, runs: Sequence[_Run]) -> _Run:
        """With the blocks before and after that have the same classes, if other shapes: the first has other inputs."""
        low = max((other.stop for other in runs if other.stop <= run.start), default=0)
        high = min((other.start for other in runs if other.start >= run.stop), default=len(units))
        while run.start - run.period >= low and self._alike(units, run.start - run.period, run):
            run = run._replace(start=run.start - run.period, repeats=run.repeats + 1)
        while run.stop + run.period <= high and self._alike(units, run.stop - run.period, run):
            run = run._replace(repeats=run.repeats + 1)
        return run

    def _alike(self, units: Sequence[_Unit], start: int, run: _Run) -> bool:
        pairs = [(units[i], units[i + run.period]) for i in range(start, start + run.period)]
        return all(
            plain_class(one.layer) is plain_class(other.layer) and self._follows(one, other) for one, other in pairs
        )


def _levels(found: Flow, units: Sequence[_Unit], runs: Sequence[_Run]) -> dict[int, int]:
    block = {i: (run.start, (i - run.start) // run.period) for run in runs for i in range(run.start, run.stop)}
    shown = {unit.step: block[i] for i, unit in enumerate(units) if not unit.hidden and i in block}
    hidden: dict[int, list[int]] = {}
    for index, unit in enumerate(units):
        if unit.hidden:
            hidden.setdefault(unit.step, []).append(index)
    heights: dict[tuple[int, int], int] = {}
    levels: dict[int, int] = {}
    for settled in (False, True):  # the last layer of a block may be the first to see an encoder
        reached: list[int] = []
        for index, step in enumerate(found.steps):
            level = max((reached[source] for source in step.sources), default=0)
            if index in shown:
                height = heights.get(shown[index], 0)
                level = heights[shown[index]] = max(height, level + (level > height or not height))
            reached.append(level + _blocks_of([block.get(child) for child in hidden.get(index, ())]))
            if settled:
                levels.setdefault(id(step.call.layer), level)
                for count, child in enumerate(hidden.get(index, ()), 1):
                    inside = _blocks_of([block.get(one) for one in hidden[index][:count]])
                    levels.setdefault(id(units[child].layer), level + inside)
    return levels


def _blocks_of(blocks: Sequence[Any]) -> int:
    return len({*blocks} - {None})
