"""Numbers of an optimizer that may change between two compiled steps, where Keras bakes Python floats into the step."""

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

if TYPE_CHECKING:
    from keras.optimizers import Optimizer as Behind  # the class that stands behind the mixins
else:
    Behind = object

MOMENTA = ("momentum", "beta_1")  # what optimizers call the decay of their running mean of gradients


class LiveDecay(Behind):
    """Weight decay as a variable, or a schedule that is evaluated in the step."""

    def _begin_decay(self, given: Any) -> None:
        self._decay_schedule = None
        self._decay_scale = None
        initial = self.__dict__.pop("_unbuilt_decay", None)
        self._decay = self.add_variable((), keras.initializers.Constant(initial or 0.0), name="weight_decay")
        if isinstance(given, keras.optimizers.schedules.LearningRateSchedule):
            self.weight_decay = given

    @property
    def weight_decay(self) -> Any:
        """The weight decay of the next step, which may be assigned a number or a `LearningRateSchedule` of the step.

        A number acts on the very next step. A schedule is evaluated inside the step, so the step has to be
        compiled anew after a schedule was assigned.
        """
        if "_decay" not in self.__dict__:  # Keras's constructors read what they have just assigned
            return self.__dict__.get("_unbuilt_decay")
        decay = self._decay if self._decay_schedule is None else self._decay_schedule(self.iterations)
        return decay if self._decay_scale is None else decay * self._decay_scale

    @weight_decay.setter
    def weight_decay(self, value: Any) -> None:
        if "_decay" not in self.__dict__:
            self.__dict__["_unbuilt_decay"] = value
        elif isinstance(value, keras.optimizers.schedules.LearningRateSchedule):
            self._decay_schedule = value
        else:
            self._decay_schedule = None
            self._decay.assign(0.0 if value is None else value)

    def trace_key(self) -> Any:
        """What a compiled step has baked in beyond Keras's own settings."""
        return None if self._decay_schedule is None else repr(keras.saving.serialize_keras_object(self._decay_schedule))

    def _decay_config(self) -> Any:
        if self._decay_schedule is not None:
            return keras.saving.serialize_keras_object(self._decay_schedule)
        return float(ops.convert_to_numpy(self._decay))


class LiveMomentum(Behind):
    """Momentum (`beta_1` of Adam and its kin) as a variable; `live_momentum` makes the property that shows it."""

    _stepping = False
    momentum_name: str | None = None

    def _begin_momentum(self) -> None:
        given = self.__dict__.pop("_unbuilt_momentum", None)
        self._given_momentum = given
        self._momentum = None
        if given:  # without momentum there are no slots for it, and there is nothing to change
            self._momentum = self.add_variable((), keras.initializers.Constant(given), name="momentum")
            self._momentum.__class__ = _positive(type(self._momentum))

    @contextmanager
    def _within_step(self) -> Iterator[None]:
        """While a step is traced, momentum is the variable; elsewhere it reads as a float."""
        self.__dict__["_stepping"] = True
        try:
            yield
        finally:
            self.__dict__["_stepping"] = False

    def _read_momentum(self) -> Any:
        if "_momentum" not in self.__dict__:
            return self.__dict__.get("_unbuilt_momentum")
        if self._momentum is None:
            return self._given_momentum
        if self._stepping:
            return self._momentum
        value = float(ops.convert_to_numpy(self._momentum))
        return self._given_momentum if value == np.float32(self._given_momentum) else value

    def _momentum_config(self) -> dict[str, float]:
        """Momentum that has come down to zero still has slots, which one that is made with zero has not."""
        gone = self._momentum is not None and not self._read_momentum()
        return {str(self.momentum_name): self._given_momentum} if gone else {}

    def _write_momentum(self, value: float) -> None:
        if "_momentum" not in self.__dict__:
            self.__dict__["_unbuilt_momentum"] = value
        elif self._momentum is not None:
            self._momentum.assign(value)
        elif value:
            raise ValueError(
                f"{type(self).__name__}: expected to be made with momentum before it is changed, since there are no "
                f"slots for it. Received: {value}. Compile with `{type(self).__mro__[-1].__name__}(momentum=…)`."
            )


def live_momentum(base: type) -> dict[str, Any]:
    """The property for a variant's body, under the name that `base` has for momentum; empty where it has none."""
    parameters = inspect.signature(base.__init__).parameters  # type: ignore[misc]
    names = [name for name in MOMENTA if name in parameters][:1]
    doc = "The momentum of the next step; a number may be assigned at any time between two."
    found = {name: property(LiveMomentum._read_momentum, LiveMomentum._write_momentum, doc=doc) for name in names}
    return {**found, "momentum_name": names[0] if names else None}


def _positive(base: type) -> type:
    """A variable that is known to be above zero: optimizers ask `if self.momentum > 0` while they are traced."""
    if base not in _POSITIVE:
        body: dict[str, Any] = {"__gt__": _yes, "__ne__": _yes, "__hash__": base.__hash__}
        _POSITIVE[base] = type(base.__name__, (base,), body)
    return _POSITIVE[base]


def _yes(self: Any, other: Any) -> bool:
    return True


_POSITIVE: dict[type, type] = {}


class StartingPoint(Behind):
    """Pulls weights towards the values they had when the optimizer was made: L2-SP, decoupled as AdamW's decay is."""

    _pull: Any = None

    def _begin_pull(self, alpha: float | None) -> None:
        if alpha is not None:
            self._pull = self.add_variable((), keras.initializers.Constant(alpha), name="l2_sp")
        self._starts: list[Any] = []

    @property
    def l2_sp(self) -> float | None:
        """How strongly weights are pulled to where they began; `None` when the optimizer was made without."""
        return None if self._pull is None else float(ops.convert_to_numpy(self._pull))

    @l2_sp.setter
    def l2_sp(self, value: float) -> None:
        if self._pull is None:
            raise ValueError(
                f"{type(self).__name__}: expected to be made with l2_sp before it is changed. Received: {value}. Make "
                "it with `kerasaug.transfer.finetune_optimizer(…, l2_sp=0.01)`."
            )
        self._pull.assign(value)

    def _build_starts(self, variables: Sequence[Any], pulled: Sequence[bool]) -> None:
        self._starts = [None] * len(variables)
        if self._pull is None:
            return
        for index, variable in enumerate(variables):
            if pulled[index]:
                self._starts[index] = self.add_variable_from_reference(variable, name="start")
        self.remember_start()

    def remember_start(self) -> None:
        """Takes the present weights for where they began."""
        for variable, start in zip(self._trainable_variables, self._starts, strict=True):
            if start is not None:
                start.assign(ops.convert_to_numpy(variable))  # a copy: JAX donates each buffer once

    def _is_pulled(self, variable: Any) -> bool:
        return self._pull is not None and self._starts[self._get_variable_index(variable)] is not None

    def _pull_back(self, variable: Any, learning_rate: Any) -> None:
        if self._is_pulled(variable):
            start = self._starts[self._get_variable_index(variable)]
            share = ops.cast(learning_rate * self._pull, variable.dtype)
            self.assign_sub(variable, share * ops.subtract(variable, start))
