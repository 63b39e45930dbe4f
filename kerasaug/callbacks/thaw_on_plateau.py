"""Unfreezing group by group, each when training the others no longer helps."""

import math
from collections.abc import Sequence
from typing import Any

from kerasaug.backend.validation import validates_now
from kerasaug.callbacks.unfreezing import GradualUnfreezing
from kerasaug.transfer.finetune import NO_DECAY
from kerasaug.transfer.groups import LayerGroup


class ThawOnPlateau(GradualUnfreezing):
    """`GradualUnfreezing` that unfreezes the next group when a monitored value has stopped improving.

    It begins with the head alone. After `patience` epochs without improvement the next epoch trains one group more, and
    the count begins anew. How far it is stands in plain attributes, which `kerasaug.callbacks.BackupAndRestore` keeps.
    The optimizer, the warm-up of a new group and the compiled steps are those of `GradualUnfreezing`; give one of the
    two. The number of groups that train is logged as `unfrozen_groups`.

    Args:
        monitor: Name of the logged value. Defaults to `"val_loss"`.
        patience: Epochs without improvement after which a group is unfrozen, at least 1. Those that do not log the
            value, with `validation_freq`, are not counted. Defaults to 2.
        min_delta: The least change that is an improvement. Defaults to 1e-4.
        mode: `"min"`, `"max"`, or `"auto"` for `"min"` when the name ends in `loss` or `error`. Defaults to `"auto"`.
        groups: The layer groups, bottom first. Defaults to `kerasaug.transfer.layer_groups(model)`.
        warmup_steps: See `GradualUnfreezing`. Defaults to 100.
        bn: See `GradualUnfreezing`. Defaults to `"frozen"`.
        no_decay: See `GradualUnfreezing`.

    Attributes:
        thawed: How many groups below the head train.
        wait: Epochs since the last improvement, or since a group was unfrozen.
        best: The best value so far; `None` before the first.

    Raises:
        ValueError: When an argument is out of range, the value is not logged, or for what `GradualUnfreezing` raises.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    thaw = kerasaug.callbacks.ThawOnPlateau("loss", patience=1, min_delta=1e9)
    history = model.fit(np.ones((8, 4)), np.ones((8, 2)), epochs=3, callbacks=[thaw], verbose=0)
    assert history.history["unfrozen_groups"] == [1, 1, 2]
    ```

    Reference:
        [Howard and Ruder, 2018](https://arxiv.org/abs/1801.06146); `keras.callbacks.ReduceLROnPlateau`, for when.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 2,
        min_delta: float = 1e-4,
        mode: str = "auto",
        groups: Sequence[LayerGroup] | None = None,
        warmup_steps: int = 100,
        bn: str = "frozen",
        no_decay: Sequence[str] = NO_DECAY,
    ) -> None:
        super().__init__(groups, warmup_steps=warmup_steps, bn=bn, no_decay=no_decay)
        if patience < 1 or min_delta < 0 or mode not in ("auto", "min", "max"):
            raise ValueError(
                "ThawOnPlateau: expected `patience` of at least 1, `min_delta` of at least 0 and `mode` 'auto', 'min' "
                f"or 'max'. Received: patience={patience}, min_delta={min_delta}, mode={mode!r}."
            )
        self.monitor = monitor
        self.patience = patience
        self.min_delta = min_delta
        self.mode = mode
        self.thawed = 0
        self.wait = 0
        self.best: float | None = None

    def first_group(self, epoch: int, count: int) -> int:
        """The index of the first of `count` groups that trains now, whatever the epoch."""
        return max(count - 1 - self.thawed, 0)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Finds the groups, and begins with the head."""
        self.thawed, self.wait, self.best = 0, 0, None
        super().on_train_begin(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs how many groups trained, and decides about the next epoch."""
        super().on_epoch_end(epoch, logs)
        value = self._value(epoch, logs or {})
        if value is None:
            return
        low = self.mode == "min" or (self.mode == "auto" and self.monitor.endswith(("loss", "error")))
        gain = math.inf if self.best is None else (self.best - value if low else value - self.best)
        if gain > self.min_delta and not math.isnan(value):
            self.best, self.wait = value, 0
            return
        self.wait += 1
        if self.wait >= self.patience and self.thawed < len(self._found) - 1:
            self.thawed, self.wait = self.thawed + 1, 0

    def _value(self, epoch: int, logs: dict[str, Any]) -> float | None:
        """The monitored value; `None` in an epoch that does not log it, of which others do."""
        if self.monitor not in logs:
            if self.best is not None or validates_now(self.model, epoch) is False:
                return None
            raise ValueError(
                f"ThawOnPlateau: expected {self.monitor!r} among the logs of an epoch. Received: {sorted(logs)}. Give "
                "`fit` validation data, or name another value: monitor=…"
            )
        return float(logs[self.monitor])
