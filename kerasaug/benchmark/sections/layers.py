"""Each layer by itself against Keras's and keras-cv's: the same arguments, dtype and layout."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

import keras

from kerasaug.benchmark import recipe
from kerasaug.benchmark.failures import reason
from kerasaug.benchmark.peers import Peer
from kerasaug.benchmark.rows import Row, figures
from kerasaug.benchmark.sections.layer_cases import LayerCase, cropped, layer_cases
from kerasaug.benchmark.settings import Settings
from kerasaug.benchmark.timing import Timing, in_turns
from kerasaug.benchmark.ways import GRAPH, Call, unknown_size, usual, ways

SECONDS = 1.5  # of timed calls for one contender, of which there are over a hundred
FIRST, LAST = "channels_first", "channels_last"


class Key(NamedTuple):
    """What tells the contenders of one layer apart."""

    library: str
    way: str
    layout: str = LAST
    known: bool = True  # whether height and width are


def measure(settings: Settings, peers: Sequence[Peer], floor: float) -> list[Row]:
    """Times every shared layer in every way, in channels_first, and with unknown sizes (TensorFlow)."""
    names = {peer.name for peer in peers}
    data = recipe.batch(settings.batch_size, settings.image_size, settings.dtype)
    cv = _keras_cv(settings.image_size) if "keras-cv" in names else {}
    rows: list[Row] = []
    for case in layer_cases(settings.image_size):
        makers = _makers(case, data, "keras" in names, cv.get(case.name))
        rows += _rows(case, makers, settings.rounds, floor)
    return rows


def _keras_cv(size: int) -> dict[str, Callable[[], Any]]:
    adapter = import_module("kerasaug.benchmark.peers.keras_cv_recipe")
    try:
        return adapter.single_layers(cropped(size), cropped(size))
    except ImportError:
        return {}  # said where the recipe is timed


def _makers(
    case: LayerCase, data: dict[str, Any], with_keras: bool, cv: Callable[[], Any] | None
) -> dict[Key, Callable[[], Call]]:
    """For each contender, what builds its call; it raises where the layer cannot be built."""
    sample = data if case.mixes else data["images"]
    libraries: dict[str, Callable[..., Any]] = {"kerasaug": case.ours}
    if with_keras and hasattr(keras.layers, case.name):
        libraries["Keras"] = case.keras
    makers: dict[Key, Callable[[], Call]] = {}
    for library, make in libraries.items():
        for way in ways():
            makers[Key(library, way)] = partial(_build, make, way, sample, training=True)
        first = partial(make, data_format=FIRST)
        makers[Key(library, usual(), FIRST)] = partial(_build, first, usual(), _channels_first(sample), training=True)
        if usual() == GRAPH:
            makers[Key(library, GRAPH, known=False)] = partial(_build_unknown, make, sample)
    if cv is not None:
        for way in ways():
            makers[Key("keras-cv", way)] = partial(_build, cv, way, sample)
    return makers


def _build(make: Callable[[], Any], way: str, sample: Any, **arguments: Any) -> Call:
    layer = make()
    return ways()[way](recipe.augmenting(layer, **arguments), [layer], sample)


def _build_unknown(make: Callable[[], Any], sample: Any) -> Call:
    return unknown_size(recipe.augmenting(make(), training=True), sample)


def _channels_first(sample: Any) -> Any:
    if isinstance(sample, dict):
        return {**sample, "images": _channels_first(sample["images"])}
    return keras.ops.transpose(sample, (0, 3, 1, 2))


def _rows(case: LayerCase, makers: dict[Key, Callable[[], Call]], rounds: int, floor: float) -> list[Row]:
    calls, timings = {}, {}
    for key, make in makers.items():
        try:
            calls[key] = make()
        except Exception as error:
            timings[key] = Timing(error=reason(error))
    timings |= in_turns(calls, rounds, SECONDS)
    return [
        {
            "layer": case.name,
            "kind": case.kind,
            "library": key.library,
            "way": key.way,
            "layout": key.layout,
            "known_size": key.known,
            **figures(timings[key], floor),
        }
        for key in makers
    ]
