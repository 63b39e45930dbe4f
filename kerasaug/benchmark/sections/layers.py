"""Each layer by itself against Keras's and keras-cv's: the same arguments, dtype and layout."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import keras

from kerasaug.benchmark import recipe
from kerasaug.benchmark.failures import reason
from kerasaug.benchmark.peers import Peer
from kerasaug.benchmark.rows import Row, figures
from kerasaug.benchmark.sections.layer_cases import LayerCase, cropped, layer_cases
from kerasaug.benchmark.settings import Settings
from kerasaug.benchmark.timing import Timing, in_turns
from kerasaug.benchmark.ways import GRAPH, unknown_size, usual, ways

SECONDS = 1.5  # of timed calls for one contender, of which there are over a hundred
FIRST, LAST = "channels_first", "channels_last"
Maker = Callable[[], Any]  # of a call; raises where the layer cannot be built


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
) -> dict[tuple[str, str, str, bool], Maker]:
    """From (library, way, layout, whether the sizes are known) to what builds the call."""
    sample = data if case.mixes else data["images"]
    libraries: dict[str, Callable[..., Any]] = {"kerasaug": case.ours}
    if with_keras and hasattr(keras.layers, case.name):
        libraries["Keras"] = case.keras
    makers: dict[tuple[str, str, str, bool], Maker] = {}
    for library, make in libraries.items():
        for way in ways():
            makers[library, way, LAST, True] = _maker(make, way, sample)
        first = _channels_first(sample)
        makers[library, usual(), FIRST, True] = _maker(partial(make, data_format=FIRST), usual(), first)
        if usual() == GRAPH:
            makers[library, GRAPH, LAST, False] = _unknown(make, sample)
    if cv is not None:
        for way in ways():
            makers["keras-cv", way, LAST, True] = _maker(cv, way, sample)
    return makers


def _maker(make: Callable[[], Any], way: str, sample: Any) -> Maker:
    def build() -> Any:
        layer = make()
        return ways()[way](_augment(layer), [layer], sample)

    return build


def _unknown(make: Callable[[], Any], sample: Any) -> Maker:
    return lambda: unknown_size(_augment(make()), sample)


def _augment(layer: Any) -> Callable[[Any], Any]:
    """A call that augments; the dict is a copy, since some layers of Keras change what they are given."""
    is_ours_or_keras_s = "training" in layer.call.__code__.co_varnames
    arguments = {"training": True} if is_ours_or_keras_s else {}
    return lambda sample: layer(dict(sample) if isinstance(sample, dict) else sample, **arguments)


def _channels_first(sample: Any) -> Any:
    if isinstance(sample, dict):
        return {**sample, "images": _channels_first(sample["images"])}
    return keras.ops.transpose(sample, (0, 3, 1, 2))


def _rows(case: LayerCase, makers: dict[tuple[str, str, str, bool], Maker], rounds: int, floor: float) -> list[Row]:
    calls, failures = {}, {}
    for key, make in makers.items():
        try:
            calls[_text(key)] = make()
        except Exception as error:
            failures[_text(key)] = Timing(error=reason(error))
    timings = {**in_turns(calls, rounds, SECONDS), **failures}
    return [
        {
            "layer": case.name,
            "kind": "warp" if case.is_warp else "pointwise",
            "library": key[0],
            "way": key[1],
            "layout": key[2],
            "known_size": key[3],
            **figures(timings[_text(key)], floor),
        }
        for key in makers
    ]


def _text(key: tuple[str, str, str, bool]) -> str:
    return " ".join(map(str, key))
