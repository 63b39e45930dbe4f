"""Gradual unfreezing inside one `fit()`."""

from collections.abc import Sequence
from typing import Any

import keras

from kerasaug.callbacks.due import due
from kerasaug.transfer.finetune import NO_DECAY, prepare
from kerasaug.transfer.freezing import first_trainable, set_flags
from kerasaug.transfer.groups import LayerGroup, layer_groups
from kerasaug.transfer.guard import check_flags
from kerasaug.transfer.optimizer import unwrapped


class GradualUnfreezing(keras.callbacks.Callback):
    """Unfreezes a model group by group while `fit()` runs, the head first.

    Which groups train is a function of the epoch alone, so `fit(initial_epoch=…)` resumes where it should. Frozen
    groups are really frozen: their backward pass is pruned from the compiled step, and their weights do not move.
    The optimizer keeps its slots and its iteration count, and the learning rate of a group that was just unfrozen
    grows linearly over `warmup_steps`, counted inside the compiled step by the optimizer's iterations. The steps that
    were compiled are kept, so that a second `fit()` with the same schedule compiles nothing until `compile()`.

    The model's optimizer becomes a fine-tuning one when training begins (see
    `kerasaug.transfer.finetune_optimizer`); compile with one yourself to give each group its own learning rate. Put
    this callback before `BackupAndRestore`, so that there is something to restore into.

    The number of groups that train is logged as `unfrozen_groups`.

    Args:
        groups: The layer groups, bottom first. Defaults to `kerasaug.transfer.layer_groups(model)`.
        schedule: A dict from epochs (counted from 0) to the first trainable group at and after that epoch, as in
            `kerasaug.transfer.freeze_to`: `{0: -1, 2: -2, 5: 0}` trains the head, from epoch 2 the group below
            it too, and from epoch 5 everything. Before its first epoch only the head trains. Defaults to one more
            group every `every` epochs.
        every: Epochs between two groups when there is no `schedule`. Defaults to 1.
        warmup_steps: Optimizer steps until a newly unfrozen group has its full learning rate; the k-th step after
            unfreezing has `min(k / warmup_steps, 1)` of it. 0 turns it off. Groups that train in the optimizer's first
            step, which gradient accumulation may put off beyond an epoch, have no warm-up: no slot is older than
            theirs. Defaults to 100.
        bn: `"frozen"` keeps BatchNormalization outside the head frozen, hence in inference mode, also while its
            group trains, as Keras's guide advises; `"train"` trains it with its group. (fastai trains it always.)
            Defaults to `"frozen"`.
        no_decay: What is spared weight decay when the optimizer is converted; see `finetune_optimizer`. Defaults
            to biases and normalisation parameters.

    Raises:
        ValueError: When an argument is out of range, the model is not built, or its optimizer has already taken
            steps without being a fine-tuning one.

    Example:

    ```python
    import keras
    import numpy as np
    from kerasaug.callbacks import GradualUnfreezing

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    x, y = np.ones((8, 4)), np.ones((8, 2))
    history = model.fit(x, y, epochs=3, callbacks=[GradualUnfreezing(every=2)], verbose=0)
    assert history.history["unfrozen_groups"] == [1, 1, 2]
    ```

    Reference:
        - [Howard and Ruder, 2018](https://arxiv.org/abs/1801.06146)
    """

    def __init__(
        self,
        groups: Sequence[LayerGroup] | None = None,
        schedule: dict[int, int] | None = None,
        every: int = 1,
        warmup_steps: int = 100,
        bn: str = "frozen",
        no_decay: Sequence[str] = NO_DECAY,
    ) -> None:
        super().__init__()
        if bn not in ("frozen", "train"):
            raise ValueError(f"GradualUnfreezing: expected `bn` to be 'frozen' or 'train'. Received: bn={bn!r}.")
        if every < 1 or warmup_steps < 0:
            raise ValueError(
                "GradualUnfreezing: expected `every` to be at least 1 and `warmup_steps` at least 0. "
                f"Received: every={every}, warmup_steps={warmup_steps}."
            )
        self.groups = groups
        self.schedule = schedule
        self.every = every
        self.warmup_steps = warmup_steps
        self.bn = bn
        self.no_decay = no_decay
        self._found: list[LayerGroup] = []
        self._unfrozen = 0

    def first_group(self, epoch: int, count: int) -> int:
        """The index of the first of `count` groups that trains in `epoch`."""
        if self.schedule is None:
            return max(count - 1 - epoch // self.every, 0)
        return first_trainable(due(self.schedule, epoch, before=-1), count, type(self).__name__, "schedule")

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Finds the groups and gives the model an optimizer that knows them."""
        self._found = layer_groups(self.model) if self.groups is None else list(self.groups)
        for epoch, n in (self.schedule or {}).items():
            first_trainable(n, len(self._found), type(self).__name__, f"schedule[{epoch}]")
        optimizer = prepare(self.model, type(self).__name__, self._found, self.no_decay)
        optimizer.ramp_steps = self.warmup_steps
        self._unfrozen = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Sets who trains, and takes the train step compiled for it."""
        count = len(self._found)
        first = self.first_group(epoch, count)
        set_flags(self.model, self._found, first, freeze_bn=self.bn == "frozen")
        unwrapped(self.model.optimizer).set_active_groups([index >= first for index in range(count)])
        check_flags(self.model, type(self).__name__)
        self._unfrozen = count - first

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs how many groups trained."""
        if logs is not None:
            logs["unfrozen_groups"] = self._unfrozen

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Sets the flags of a training that a backup found done, of which no epoch began."""
        if self._unfrozen:
            set_flags(self.model, self._found, len(self._found) - self._unfrozen, freeze_bn=self.bn == "frozen")
