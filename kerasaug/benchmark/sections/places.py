"""The recipe in each of the places where people augment, against every peer that was chosen."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

import keras

from kerasaug.benchmark import recipe
from kerasaug.benchmark.failures import reason
from kerasaug.benchmark.machine import cores
from kerasaug.benchmark.peers import Contender, Peer, Scene
from kerasaug.benchmark.rows import Row, failed, row_of
from kerasaug.benchmark.settings import Settings
from kerasaug.benchmark.timing import in_turns
from kerasaug.benchmark.ways import usual, ways

MAPPED, PARALLEL = "dataset.map", "dataset.map, in parallel"
UINT8 = "kerasaug, uint8 in and out"
ROUNDS_OF_THREADS = 2  # in one timing of a parallel map, whose batches come in bursts of as many as there are threads


def measure(settings: Settings, peers: Sequence[Peer], floor: float) -> list[Row]:
    """Times the recipe.

    Args:
        settings: What to measure.
        peers: Libraries to compare with; one that fails is reported with the reason.
        floor: Milliseconds of one pass over the batch.
    """
    images, labels = recipe.arrays(settings.batch_size, settings.image_size)
    data = recipe.batch(settings.batch_size, settings.image_size, settings.dtype)
    scene = Scene(images, labels, data, cores())
    rows: list[Row] = []
    contenders = [*_ours(scene)]
    for peer in peers:
        try:
            contenders += peer.contenders(scene)
        except Exception as error:
            rows.append(failed(peer.name, "built", reason(error)))
    rows = _timed(contenders, settings, floor) + rows
    with_keras = any(peer.name == "keras" for peer in peers)
    return rows + (_mapped(data, settings, floor, with_keras) if keras.backend.backend() == "tensorflow" else [])


def _ours(scene: Scene) -> list[Contender]:
    found = []
    for place, way in ways().items():
        pipeline = recipe.pipeline()
        call = way(recipe.augmenting(pipeline, training=True), [pipeline], scene.data)
        found.append(Contender("kerasaug", place, call))
    pipeline = recipe.pipeline("uint8")
    data = {**scene.data, "images": keras.ops.convert_to_tensor(scene.images)}
    note = "the dtype in which albumentations and torchvision work"
    call = ways()[usual()](recipe.augmenting(pipeline, training=True), [pipeline], data)
    return [*found, Contender(UINT8, usual(), call, note=note)]


def _timed(contenders: Sequence[Contender], settings: Settings, floor: float) -> list[Row]:
    timings = in_turns({f"{one.name}, {one.place}": one.call for one in contenders}, settings.rounds)
    pairs = zip(contenders, timings.values(), strict=True)
    return [row_of(one, timing, floor, settings.batch_size) for one, timing in pairs]


def _mapped(data: dict[str, Any], settings: Settings, floor: float, with_keras: bool) -> list[Row]:
    """Mapped over a `tf.data.Dataset` of ready batches: one call at a time, and as many as there are threads."""

    def recipes() -> dict[str, Any]:
        theirs = {"Keras": recipe.in_turn(recipe.layers_of(keras.layers))} if with_keras else {}
        return {"kerasaug": recipe.pipeline(), **theirs}

    singly = [Contender(name, MAPPED, _batches(data, augment)) for name, augment in recipes().items()]
    rows = _timed(singly, settings, floor)
    for name, augment in recipes().items():  # each alone: a parallel map goes on working while others are timed
        call = _batches(data, augment, cores())
        timing = in_turns({name: call}, settings.rounds, calls=ROUNDS_OF_THREADS * cores())[name]
        rows.append(row_of(Contender(name, PARALLEL, call), timing, floor, settings.batch_size))
        del call
    return rows


def _batches(data: dict[str, Any], augment: Any, parallel: int | None = None) -> Any:
    """A function that returns the next batch of a mapped dataset."""

    @cache
    def batches() -> Any:  # made by the first call, since the map is traced here and may fail
        tf = import_module("tensorflow")
        dataset = tf.data.Dataset.from_tensors(data).repeat().map(augment, num_parallel_calls=parallel)
        options = tf.data.Options()
        options.experimental_optimization.inject_prefetch = False  # or a batch would be made while others are timed
        return iter(dataset.with_options(options))

    return lambda: next(batches())
