"""Where it was measured: processor, cores, accelerator and versions."""

import os
import platform
from collections.abc import Iterable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import keras

import kerasaug

_CPU_INFO = Path("/proc/cpuinfo")


def cores() -> int:
    """How many cores this process may use, which is how many threads every contender is given."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def device() -> str:
    """What the backend computes on."""
    backend = keras.backend.backend()
    if backend == "jax":
        first = import_module("jax").devices()[0]
        return f"{first.platform}: {first.device_kind}" if first.platform != "cpu" else "cpu"
    if backend == "tensorflow":
        found = import_module("tensorflow").config.list_logical_devices("GPU")
        return f"gpu: {found[0].name}" if found else "cpu"
    return "cpu"


def describe(packages: Iterable[str]) -> dict[str, Any]:
    """The machine, and the versions of Keras, the backends, and other packages where they are installed."""
    return {
        "cpu": _cpu(),
        "architecture": platform.machine(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "threads": cores(),
        "device": device(),
        "versions": {
            "kerasaug": kerasaug.__version__,
            "keras": keras.version(),
            "python": platform.python_version(),
            **{name: version for name in ("numpy", "tensorflow", "jax", *packages) if (version := version_of(name))},
        },
    }


def _cpu() -> str:
    if _CPU_INFO.exists():
        for line in _CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def version_of(package: str) -> str | None:
    """Of an installed distribution; `None` where there is none of that name."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
