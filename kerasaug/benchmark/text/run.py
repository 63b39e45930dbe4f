"""Runs the text family and gathers what it found."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import keras

from kerasaug.benchmark.failures import reason
from kerasaug.benchmark.machine import describe, version_of
from kerasaug.benchmark.recipe import augmenting
from kerasaug.benchmark.text.bars import bars
from kerasaug.benchmark.text.ops import OPS, Op
from kerasaug.benchmark.text.peers import Peer, choose, our_ways
from kerasaug.benchmark.text.scene import Scene
from kerasaug.benchmark.text.settings import Settings
from kerasaug.benchmark.text.tokenizing import PLACE, with_tokenizing
from kerasaug.benchmark.timing import Timing, in_turns

SCHEMA = 1
OURS = "kerasaug"
SECONDS = 2.0  # of timed calls for one contender
Key = tuple[str, str]
Row = dict[str, Any]


def run(settings: Settings | None = None, say: Callable[[str], None] = lambda message: None) -> Row:
    """Times every op on token sequences against the libraries that are installed.

    Args:
        settings: What to measure; all of it when `None`.
        say: Called with a line before each op.

    Returns:
        The report: plain values, milliseconds for a batch and sequences a second.

    Raises:
        ValueError: When the settings name an unknown peer or op.

    Example:

    ```python
    from kerasaug.benchmark.text import Settings, run

    report = run(Settings(batch_size=4, lengths=(16,), rounds=2, peers=(), ops=("deletion",), quick=True))
    report["rows"][0]["sequences_per_second"]
    ```
    """
    settings = settings or Settings()
    chosen = _chosen(settings.ops)
    peers, left = choose(settings.peers)
    makers = {peer: peer.makers() for peer in peers}
    started, start = datetime.now(UTC), time.perf_counter()
    rows: list[Row] = []
    for length in settings.lengths:
        scene = Scene(settings, length)
        for op in chosen:
            say(f"{op.name}, {settings.batch_size} sequences of {length} tokens, on {keras.backend.backend()}")
            rows += _rows(op, scene, {peer: made.get(op.name) for peer, made in makers.items()})
    report: Row = {
        "schema": SCHEMA,
        "family": "text",
        "quick": settings.quick,
        "backend": keras.backend.backend(),
        "machine": describe([peer.package for peer in peers]),
        "settings": settings.to_dict(),
        "peers": {**{peer.name: f"version {version_of(peer.package)}" for peer in peers}, **left},
        "started": started.isoformat(timespec="seconds"),
        "seconds": time.perf_counter() - start,
        "rows": rows,
    }
    report["bars"] = [bar.to_dict() for bar in bars(report)]
    return report


def _chosen(names: tuple[str, ...] | None) -> list[Op]:
    known = [op.name for op in OPS]
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise ValueError(f"benchmark expects ops among {', '.join(known)}. Received: {', '.join(unknown)}.")
    return [op for op in OPS if names is None or op.name in names]


def _rows(op: Op, scene: Scene, theirs: dict[Peer, Callable[[Scene], Callable[[], Any]] | None]) -> list[Row]:
    makers: dict[Key, Callable[[], Callable[[], Any]]] = {
        (OURS, way): partial(_ours, op, way, scene) for way in our_ways()
    }
    makers[OURS, PLACE] = lambda: with_tokenizing(scene, op.ours(scene))
    for peer, make in theirs.items():
        if make is not None:
            makers[peer.name, peer.place] = partial(make, scene)
    calls, timings = {}, {}
    for key, build in makers.items():
        try:
            calls[key] = build()
        except Exception as error:
            timings[key] = Timing(error=reason(error))
    timings |= in_turns(calls, scene.settings.rounds, SECONDS)
    return [_row(op, scene, key, timings[key]) for key in makers]


def _ours(op: Op, way: str, scene: Scene) -> Callable[[], Any]:
    layer = op.ours(scene)
    return our_ways()[way](augmenting(layer, training=True), [layer], scene.data)


def _row(op: Op, scene: Scene, key: Key, timing: Timing) -> Row:
    middle = timing.milliseconds
    return {
        "op": op.name,
        "length": scene.length,
        "library": key[0],
        "way": key[1],
        "milliseconds": middle,
        "low": min(timing.calls) if middle is not None else None,
        "high": max(timing.calls) if middle is not None else None,
        "timings": len(timing.calls),
        "first_call_seconds": timing.first,
        "sequences_per_second": None if middle is None else 1e3 * scene.settings.batch_size / middle,
        "error": timing.error,
    }
