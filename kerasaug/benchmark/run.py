"""Runs the benchmark and prints its table."""

import json
import platform
from pathlib import Path
from typing import Any

import keras

from kerasaug.benchmark import contenders
from kerasaug.benchmark.recipe import batch
from kerasaug.benchmark.timing import in_turns


def run(
    batch_size: int = 64, size: int = 224, rounds: int = 5, dtype: str = "float32", out: str | None = None
) -> dict[str, Any]:
    """Times a recipe (flip, rotation, zoom, translation, shear, colour jitter, erasing, MixUp) against Keras's layers.

    Args:
        batch_size: Images in a batch.
        size: Their height and width, in pixels.
        rounds: How many times each contender is timed, in turns; medians are reported.
        dtype: Of the images; Keras's layers are given the same.
        out: A file to write the figures to, as JSON; none when `None`.

    Returns:
        Dict of the figures, in milliseconds a batch.
    """
    backend = keras.backend.backend()
    data = batch(batch_size, size, dtype)
    # On its own: after Keras's layers, the memory that they give back under JAX would be counted as the floor's time.
    floor = in_turns({"one pass": contenders.floor(data)}, rounds)
    places: dict[str, dict[str, float]] = {}
    function = "jax.jit" if backend == "jax" else "tf.function"
    places[function] = {**in_turns(contenders.in_a_function(data), rounds), **floor}
    if backend == "tensorflow":
        places["ds.map"] = {**in_turns(contenders.in_a_dataset(data), rounds), **floor}
    step = in_turns(contenders.in_a_train_step(data), rounds)
    ours = (step["augmented"] - step["bare"]) / contenders.STEPS
    places["compiled train step"] = {"kerasaug": ours, **floor}
    report = {
        "backend": backend,
        "keras": keras.version(),
        "machine": platform.machine(),
        "shape": [batch_size, size, size, 3],
        "dtype": dtype,
        "milliseconds": places,
    }
    if out:
        Path(out).write_text(json.dumps(report, indent=2) + "\n")
    _print(report)
    return report


def _print(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    shape = "×".join(map(str, report["shape"]))
    table = Table(title=f"Recipe of eight layers, {shape} {report['dtype']}, {report['backend']}; ms a batch")
    for name in ("where", "kerasaug", "Keras's layers in turn", "times faster", "one pass", "passes"):
        table.add_column(name, justify="left" if name == "where" else "right")
    for place, times in report["milliseconds"].items():
        ours, theirs, floor = times["kerasaug"], times.get("Keras"), times["one pass"]
        ratio = (f"{theirs:.0f}", f"{theirs / ours:.1f}") if theirs else ("–", "–")
        table.add_row(place, f"{ours:.1f}", *ratio, f"{floor:.1f}", f"{ours / floor:.1f}")
    Console().print(table)
