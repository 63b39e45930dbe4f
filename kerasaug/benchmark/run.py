"""Runs the sections of the benchmark and gathers what they found."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import keras

from kerasaug.benchmark import recipe
from kerasaug.benchmark.bars import evaluate
from kerasaug.benchmark.machine import describe, version_of
from kerasaug.benchmark.peers import PEERS, Peer, choose
from kerasaug.benchmark.sections import layers, memory, places, policies, scaling, tpu, train_step
from kerasaug.benchmark.settings import Settings
from kerasaug.benchmark.timing import in_turns
from kerasaug.benchmark.ways import one_pass, usual

SCHEMA = 1
FLOOR_ROUNDS = 20


def run(settings: Settings | None = None, say: Callable[[str], None] = lambda message: None) -> dict[str, Any]:
    """Times kerasaug against Keras's layers and every peer that is installed.

    Args:
        settings: What to measure; the whole benchmark when `None`.
        say: Called with a line before each section.

    Returns:
        The report: plain values, milliseconds for a batch unless a key says otherwise.

    Raises:
        ValueError: When the settings name an unknown peer.
        RuntimeError: When not even one pass over the batch can be timed.

    Example:

    ```python
    from kerasaug.benchmark import Settings, run

    small = Settings(batch_size=4, image_size=32, rounds=2, only=("tpu",), peers=(), quick=True)
    report = run(small, say=print)
    report["floor"]["milliseconds"]  # one pass over the batch
    ```
    """
    settings = settings or Settings()
    backend = keras.backend.backend()
    peers, left = choose(settings.peers, backend)
    started, start = datetime.now(UTC), time.perf_counter()
    say(f"one pass over a batch of {'×'.join(map(str, settings.shape))} {settings.dtype}, on {backend}")
    floor = _floor(settings)
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "quick": settings.quick,
        "backend": backend,
        "machine": describe([peer.package for peer in peers]),
        "settings": settings.to_dict(),
        "peers": {**{peer.name: f"version {version_of(peer.package)}" for peer in peers}, **left},
        "started": started.isoformat(timespec="seconds"),
        "floor": {"place": usual(), "milliseconds": floor},
    }
    for name in settings.only:
        say(name)
        report |= _SECTIONS[name](settings, peers, floor)
    report["floor"]["milliseconds_at_the_end"] = _floor(settings)
    report["seconds"] = time.perf_counter() - start
    report["bars"] = [bar.to_dict() for bar in evaluate(report)]
    return report


def _floor(settings: Settings) -> float:
    data = recipe.batch(settings.batch_size, settings.image_size, settings.dtype)
    timing = in_turns({"one pass": one_pass(data["images"])}, FLOOR_ROUNDS)["one pass"]
    if timing.milliseconds is None:
        raise RuntimeError(f"benchmark could not time one pass over the batch: {timing.error}")
    return timing.milliseconds


def _recipe(settings: Settings, peers: list[Peer], floor: float) -> dict[str, Any]:
    return {
        "recipe": places.measure(settings, peers, floor),
        "train_step": train_step.measure(settings, floor, _has_keras(peers)),
    }


def _tpu(settings: Settings, peers: list[Peer], floor: float) -> dict[str, Any]:
    return {"tpu": tpu.measure()} if tpu.backend_lowers() else {}


def _has_keras(peers: list[Peer]) -> bool:
    return PEERS[0] in peers


_SECTIONS: dict[str, Callable[[Settings, list[Peer], float], dict[str, Any]]] = {
    "recipe": _recipe,
    "policies": lambda settings, peers, floor: {"policies": policies.measure(settings, peers, floor)},
    "layers": lambda settings, peers, floor: {"layers": layers.measure(settings, peers, floor)},
    "memory": lambda settings, peers, floor: {"memory": memory.measure(settings, _has_keras(peers))},
    "scaling": lambda settings, peers, floor: {"scaling": scaling.measure(settings)},
    "tpu": _tpu,
}
