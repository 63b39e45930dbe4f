"""What a TPU would run: the ops that each layer lowers to. JAX lowers for one without having it."""

import re
from collections import Counter
from importlib import import_module
from typing import Any

import keras
import numpy as np

from kerasaug.benchmark import recipe
from kerasaug.benchmark.failures import reason
from kerasaug.benchmark.sections.layer_cases import layer_cases

SIDE, BATCH = 32, 4  # small, since only the program is read
# Without `case`: kerasaug's conditional that keeps a CPU from fusing a stage is traced where a CPU is, for a TPU too.
OPS = ("gather", "scatter", "sort", "reverse", "dynamic_slice", "dot_general", "convolution", "while")
# What the bar asks it of: flips, crops, resizes, zooms and whole shifts; here, any shift.
NO_GATHER = ("RandomFlip", "RandomCrop", "CenterCrop", "Resizing", "RandomZoom", "RandomTranslation")

_OP = re.compile(r"(?<!#)stablehlo\.(\w+)")  # with a hash it is an attribute
_SLICE_SIZES = re.compile(r"slice_sizes = array<i64: ([\d, ]+)>")
_RESULT = re.compile(r"-> \(?tensor<((?:\d+x)*)\w+>")


def measure() -> list[dict[str, Any]]:
    """One row for each layer, and one for the recipe as a pipeline: how often each op of `OPS` appears.

    `gathers_pixels` counts the gathers that fetch as many times as an image has pixels; those of whole images (a
    mixing partner's) and of a few numbers are none.
    """
    rows = []
    for name, make in _layers().items():
        try:
            rows.append({"layer": name, **_ops(_lowered(make())), "error": None})
        except Exception as error:
            rows.append({"layer": name, "ops": {}, "gathers_pixels": None, "error": reason(error)})
    return rows


def _layers() -> dict[str, Any]:
    return {**{case.name: case.ours for case in layer_cases(SIDE)}, "the recipe": recipe.pipeline}


def _lowered(layer: Any) -> str:
    """The StableHLO of drawing and applying, for a TPU."""
    jax, export = import_module("jax"), import_module("jax.export")
    images, labels = recipe.arrays(BATCH, SIDE)
    data = {"images": images.astype("float32"), "labels": labels}

    def run(batch: dict[str, Any], seed: Any) -> Any:
        return layer.apply(batch, layer.draw(batch, seed=seed))

    return export.export(jax.jit(run), platforms=["tpu"])(data, np.array([1, 0], "int32")).mlir_module()


def _ops(program: str) -> dict[str, Any]:
    counts = Counter(_OP.findall(program))
    found = {op: counts[op] + (counts["dynamic_gather"] if op == "gather" else 0) for op in OPS}
    lines = [line for line in program.splitlines() if re.search(r"stablehlo\.(dynamic_)?gather", line)]
    return {
        "ops": {op: count for op, count in found.items() if count},
        "gathers_pixels": sum(map(_gathers_pixels, lines)),
    }


def _gathers_pixels(line: str) -> bool:
    """Whether a gather fetches from about as many places as an image has pixels."""
    slices, result = _SLICE_SIZES.search(line), _RESULT.search(line)
    if slices is None or result is None:
        return True  # a dynamic one, whose slices no text tells
    fetched = int(np.prod([int(size) for size in slices.group(1).split(",")]))
    values = int(np.prod([int(size) for size in result.group(1).split("x") if size]))
    return values // fetched >= (SIDE // 2) ** 2


def backend_lowers() -> bool:
    """Whether this can be measured here: JAX alone lowers for a machine that is not there."""
    return keras.backend.backend() == "jax"
