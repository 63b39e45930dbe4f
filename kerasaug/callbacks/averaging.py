"""What averages of weights have in common: when they stand in the model, and how they are resumed."""

import warnings
from typing import Any

import keras
import numpy as np

from kerasaug.backend.averages import Averages
from kerasaug.backend.step_state import StepState
from kerasaug.callbacks.claims import callbacks_of, claim
from kerasaug.transfer.optimizer import unwrapped


class WeightAverage(keras.callbacks.Callback):
    """Keeps averages of a model's weights and lets them take the weights' place; subclasses say when they move.

    Args:
        evaluate: Whether validation, and what callbacks behind this one do when an epoch ends, sees the averages.
        final: Whether the model has the averages after training.
    """

    sets = ("weights",)  # two averages would each take the other's for the weights
    async_safe = True  # nothing happens when a batch ends, so JAX need not wait for it

    def __init__(self, evaluate: bool, final: bool) -> None:
        super().__init__()
        self.evaluate = evaluate
        self.final = final
        self._averages: Averages | None = None
        self._trained: list[np.ndarray] | None = None  # the weights, while the averages are in the model
        self._state: StepState

    def ready(self) -> bool:
        """Whether there are averages that are worth being used."""
        return True

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Begins at the present weights; at the trained ones, where an interrupted `fit` left the averages."""
        claim(self)
        self._warn_of_order()
        self._recover()
        self._averages = Averages([one for one in self.model.weights if keras.backend.is_float_dtype(one.dtype)])

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Training goes on with the weights."""
        self._swap_out()
        self._state = StepState(self._model)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Validation, inside `fit`, takes the averages."""
        if self._averages is not None and self.evaluate:
            self.epoch_is_over()
            self._swap_in()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Callbacks behind this one see the averages too."""
        self.epoch_is_over()
        if self.evaluate:
            self._swap_in()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Leaves the averages in the model, or the weights."""
        if self.final:
            self._swap_in()
        else:
            self._swap_out()
        self._averages, self._trained = None, None

    def epoch_is_over(self) -> None:
        """Takes in the last step of the epoch, once."""
        raise NotImplementedError

    def move(self, share: float) -> None:
        """Moves the averages towards the weights."""
        assert self._averages is not None
        self._averages.move(share, self._state)

    def get_state(self) -> dict[str, Any]:
        """What a backup keeps."""
        averages = None if self._averages is None else self._averages.values
        return {"averages": averages, "trained": self._trained}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on where a backup was made."""
        if self._averages is not None and state["averages"] is not None:
            self._averages.values = state["averages"]
            self._trained = state["trained"]
            self._swap_out()

    def updates(self) -> int:
        """How many updates the optimizer has made."""
        return int(keras.ops.convert_to_numpy(unwrapped(self.model.optimizer).iterations))

    def _warn_of_order(self) -> None:
        others = callbacks_of(self)
        for other in others[: others.index(self)]:
            if isinstance(other, keras.callbacks.EarlyStopping) and other.restore_best_weights:
                me = type(self).__name__
                warnings.warn(
                    f"{me}: expected to stand before EarlyStopping(restore_best_weights=True) among the callbacks. "
                    f"Received: {type(other).__name__} before it, which saves other weights than {me} evaluates, and "
                    f"{me} may overwrite what it restores when training ends. Put {me} first.",
                    stacklevel=3,
                )

    def _recover(self) -> None:
        """Takes the averages out again that an exception has left in the model, unless others were loaded since."""
        if self._trained is not None and self._averages is not None:
            _ = self.model
            pairs = zip(self._averages.variables, self._averages.values, strict=True)
            if all(np.array_equal(keras.ops.convert_to_numpy(one), value) for one, value in pairs):
                self._swap_out()
        self._trained = None

    def _swap_in(self) -> None:
        if self._trained is not None or self._averages is None or not self.ready():
            return
        _ = self.model  # under JAX, writes the values of the last step back first
        self._trained = [np.array(keras.ops.convert_to_numpy(one)) for one in self._averages.variables]
        self._put(self._averages.values)

    def _swap_out(self) -> None:
        if self._trained is not None:
            _ = self.model
            self._put(self._trained)
            self._trained = None

    def _put(self, values: list[np.ndarray]) -> None:
        assert self._averages is not None
        for variable, value in zip(self._averages.variables, values, strict=True):
            variable.assign(value)
