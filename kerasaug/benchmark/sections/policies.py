"""Policies that choose per sample: against Keras's and keras-cv's, and against the size of their menus."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import keras

from kerasaug import layers
from kerasaug.benchmark import recipe
from kerasaug.benchmark.failures import reason
from kerasaug.benchmark.peers import Peer
from kerasaug.benchmark.rows import Row, figures, ratio
from kerasaug.benchmark.settings import Settings
from kerasaug.benchmark.timing import Timing, in_turns
from kerasaug.benchmark.ways import Call, usual, ways

SECONDS = 3.0  # of timed calls for one contender: Keras's RandAugment takes 17 s a batch under jax.jit
MENU: tuple[Callable[[], Any], ...] = (  # of four families, none of which shares a pass with another
    partial(layers.RandomRotation, 0.1),
    partial(layers.RandomContrast, 0.3),
    partial(layers.RandomSharpness, 1.0),
    layers.Equalization,
)
REPEATED = (1, 2, 4)  # how often a menu holds each
RANGE = (0, 255)

OURS: dict[str, Callable[[], Any]] = {
    "RandAugment": layers.RandAugment,
    "RandAugment, the paper's menu": partial(layers.RandAugment, menu="paper"),
    "AugMix": layers.AugMix,
    "TrivialAugmentWide": layers.TrivialAugmentWide,
    "AutoAugment": layers.AutoAugment,
    "UniformAugment": layers.UniformAugment,
}

Makers = dict[tuple[str, str, str], Callable[[], Call]]  # by policy, library and way


def measure(settings: Settings, peers: Sequence[Peer], floor: float) -> dict[str, Any]:
    """Times every policy in every way, and a choice from menus of growing size.

    Returns:
        Dict with `contenders`, rows as those of layers, with the seconds of the first call, which compiles; and `menu`:
        the points (how many layers to choose from, milliseconds) and the ratio of the largest menu's time to the
        smallest's.
    """
    names = {peer.name for peer in peers}
    images = recipe.batch(settings.batch_size, settings.image_size, settings.dtype)["images"]
    return {
        "contenders": _contenders(_makers(images, names), settings.rounds, floor),
        "menu": _menu(images, settings.rounds),
    }


def _makers(images: Any, names: set[str]) -> Makers:
    libraries = {(name, "kerasaug"): make for name, make in OURS.items()}
    if "keras" in names:
        libraries |= {(name, "Keras"): getattr(keras.layers, name) for name in ("RandAugment", "AugMix")}
    if "keras-cv" in names:
        libraries |= {(name, "keras-cv"): partial(_keras_cv, name) for name in ("RandAugment", "AugMix")}
    makers: Makers = {}
    for (policy, library), make in libraries.items():
        for way in ways():
            makers[policy, library, way] = partial(_build, make, way, images, library)
    return makers


def _keras_cv(name: str) -> Any:
    return getattr(import_module("keras_cv").layers, name)(value_range=RANGE)


def _build(make: Callable[[], Any], way: str, images: Any, library: str) -> Call:
    layer = make()
    arguments = {} if library == "keras-cv" else {"training": True}
    return ways()[way](recipe.augmenting(layer, **arguments), [layer], images)


def _contenders(makers: Makers, rounds: int, floor: float) -> list[Row]:
    rows: list[Row] = []
    for policy in dict.fromkeys(key[0] for key in makers):
        calls: dict[tuple[str, str, str], Call] = {}
        timings: dict[tuple[str, str, str], Timing] = {}
        for key, make in makers.items():
            if key[0] == policy:
                try:
                    calls[key] = make()
                except Exception as error:
                    timings[key] = Timing(error=reason(error))
        timings |= in_turns(calls, rounds, SECONDS)
        for (_, library, way), timing in timings.items():
            rows.append({"policy": policy, "library": library, "way": way, **figures(timing, floor)})
    return rows


def _menu(images: Any, rounds: int) -> dict[str, Any]:
    """Menus of the same ops in the same shares, so that nothing differs but their size."""
    calls: dict[str, Call] = {}
    for times in REPEATED:
        layer = layers.RandomChoice([make() for make in MENU * times])
        calls[str(len(layer.layers))] = ways()[usual()](recipe.augmenting(layer, training=True), [layer], images)
    timings = in_turns(calls, rounds)
    points = [{"amount": int(count), "milliseconds": one.milliseconds} for count, one in timings.items()]
    errors = [one.error for one in timings.values() if one.error]
    slower = ratio({"milliseconds": points[-1]["milliseconds"]}, {"milliseconds": points[0]["milliseconds"]})
    return {"place": usual(), "points": points, "ratio": slower, "error": errors[0] if errors else None}
