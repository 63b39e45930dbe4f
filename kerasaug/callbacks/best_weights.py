"""The weights of the best epoch, in a file that is always whole."""

import math
import os
from pathlib import Path
from typing import Any

import keras

from kerasaug.backend.validation import validates_now
from kerasaug.files import replacing


class BestWeights(keras.callbacks.Callback):
    """Writes the model's weights whenever an epoch is better than all before it.

    The file is written beside its place and then renamed, so that a process which is killed at any moment leaves the
    old file or the new one, never a part. Of an `AugmentedModel` it holds what the inner model loads; the optimizer
    is not in it. Epochs in which the value is not logged, with `validation_freq`, are passed over. What has been
    reached stands in plain attributes, which `kerasaug.callbacks.BackupAndRestore` keeps.

    Args:
        path: File to write; its name ends in `.weights.h5`. Its folder is made when there is none.
        monitor: Name of the logged value that decides. Defaults to `"val_accuracy"` where it is logged, with
            `"val_loss"` to choose among equals, and to `"val_loss"` elsewhere.
        mode: `"max"`, `"min"`, or `"auto"` for `"min"` when the name ends in `loss` or `error`. Of equal epochs the
            first counts, and NaN is never better. Defaults to `"auto"`.
        verbose: 1 prints a line for each file written. Defaults to 0.

    Attributes:
        best: The best value so far; `None` before the first.
        best_epoch: Its epoch, counted from 0; `None` before the first.

    Raises:
        ValueError: When `path` or `mode` is none, or the value is not logged.
        OSError: When the file cannot be written; the one before it stays.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    best = kerasaug.callbacks.BestWeights("best.weights.h5", monitor="loss")
    model.fit(np.ones((8, 4)), np.ones((8, 2)), epochs=2, callbacks=[best], verbose=0)
    model.load_weights("best.weights.h5")
    best.best_epoch  # 1
    ```

    Reference:
        `keras.callbacks.ModelCheckpoint`, whose file is cut short by a kill.
    """

    def __init__(
        self, path: str | os.PathLike, monitor: str | None = None, mode: str = "auto", verbose: int = 0
    ) -> None:
        super().__init__()
        self.path = Path(path)
        if not self.path.name.endswith(".weights.h5"):
            raise ValueError(f"BestWeights: expected `path` to end in .weights.h5. Received: {str(path)!r}.")
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"BestWeights: expected `mode` to be 'auto', 'min' or 'max'. Received: {mode!r}.")
        self.monitor = monitor
        self.mode = mode
        self.verbose = verbose
        self.best: float | None = None
        self.best_epoch: int | None = None
        self._score: list[float] | None = None  # what is compared: higher is better

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compares, and writes."""
        logs = logs or {}
        names = self._names(epoch, logs)
        if not names:
            return
        score = [self._sign(name) * float(logs[name]) for name in names]
        if any(map(math.isnan, score)) or (self._score is not None and score <= self._score):
            return
        self._write()
        self._score, self.best, self.best_epoch = score, float(logs[names[0]]), epoch
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: {names[0]} is {self.best:.5g}, the best so far; weights in {self.path}.")

    def _names(self, epoch: int, logs: dict[str, Any]) -> list[str]:
        """What decides; none in an epoch that does not log it, of which others do."""
        wanted = [self.monitor] if self.monitor else ["val_accuracy", "val_loss"]
        found = [name for name in wanted if name in logs]
        if not found and self.best is None and validates_now(self.model, epoch) is not False:
            raise ValueError(
                f"BestWeights: expected {' or '.join(map(repr, wanted))} among the logs of an epoch. Received: "
                f"{sorted(logs)}. Give `fit` validation data, or name another value: monitor=…"
            )
        return found

    def _sign(self, name: str) -> int:
        low = name.endswith(("loss", "error")) if self.mode == "auto" or self.monitor is None else self.mode == "min"
        return -1 if low else 1

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        network: Any = getattr(self.model, "inference_model", self.model)
        with replacing(self.path) as temporary:
            network.save_weights(temporary)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
