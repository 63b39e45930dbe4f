"""Any hyperparameter along any curve, while `fit()` runs."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import keras

from kerasaug.backend.step_state import StepState
from kerasaug.callbacks.claims import callbacks_of, claim
from kerasaug.callbacks.due import due
from kerasaug.transfer.guard import check_flags
from kerasaug.transfer.hyperparameters import Hyperparameters, plain_name

Schedule: TypeAlias = Callable[[float], float] | Mapping[int, float]
_ME = "ParamScheduler"


class ParamScheduler(keras.callbacks.Callback):
    """Moves hyperparameters along curves while training, each value in effect on the very next step.

    A curve is a function of the position in the training, from 0 at the first step: of step `i` (counted from 0) of
    `n` it is `i / n`, as in fastai, so that 1 would be the step after the last. It depends on epoch and batch alone,
    so a training that is resumed goes on where it stopped.

    With `steps_per_execution` the steps that run as one all have the value of the first of them. With gradient
    accumulation batches are counted, and an update has the value of the batch that completes it.

    What is set, and what that costs with `by="step"`: `learning_rate`, `weight_decay`, `momentum` (`beta_1` of Adam
    and its kin), `strength` of the augmentation, `mix_probability` (a factor on the `p` of MixUp and its kin), and
    `label_smoothing` of an `AugmentedModel`. For weight decay and momentum the optimizer becomes a fine-tuning one,
    see `kerasaug.transfer.finetune_optimizer`. On JAX every value costs the CPU 0.1 to 0.2 ms a step, without
    waiting for one (measured with 368 variables, where `self.model` alone costs 1.7 ms).

    Each value is added to the logs of the epoch: that of its last step. After training it stays as it is.

    Args:
        schedules: A dict from names to one of

            - a curve: `kerasaug.transfer.Cosine(1e-3, 0)`, `Linear`, `Exponential`, `Polynomial`, `Constant`,
              `Combined`, or your own function from a position to a value;
            - a dict from epochs (counted from 0) to the value at and after that epoch; before its first epoch nothing
              changes.

            `kerasaug.transfer.one_cycle(1e-3)` makes such a dict.
        by: `"step"` sets values before every step, `"epoch"` when an epoch begins; of epoch `e` of `n` the position
            is `e / n`. Defaults to `"step"`.
        start_epoch: Epoch at which curves begin; before it nothing changes. Defaults to 0.
        end_epoch: Epoch at whose beginning curves are at 1, where they stay. Defaults to the `epochs` of `fit`.

    Raises:
        TypeError: When a schedule is none.
        ValueError: When a name is unknown, or nothing in the model has it; when the number of steps is not known;
            when another callback sets the same; when a value is out of range.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.AdamW(), "mse")
    scheduler = kerasaug.callbacks.ParamScheduler(
        {"learning_rate": kerasaug.transfer.Cosine(1e-2, 0), "weight_decay": {0: 0.1, 1: 0.01}}, by="epoch"
    )
    history = model.fit(np.ones((8, 4)), np.ones((8, 2)), epochs=2, callbacks=[scheduler], verbose=0)
    assert np.allclose(history.history["learning_rate"], [0.01, 0.005])
    ```

    Reference:
        [fastai's `ParamScheduler`](https://docs.fast.ai/callback.schedule.html)
    """

    def __init__(
        self,
        schedules: Mapping[str, Schedule],
        by: str = "step",
        start_epoch: int = 0,
        end_epoch: int | None = None,
    ) -> None:
        super().__init__()
        if by not in ("step", "epoch"):
            raise ValueError(f"{_ME}: expected `by` to be 'step' or 'epoch'. Received: by={by!r}.")
        if not isinstance(schedules, Mapping) or not schedules:
            raise TypeError(
                f"{_ME}: expected `schedules`, a dict from names of hyperparameters to curves. Received: "
                f"{schedules!r}. Write {{'learning_rate': kerasaug.transfer.Cosine(1e-3, 0)}}."
            )
        self.schedules = {plain_name(name, _ME): _checked(name, one) for name, one in schedules.items()}
        if len(self.schedules) < len(schedules):
            raise ValueError(f"{_ME}: expected each hyperparameter once. Received: {tuple(schedules)}.")
        self.by = by
        self.start_epoch = start_epoch
        self.end_epoch = end_epoch
        self.sets = tuple(self.schedules)
        self._knobs: Hyperparameters
        self._state: StepState
        self._epoch = 0
        self._scaling: list[Any] = []
        self.written: dict[str, float] = {}  # in this epoch, by name

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Makes what is to be set into variables."""
        claim(self)
        if self.by == "step":  # what others multiply when an epoch begins would be overwritten
            self._scaling = [one for one in callbacks_of(self) if callable(getattr(one, "factor", None))]
        self._knobs = Hyperparameters(self.model, self.sets, _ME)
        check_flags(self.model, _ME)
        if not 0 <= self.start_epoch < self._end():
            raise ValueError(
                f"{_ME}: expected `start_epoch` from 0 to below `end_epoch`. Received: start_epoch="
                f"{self.start_epoch}, and {self._end()} for the end. Both are counted from 0 in the epochs of `fit`."
            )
        if self.by == "step" and not self.params.get("steps"):
            raise ValueError(
                f"{_ME}: expected data that know their number of batches, which by='step' needs. Received: a number "
                "that is unknown before the first epoch. Give `fit` its `steps_per_epoch`, or take by='epoch'."
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Sets the values of the epoch's first step."""
        self._epoch, self._state, self.written = epoch, StepState(self._model), {}
        _ = self.model  # under JAX, the variables hold their values from here to the first step
        self._set(0.0)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Sets the values of the step."""
        if self.by == "step":
            self._set(batch / self.params["steps"])

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the values."""
        if logs is not None:
            logs.update({name: self._knobs.get(self.model, name) for name in self.sets})

    def _end(self) -> int:
        return self.params["epochs"] if self.end_epoch is None else self.end_epoch

    def _set(self, part: float) -> None:
        for name, schedule in self.schedules.items():
            value = self._value(schedule, part)
            if value is None:
                continue
            for one in self._scaling:
                value *= one.factor(name)
            if self.written.get(name) != value:
                self._state.write(partial(self._knobs.set, name=name, value=value))
                self.written[name] = value

    def _value(self, schedule: Schedule, part: float) -> float | None:
        """The value at a part of the present epoch; `None` where nothing is to be set."""
        if isinstance(schedule, Mapping):
            value = due(schedule, self._epoch, before=None)
            return None if value is None else float(value)
        if self._epoch < self.start_epoch:
            return None
        position = (self._epoch + part - self.start_epoch) / (self._end() - self.start_epoch)
        return float(schedule(min(position, 1.0)))


def _checked(name: str, schedule: Any) -> Any:
    if not (callable(schedule) or (isinstance(schedule, Mapping) and schedule)):
        raise TypeError(
            f"{_ME}: expected the schedule of {name!r} to be a curve, or a dict from epochs to values. Received: "
            f"{schedule!r}. For one value throughout take kerasaug.transfer.Constant."
        )
    if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        raise TypeError(
            f"{_ME}: expected the schedule of {name!r} to be a function of a position from 0 to 1. Received: "
            f"{type(schedule).__name__}, a function of the optimizer's steps. Compile the optimizer with it, or take "
            "kerasaug.transfer.Cosine and its kin."
        )
    return schedule
