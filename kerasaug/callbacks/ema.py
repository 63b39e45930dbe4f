"""Exponential moving average of the weights."""

from typing import Any

import keras

from kerasaug.backend.optimizers import iteration_variable
from kerasaug.callbacks.averaging import WeightAverage
from kerasaug.transfer.optimizer import unwrapped


class EMA(WeightAverage):
    """Keeps an exponential moving average of all weights, and evaluates and ends with it.

    After each update of the optimizer `average = decay * average + (1 - decay) * weight`, of trainable and frozen
    weights and of the statistics of batch normalisation, beginning at the weights. A layer that is frozen has its
    weights for averages to the bit, so one that is unfrozen late begins there. Keras's own `use_ema` has no averages of
    statistics, fails in a second `fit` on JAX, and ends with stale averages after layers were unfrozen.

    With `evaluate=True` the averages are in the model from validation to the end of the epoch, so put this callback
    *before* `BestWeights`, `ModelCheckpoint` and `EarlyStopping`: what they save is what was evaluated.
    `kerasaug.callbacks.BackupAndRestore` resumes it exactly; Keras's own would keep the averages and lose the weights.

    With `steps_per_execution=k` callbacks see every k-th update alone: the averages then move once for all k, as far as
    k updates would have moved them if all had led to the last one's weights. With gradient accumulation they move with
    every update of the weights, not every batch. An update that a `LossScaleOptimizer` skips does not count; to know,
    each step is waited for under one.

    Keras tells callbacks nothing of an exception. After Ctrl-C in validation the model holds the averages: the same
    object puts the weights back when the next `fit` begins, unless others were loaded since; a new one, or no callback,
    begins at the averages. One callback of a `fit` averages weights; a second one is refused.

    A second copy of the weights is on the device. Each update takes one compiled pass over them, for which no step
    waits; on JAX it took the CPU 4.5 ms with 368 small variables.

    Args:
        decay: How much of the average stays in an update, from 0 to below 1; 0.999 averages over about 1000 updates.
            For short trainings take less: 0.99. Defaults to 0.999.
        warmup: `"timm"` limits the decay of update `i` (counted from 1) to `1 - (1 + i) ** (-2 / 3)`, so that the first
            weights are soon forgotten: 0.37, 0.52, 0.6, … 0.99 after 1000. A number of updates lets the average be
            the weights until then, and decays as given from there on. 0 decays as given at once. Defaults to `"timm"`.
        evaluate: Whether validation in `fit`, and callbacks behind this one, see the averages. Defaults to `True`.
        final: Whether the model has the averages after training; else it has the weights. Defaults to `True`.

    Raises:
        ValueError: When `decay` or `warmup` is out of range, or another callback of the `fit` averages weights.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    model.fit(np.ones((8, 4)), np.ones((8, 2)), callbacks=[kerasaug.callbacks.EMA(0.99)], verbose=0)
    ```

    Reference:
        [timm's `ModelEmaV3`](https://huggingface.co/docs/timm/en/reference/utils);
        [Tarvainen and Valpola, 2017](https://arxiv.org/abs/1703.01780)
    """

    def __init__(
        self, decay: float = 0.999, warmup: str | int = "timm", evaluate: bool = True, final: bool = True
    ) -> None:
        super().__init__(evaluate, final)
        if not 0 <= decay < 1:
            raise ValueError(f"EMA: expected `decay` from 0 to below 1. Received: decay={decay}. Common is 0.999.")
        if warmup != "timm" and not (isinstance(warmup, int) and warmup >= 0):
            raise ValueError(
                f"EMA: expected `warmup` to be 'timm' or a number of updates of at least 0. Received: {warmup!r}."
            )
        self.decay = decay
        self.warmup = warmup
        self._first = 0  # the optimizer's count when this began
        self._at_epoch = 0
        self._taken = 0
        self._per_update = 1

    def decay_at(self, update: int) -> float:
        """The decay of an update, counted from 1 since training began."""
        if self.warmup == "timm":
            return min(self.decay, 1.0 - (1.0 + update) ** (-2.0 / 3.0))
        return self.decay if update > int(self.warmup) else 0.0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Begins at the present weights."""
        super().on_train_begin(logs)
        self._per_update = unwrapped(self.model.optimizer).gradient_accumulation_steps or 1
        self._first = self._taken = self.updates()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Training goes on with the weights."""
        super().on_epoch_begin(epoch, logs)
        self._at_epoch = self.updates()

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Takes in what the steps before this one have made of the weights."""
        if isinstance(self._model.optimizer, keras.optimizers.LossScaleOptimizer):
            self._take(self._counted())
        else:
            self._take(self._at_epoch + batch // self._per_update)

    def epoch_is_over(self) -> None:
        """Takes in the last step of the epoch, once."""
        if self._trained is None:
            self._take(self.updates())

    def get_state(self) -> dict[str, Any]:
        """What a backup keeps."""
        return {**super().get_state(), "first": self._first, "taken": self._taken}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on where a backup was made."""
        super().set_state(state)
        self._first, self._taken = state["first"], state["taken"]

    def _counted(self) -> int:
        """The updates made before this step, for which it must be waited."""
        variable = iteration_variable(unwrapped(self._model.optimizer))
        return int(keras.ops.convert_to_numpy(self._state.values([variable])[0])) // self._per_update

    def _take(self, updates: int) -> None:
        kept = 1.0
        for update in range(self._taken, updates):
            kept *= self.decay_at(update - self._first + 1)
        if updates > self._taken:
            self.move(1.0 - kept)
            self._taken = updates
