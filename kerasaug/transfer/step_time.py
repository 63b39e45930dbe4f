"""How long a training step takes, by batch size."""

import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kerasaug.transfer.range_test import BatchLoss, fit
from kerasaug.transfer.trial import fresh_steps
from kerasaug.transfer.trial_data import fit_data

_WARM = 2  # steps: the first is compiled, the second may still allocate
_NO_MEMORY = ("resource_exhausted", "resource exhausted", "out of memory", "oom")


def step_times(
    model: keras.Model,
    data: Any,
    batch_sizes: Sequence[int],
    steps: int,
    caller: str,
    class_weight: dict[int, float] | None,
) -> list[float]:
    """Median seconds of a step with each batch size, inside a `trial`; ends at the first that memory does not hold.

    Args:
        model: The model.
        data: Arrays.
        batch_sizes: Ascending.
        steps: How many are timed.
        caller: Who asks, for messages.
        class_weight: As in `fit`.
    """
    found: list[float] = []
    for size in batch_sizes:
        fresh_steps(model)
        clock = _Clock(steps, caller)
        try:
            fit(model, fit_data(data, size, caller), steps + _WARM, [clock], class_weight)
        except Exception as error:
            if found and any(word in str(error).lower() for word in _NO_MEMORY):
                break
            raise
        found.append(float(np.median(clock.seconds[_WARM:])))
    return found


class _Clock(BatchLoss):
    def __init__(self, steps: int, caller: str) -> None:
        super().__init__(caller)
        self.steps = steps
        self.seconds: list[float] = []
        self._begin = 0.0

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._begin = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_train_batch_end(batch, logs)  # reads the loss, which waits for the device
        self.seconds.append(time.perf_counter() - self._begin)
        if len(self.seconds) == self.steps + _WARM:
            self.model.stop_training = True
