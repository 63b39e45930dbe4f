"""How much memory a pipeline needs beyond the batch that it is given, in a process of its own."""

import json
import os
import subprocess
import sys
from typing import Any

import keras

from kerasaug.benchmark.failures import reason
from kerasaug.benchmark.settings import Settings

FEW = 2  # images, whose process needs what compiling takes and little else
SECONDS = 300


def measure(settings: Settings, with_keras: bool) -> dict[str, Any]:
    """Runs the recipe in child processes: on the batch, and on a few images, to tell what compiling takes.

    Returns:
        Dict from library to `batches`, the process's peak while the recipe is compiled and runs over the same process
        holding the batch, in float32 batches; of which `compiling_batches` are needed for a few images too; and the
        bytes behind them; or an `error`.
    """
    return {name: _library(name, settings) for name in ["kerasaug", *(["Keras"] if with_keras else [])]}


def _library(name: str, settings: Settings) -> dict[str, Any]:
    rows, height, width, channels = settings.shape
    one = 4 * rows * height * width * channels
    try:
        whole, few = (_child(name, size, settings) for size in (settings.batch_size, FEW))
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return {"batches": None, "compiling_batches": None, "error": reason(error)}
    return {
        "batches": (whole["peak"] - whole["holding"]) / one,
        "compiling_batches": (few["peak"] - few["holding"]) / one,
        "batch_bytes": one,
        **whole,
        "error": None,
    }


def _child(name: str, size: int, settings: Settings) -> dict[str, Any]:
    arguments = [name, str(size), str(settings.image_size), settings.dtype]
    command = [sys.executable, "-m", "kerasaug.benchmark.sections.memory_child", *arguments]
    # A GPU's memory is mostly this process's already; the child must take what it needs and no more.
    own = {"KERAS_BACKEND": keras.backend.backend(), "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise RuntimeError(lines[-1] if lines else f"the process ended with status {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])
