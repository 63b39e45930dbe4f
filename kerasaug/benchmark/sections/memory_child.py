"""The process whose memory is measured; its arguments are those of `main`, and it prints what `main` returns."""

import gc
import json
import resource
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import keras

from kerasaug.benchmark import recipe
from kerasaug.benchmark.timing import wait
from kerasaug.benchmark.ways import usual, ways

CALLS = 4
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def main(library: str, batch: int, side: int, dtype: str) -> dict[str, Any]:
    """Holds a batch, then augments it a few times.

    Args:
        library: `"kerasaug"` or `"Keras"`.
        batch: Images in the batch.
        side: Their height and width.
        dtype: Of the images.

    Returns:
        Bytes: `holding` the batch, and at most (`peak`) from then on; `what` says of which memory.
    """
    meter = _DeviceMeter.where_there_is_one() or _ProcessMeter()
    data = recipe.batch(batch, side, dtype)
    layers = [recipe.pipeline()] if library == "kerasaug" else recipe.layers_of(keras.layers)
    call = ways()[usual()](recipe.in_turn(layers), layers, data)
    wait(data)
    gc.collect()
    holding = meter.now()
    meter.forget_peak()
    for _ in range(CALLS):
        wait(call())
    return {"what": meter.what, "holding": holding, "peak": meter.peak()}


class _ProcessMeter:
    """Resident memory, whose peak the kernel keeps."""

    what = "resident memory of the process"

    def now(self) -> int:
        """Bytes resident now; where the system does not tell, the peak so far."""
        return self._status("VmRSS") or self._highest_ever()

    def peak(self) -> int:
        """Most bytes since the peak was last forgotten."""
        return self._status("VmHWM") or self._highest_ever()

    def _status(self, name: str) -> int | None:
        lines = _STATUS.read_text().splitlines() if _STATUS.exists() else []
        found = [line for line in lines if line.startswith(f"{name}:")]
        return 1024 * int(found[0].split()[1]) if found else None

    def _highest_ever(self) -> int:
        """On Linux no less than what the process that started this one took, which is why it is asked last."""
        unit = 1 if sys.platform == "darwin" else 1024
        return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def forget_peak(self) -> None:
        """Starts anew from what is resident now, or a copy made for the batch would hide as much of the pipeline."""
        try:
            _CLEAR.write_text("5")
        except OSError:
            self.what = f"{self.what}, since it started"


class _DeviceMeter:
    """Memory of an accelerator under JAX, which keeps the peak of the whole process."""

    what = "memory of the accelerator"

    def __init__(self, stats: Callable[[], dict[str, int]]) -> None:
        self.stats = stats

    @classmethod
    def where_there_is_one(cls) -> "_DeviceMeter | None":
        """A meter, where JAX runs on an accelerator that counts its memory."""
        if keras.backend.backend() != "jax":
            return None
        device = import_module("jax").devices()[0]
        return cls(device.memory_stats) if device.platform != "cpu" and device.memory_stats() else None

    def now(self) -> int:
        """Bytes in use."""
        return self.stats()["bytes_in_use"]

    def peak(self) -> int:
        """Most bytes that were in use at once."""
        return self.stats()["peak_bytes_in_use"]

    def forget_peak(self) -> None:
        """It cannot: the peak is that of the process, which has held little but the batch."""


if __name__ == "__main__":
    name, size, pixels, kind = sys.argv[1:]
    print(json.dumps(main(name, int(size), int(pixels), kind)))
