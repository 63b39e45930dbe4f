"""The optimizer that fine-tuning needs, as a mixin in front of any Keras optimizer.

Everything here that starts with an underscore belongs to Keras's optimizer base class and is private:
`_backend_apply_gradients`, `_apply_weight_decay`, `_use_weight_decay`, `_get_variable_index`,
`_var_key`, `_trainable_variables`, `_trainable_variables_indices`, `_model_variables_moving_average`. Keras offers no
public way to train a part of the variables, to scale a learning rate per variable or to change weight decay in a
compiled step. They are used here, in `live_settings.py` and in `spared.py` alone, and
`tests/transfer/test_finetune_optimizer.py` pins what is relied on.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasaug.transfer.live_settings import LiveDecay, LiveMomentum, StartingPoint
from kerasaug.transfer.plan import Plan, Slot
from kerasaug.transfer.spared import Spared

_FROZEN = -1


class FineTuneMixin(LiveDecay, LiveMomentum, StartingPoint, Spared):
    """Goes in front of a Keras optimizer class; `finetune_optimizer` makes one.

    It is built once, on every variable that may ever be trained, and applied to those that are trainable now. So
    slots keep their place and the saved state its layout, whatever is frozen. Each layer group has a learning-rate
    multiplier and the iteration at which it was unfrozen, and weight decay and momentum are variables: all can be
    changed between compiled steps, and all are saved.
    """

    def __init__(
        self, *args: Any, plan: dict[str, Any] | None = None, l2_sp: float | None = None, **kwargs: Any
    ) -> None:
        decay = kwargs.get("weight_decay")
        if isinstance(decay, keras.optimizers.schedules.LearningRateSchedule):
            kwargs["weight_decay"] = 0.0
        super().__init__(*args, **kwargs)
        self._plan = Plan.from_config(plan) if plan else Plan()
        self._scales = None
        self._begin_decay(decay)
        self._begin_momentum()
        self._begin_pull(l2_sp)
        if self._plan.groups:
            shape = (len(self._plan.groups),)
            self._multipliers = self.add_variable(shape, "ones", name="learning_rate_multipliers")
            self._unfrozen_at = self.add_variable(shape, "zeros", dtype="int32", name="unfrozen_at")
            self._ramp = self.add_variable((), "zeros", name="ramp_steps")

    # -- weight decay, momentum and the pull to the start: variables, where Keras bakes Python floats into the step

    def _apply_weight_decay(self, variables: Sequence[Any]) -> None:
        if self._scales is None:
            super()._apply_weight_decay(variables)
            return
        for group, scale in enumerate(self._scales):
            members = [v for v in variables if self._group(v) == group and self._shrinks(v)]
            if not members:  # torch refuses an empty list
                continue
            self.__dict__["_decay_scale"] = scale
            try:
                super()._apply_weight_decay(members)
            finally:
                self.__dict__["_decay_scale"] = None

    # -- layer groups: a multiplier each, and a ramp after unfreezing

    @property
    def group_names(self) -> tuple[str, ...]:
        """The layer groups that have a multiplier, bottom first."""
        return self._plan.groups

    @property
    def group_multipliers(self) -> np.ndarray:
        """The learning-rate multiplier of each group, without the warm-up."""
        return ops.convert_to_numpy(self._multipliers)

    @group_multipliers.setter
    def group_multipliers(self, values: Sequence[float]) -> None:
        given = np.asarray(values, "float32")
        if given.shape != (len(self.group_names),) or not (np.isfinite(given).all() and (given >= 0).all()):
            raise ValueError(
                f"{type(self).__name__}: expected a multiplier of at least 0 for each of the groups "
                f"{self.group_names}. Received: {values}."
            )
        self._multipliers.assign(given)

    @property
    def ramp_steps(self) -> int:
        """Steps over which a group that was unfrozen in training gets to its full learning rate."""
        return int(ops.convert_to_numpy(self._ramp))

    @ramp_steps.setter
    def ramp_steps(self, value: int) -> None:
        self._ramp.assign(float(value))

    def group_scales(self) -> Any:
        """What the learning rate of each group is multiplied with in the next step: its multiplier and its ramp."""
        age = ops.cast(ops.cast(self.iterations, "int32") - self._unfrozen_at + 1, "float32")
        ramp = ops.clip(age / ops.maximum(self._ramp, 1.0), 0.0, 1.0)
        # A group that trains from the first step needs no ramp: its slots are as young as the iteration count says.
        return self._multipliers * ops.where(self._unfrozen_at > 0, ramp, 1.0)

    def set_active_groups(self, active: Sequence[bool]) -> None:
        """Records, between steps, which groups train; one that was frozen starts its ramp now.

        The moving averages of groups that are frozen or start now are set to the weights themselves.
        """
        before = ops.convert_to_numpy(self._unfrozen_at)
        now = int(ops.convert_to_numpy(self.iterations))
        running = np.asarray(active) & (before != _FROZEN) & (now > 0)
        after = np.where(active, np.where(running, before, now), _FROZEN)
        self._unfrozen_at.assign(after.astype("int32"))
        self._restart_averages(lambda slot: not running[slot.group])

    def _group(self, variable: Any) -> int:
        return self._plan.slots[self._get_variable_index(variable)].group

    def _shrinks(self, variable: Any) -> bool:
        """Whether weight decay acts on it; what is pulled to its start is not pulled to zero as well."""
        return self._use_weight_decay(variable) and not self._is_pulled(variable)

    def _below_head(self, slot: Slot) -> bool:
        return slot.group < len(self._plan.groups) - 1

    @contextmanager
    def _scaling(self) -> Iterator[None]:
        """Holds the groups' scales, computed once, while a step is being applied."""
        if self._plan.groups:
            scales = self.group_scales()
            self.__dict__["_scales"] = [scales[group] for group in range(len(self._plan.groups))]
        try:
            with self._within_step():
                yield
        finally:
            self.__dict__["_scales"] = None  # a tensor of the step's graph must not outlive it

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """One variable's update, at the rate of its group."""
        if self._scales is not None:
            learning_rate = learning_rate * self._scales[self._group(variable)]
        self._pull_back(variable, learning_rate)
        super().update_step(gradient, variable, learning_rate)

    # -- built on everything

    def build(self, variables: Sequence[Any]) -> None:
        """Creates the slots of every variable in the plan, also of those frozen now, which a stand-in replaces."""
        if self.built:
            return
        if not self._plan.slots:
            self._plan = Plan.of(variables, no_decay=())
        placed = self._plan.place(variables)
        everything = [placed[i] if i in placed else _stand_in(slot) for i, slot in enumerate(self._plan.slots)]
        super().build(everything)
        self.bind(everything)
        self._spare_as_asked()
        self._build_starts(everything, [slot.decays and self._below_head(slot) for slot in self._plan.slots])
        self._restart_averages(lambda slot: True)

    def bind(self, variables: Sequence[Any]) -> None:
        """Points the slots to `variables`, all of them: after loading, stand-ins give way to what they stood for."""
        self.__dict__["_everything"] = self.__dict__["_trainable_variables"] = list(variables)
        self.__dict__["_all_averages"] = self._model_variables_moving_average if self.use_ema else []
        self.__dict__["_trainable_variables_indices"] = {self._var_key(v): i for i, v in enumerate(variables)}
        self._spare()

    def fits(self, plan: Plan, variables: Sequence[Any]) -> bool:
        """Whether this optimizer holds slots for exactly these variables, in the groups of `plan` if it has any."""
        return self.built and self._plan.fits(variables) and (not plan.groups or self._plan.same_groups(plan))

    # -- applied to a part

    def stateless_apply(self, optimizer_variables: Any, grads: Any, trainable_variables: Any) -> Any:
        """Keras's stateless `apply`, for the variables that are trainable now instead of all (JAX)."""
        active = [variable for variable in self._trainable_variables if variable.trainable]
        if [tuple(v.shape) for v in active] != [tuple(v.shape) for v in trainable_variables]:
            raise ValueError(
                f"{type(self).__name__}: expected values for the {len(active)} trainable variables out of the "
                f"{len(self._trainable_variables)} it was built on. Received {len(trainable_variables)} values of "
                "other number or shape. Freeze with `kerasaug.transfer.freeze_to` or "
                "`kerasaug.callbacks.GradualUnfreezing`, which keep model and optimizer together."
            )
        mapping = [*zip(active, trainable_variables, strict=True)]
        mapping += zip(self.variables, optimizer_variables, strict=True)
        with keras.StatelessScope(state_mapping=mapping) as scope:
            self.apply(grads, active)
        return (
            [scope.get_current_value(variable) for variable in active],
            [scope.get_current_value(variable) for variable in self.variables],
        )

    def _backend_apply_gradients(self, grads: Sequence[Any], trainable_variables: Sequence[Any]) -> None:
        with self._averaging_only(trainable_variables), self._scaling():
            super()._backend_apply_gradients(grads, trainable_variables)

    @contextmanager
    def _averaging_only(self, variables: Sequence[Any]) -> Iterator[None]:
        """Keras pairs all variables with all averages by position: shows it those that train, and no others."""
        if not self.use_ema:
            yield
            return
        # What is put back is what was built: replicas are traced by turns, and may see each other's lists here.
        averages = self._all_averages
        self.__dict__["_trainable_variables"] = list(variables)
        self.__dict__["_model_variables_moving_average"] = [averages[self._get_variable_index(v)] for v in variables]
        try:
            yield
        finally:
            self.__dict__["_trainable_variables"] = self._everything
            self.__dict__["_model_variables_moving_average"] = averages

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Overwrites the variables that were trained by their moving averages."""
        if self.use_ema:
            for variable in var_list:
                average = self._model_variables_moving_average[self._get_variable_index(variable)]
                if average is not None:
                    variable.assign(ops.convert_to_numpy(average))  # a copy: JAX donates each buffer once

    def _restart_averages(self, which: Any) -> None:
        if not self.use_ema:
            return
        pairs = zip(self._trainable_variables, self._model_variables_moving_average, strict=True)
        for slot, (variable, average) in zip(self._plan.slots, pairs, strict=True):
            if average is not None and which(slot):
                average.assign(ops.convert_to_numpy(variable))  # a copy: JAX donates each buffer once

    # -- config

    def get_config(self) -> dict[str, Any]:
        """The config of the optimizer, with weight decay as it is now and the plan."""
        plan = self._plan
        if self.built:
            plan = plan.updated((v.trainable, self._use_weight_decay(v)) for v in self._trainable_variables)
        return {
            **super().get_config(),
            **self._momentum_config(),
            "weight_decay": self._decay_config(),
            "plan": plan.to_config(),
            "l2_sp": self.l2_sp,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Creates the optimizer from its config; `build` then makes slots for the whole plan."""
        decay = config.get("weight_decay")
        if isinstance(decay, dict):
            decay = keras.saving.deserialize_keras_object(decay, custom_objects=custom_objects)
        return super().from_config({**config, "weight_decay": decay}, custom_objects=custom_objects)


def _stand_in(slot: Slot) -> keras.Variable:
    with ExitStack() as scopes:
        for part in slot.path.split("/")[:-1]:  # some optimizers choose variables by their paths: Muon
            scopes.enter_context(keras.name_scope(part))
        return keras.Variable(
            "zeros", shape=slot.shape, dtype=slot.dtype, trainable=False, name=slot.name.rpartition("/")[2]
        )


def unwrapped(optimizer: Any) -> Any:
    """The optimizer inside a `LossScaleOptimizer`, or `optimizer` itself."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def spared_by(optimizer: Any, variables: Sequence[Any]) -> list[Any]:
    """The variables that `exclude_from_weight_decay` of any Keras optimizer has excluded."""
    return [variable for variable in variables if not optimizer._use_weight_decay(variable)]


def bind_wrapper(wrapper: Any, variables: Sequence[Any]) -> None:
    """Builds a `LossScaleOptimizer` on all variables: it pairs gradients with its own list, and drops the rest."""
    if not wrapper.built:
        wrapper.build(list(variables))
    vars(wrapper)["_trainable_variables"] = list(variables)
