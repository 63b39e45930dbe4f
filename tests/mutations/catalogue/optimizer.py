"""The fine-tuning optimizer: decay, groups, slots."""

from mutation import Mutation

_OPTIMIZER = "kerasaug/transfer/optimizer.py"
_LIVE = "kerasaug/transfer/live_settings.py"
_TESTS = "tests/transfer/test_finetune_optimizer.py"
_OF_DECAY = "tests/transfer/test_finetune_optimizer_decay.py"
_OF_L2_SP = "tests/transfer/test_l2_sp.py"
_OF_SAVED = "tests/transfer/test_finetune_optimizer_saved.py"
_WARMUP = "tests/callbacks/test_gradual_unfreezing_warmup.py"

OPTIMIZER = (
    Mutation(
        "weight decay that is assigned does not act",
        _LIVE,
        "self._decay.assign(0.0 if value is None else value)",
        'self.__dict__["_unbuilt_decay"] = value',
        ("tests/callbacks/test_weight_decay_scheduler.py::test_acts_on_the_next_step",),
    ),
    Mutation(
        "a schedule of weight decay is never evaluated",
        _LIVE,
        "self._decay_schedule = value",
        "self._decay.assign(value(0))",
        ("tests/callbacks/test_weight_decay_scheduler.py::test_schedule_of_the_step",),
    ),
    Mutation(
        "the groups' rates are ignored",
        _OPTIMIZER,
        "learning_rate = learning_rate * self._scales[",
        "learning_rate = learning_rate + 0.0 * self._scales[",
        ("tests/callbacks/test_gradual_unfreezing.py::test_group_rates_equal_numpy",),
    ),
    Mutation(
        "weight decay is not scaled with its group's rate",
        _OPTIMIZER,
        'self.__dict__["_decay_scale"] = scale',
        'self.__dict__["_decay_scale"] = 1.0',
        (f"{_TESTS}::test_group_multiplier_scales_step_and_decay",),
    ),
    Mutation(
        "weight decay acts on every group's variables at once",
        _OPTIMIZER,
        "if self._group(v) == group and self._shrinks(v)]",
        "if self._shrinks(v)]",
        (f"{_TESTS}::test_group_multiplier_scales_step_and_decay",),
    ),
    Mutation(
        "the warm-up counts from the first step and not from the unfreezing",
        _OPTIMIZER,
        "- self._unfrozen_at + 1",
        "+ 1",
        (f"{_WARMUP}::test_ramp_counts_from_the_unfreezing",),
    ),
    Mutation(
        "the warm-up begins one step late",
        _OPTIMIZER,
        "- self._unfrozen_at + 1",
        "- self._unfrozen_at",
        (f"{_WARMUP}::test_ramp_counts_from_the_unfreezing",),
    ),
    Mutation(
        "a group that was frozen again has no second warm-up",
        _OPTIMIZER,
        "np.where(active, np.where(running, before, now), _FROZEN)",
        "np.where(active, np.where(running, before, now), before)",
        (f"{_WARMUP}::test_refrozen_group_ramps_again_and_late_adam_step_stays_short",),
    ),
    Mutation(
        "slots of frozen variables are not made",
        _OPTIMIZER,
        "super().build(everything)",
        "super().build([one for one in everything if one.trainable])",
        (f"{_OF_SAVED}::test_loads_while_frozen_and_keeps_all_slots",),
    ),
    Mutation(
        "slots are lost when a frozen model is loaded",
        "kerasaug/transfer/plan.py",
        "active = [index for index, slot in enumerate(self.slots) if slot.active]",
        "active = [index for index, slot in enumerate(self.slots) if not slot.active]",
        (f"{_OF_SAVED}::test_loads_while_frozen_and_keeps_all_slots",),
    ),
    Mutation(
        "the patterns of no_decay are ignored",
        "kerasaug/transfer/plan.py",
        "id(variable) not in spared and not (pattern and pattern.search(variable.path))",
        "id(variable) not in spared",
        (
            f"{_OF_DECAY}::test_no_decay_survives_config_and_loading",
            f"{_OF_DECAY}::test_norm_means_normalisation_of_any_name",
        ),
    ),
    Mutation(
        "what the caller had excluded from weight decay decays",
        "kerasaug/transfer/plan.py",
        "spared = {id(variable) for variable in excluded}",
        "spared: set[int] = set()",
        ("tests/callbacks/test_weight_decay_scheduler.py::test_exclusions_are_kept",),
    ),
    Mutation(
        "the bottom group has the full rate and the top the smallest",
        "kerasaug/transfer/finetune.py",
        "[low ** ((count - 1 - index) / max(count - 1, 1))",
        "[low ** (index / max(count - 1, 1))",
        (f"{_TESTS}::test_spread",),
    ),
    Mutation(
        "moving averages of frozen weights stay where they were",
        _OPTIMIZER,
        "self._restart_averages(lambda slot: not running[slot.group])",
        "self._restart_averages(lambda slot: False)",
        ("tests/callbacks/test_gradual_unfreezing_averages.py::test_moving_averages_start_at_the_weights_there_are",),
    ),
    Mutation(
        "what is pulled to its start is pulled to zero too",
        _OPTIMIZER,
        "self._use_weight_decay(variable) and not self._is_pulled(variable)",
        "self._use_weight_decay(variable)",
        (f"{_OF_L2_SP}::test_pulls_the_body_and_decays_the_head",),
    ),
    Mutation(
        "the head is pulled to its start",
        _OPTIMIZER,
        "[slot.decays and self._below_head(slot) for",
        "[slot.decays for",
        (f"{_OF_L2_SP}::test_pulls_the_body_and_decays_the_head",),
    ),
    Mutation(
        "the pull to the start is lost when a model is saved",
        _OPTIMIZER,
        '"l2_sp": self.l2_sp,',
        '"l2_sp": None,',
        (f"{_OF_L2_SP}::test_is_saved_and_loaded",),
    ),
    Mutation(
        "the pull to the start ignores the rate of the group",
        _LIVE,
        "ops.cast(learning_rate * self._pull, variable.dtype)",
        "ops.cast(self.learning_rate * self._pull, variable.dtype)",
        (f"{_OF_L2_SP}::test_pulls_the_body_and_decays_the_head",),
    ),
    Mutation(
        "an optimizer that is converted once more loses the groups' rates",
        "kerasaug/transfer/finetune.py",
        "    result.group_multipliers = source.group_multipliers\n",
        "",
        (f"{_TESTS}::test_what_is_converted_once_more_keeps_rates_momentum_and_pull",),
    ),
    Mutation(
        "an exclusion from weight decay lifts those before it",
        "kerasaug/transfer/spared.py",
        "slot.decays and i not in chosen)",
        "i not in chosen)",
        (f"{_OF_DECAY}::test_exclusions_add_up_and_stay",),
    ),
    Mutation(
        "stand-ins of frozen variables have paths of their own",
        _OPTIMIZER,
        'slot.path.split("/")[:-1]:',
        'slot.path.split("/")[:0]:',
        (f"{_OF_SAVED}::test_stand_ins_have_the_paths_of_what_they_stand_for",),
    ),
)
