"""Callbacks: epochs, and the best weights."""

from mutation import Mutation

_BEST = "kerasaug/callbacks/best_weights.py"
_DUE = "kerasaug/callbacks/due.py"
_MIX_OFF = "kerasaug/callbacks/mix_off.py"
_STATISTICS = "kerasaug/callbacks/batch_statistics.py"
_SWA = "kerasaug/callbacks/swa.py"
_UNFINISHED = "kerasaug/callbacks/unfinished.py"
_UNFREEZING = "kerasaug/callbacks/unfreezing.py"
_OF_BEST = "tests/callbacks/test_best_weights.py"
_OF_AVERAGES = "tests/callbacks/test_weight_averages.py"
_OF_MIX_OFF = "tests/callbacks/test_augmentation_aware.py"
_OF_SCHEDULES = "tests/callbacks/test_gradual_unfreezing_errors.py"
_OF_UNFREEZING = "tests/callbacks/test_gradual_unfreezing.py"

CALLBACKS = (
    Mutation(
        "groups unfreeze one epoch late",
        _DUE,
        "if start <= epoch]",
        "if start < epoch]",
        (f"{_OF_SCHEDULES}::test_schedule_is_a_function_of_the_epoch",),
    ),
    Mutation(
        "groups unfreeze one epoch early",
        _UNFREEZING,
        "epoch // self.every",
        "(epoch + 1) // self.every",
        (f"{_OF_SCHEDULES}::test_schedule_is_a_function_of_the_epoch",),
    ),
    Mutation(
        "the optimizer is not told which groups train",
        _UNFREEZING,
        "set_active_groups([index >= first for index in range(count)])",
        "set_active_groups([True for index in range(count)])",
        (f"{_OF_UNFREEZING}::test_training_equals_numpy",),
    ),
    Mutation(
        "the step compiled for other layers goes on",
        _UNFREEZING,
        "        check_flags(self.model, type(self).__name__)\n        self._unfrozen",
        "        self._unfrozen",
        (f"{_OF_UNFREEZING}::test_frozen_weights_stay_and_unfrozen_move",),
        backend="tensorflow",
    ),
    Mutation(
        "weight decay changes one epoch late",
        _DUE,
        "if start <= epoch]",
        "if start < epoch]",
        ("tests/callbacks/test_weight_decay_scheduler.py::test_acts_on_the_next_step",),
    ),
    Mutation(
        "the rate that is logged is the next step's",
        "kerasaug/callbacks/schedule_log.py",
        "schedule(optimizer.iterations - 1)",
        "schedule(optimizer.iterations)",
        ("tests/callbacks/test_schedule_log.py::test_a_schedule_at_the_last_step_of_each_epoch",),
    ),
    Mutation(
        "the worst weights are kept",
        _BEST,
        "return -1 if low else 1",
        "return 1 if low else -1",
        (f"{_OF_BEST}::test_which_epoch_is_best",),
    ),
    Mutation(
        "of equal epochs the last is kept",
        _BEST,
        "score <= self._score",
        "score < self._score",
        (f"{_OF_BEST}::test_which_epoch_is_best",),
    ),
    Mutation(
        "the best weights are written over the old ones",
        _BEST,
        "with replacing(self.path) as temporary:",
        "for temporary in (self.path,):",
        (f"{_OF_BEST}::test_a_kill_leaves_the_old_file",),
    ),
    Mutation(
        "what a callback changes for a while is not noted",
        _UNFINISHED,
        "_LEFT.setdefault(owner, {})[name] = undo",
        "_LEFT.setdefault(owner, {})",
        (f"{_OF_MIX_OFF}::test_mix_off_gives_each_layer_its_own_back",),
    ),
    Mutation(
        "what is back is put back once more",
        _UNFINISHED,
        "    _LEFT.get(owner, {}).pop(name, None)",
        "    _LEFT.get(owner, {})",
        (f"{_OF_MIX_OFF}::test_mix_off_respects_what_was_set_since",),
    ),
    Mutation(
        "a probability that was set after an interruption is overwritten",
        _MIX_OFF,
        "return before if value == 0 else None",
        "return before",
        (f"{_OF_MIX_OFF}::test_mix_off_respects_what_was_set_since",),
    ),
    Mutation(
        "every layer gets the first one's probability back",
        _MIX_OFF,
        "            layer.mix_probability = before\n            unfinished.forget",
        "            layer.mix_probability = self.before[0]\n            unfinished.forget",
        (f"{_OF_MIX_OFF}::test_mix_off_gives_each_layer_its_own_back",),
    ),
    Mutation(
        "mixing ends one epoch late",
        _MIX_OFF,
        "epoch < first",
        "epoch <= first",
        (f"{_OF_MIX_OFF}::test_mix_off",),
    ),
    Mutation(
        "a learning rate that was set after an interruption is overwritten",
        "kerasaug/callbacks/augmentation_aware.py",
        "return base if value == mine else None",
        "return base",
        (f"{_OF_MIX_OFF}::test_interrupted_factors_do_not_compound",),
    ),
    Mutation(
        "epochs do not count the same in SWA",
        _SWA,
        "self.move(1.0 / self.count)",
        "self.move(1.0 / (self.count + 1))",
        (f"{_OF_AVERAGES}::test_swa_is_the_mean_of_epochs",),
    ),
    Mutation(
        "SWA measures statistics before early stopping restores",
        _SWA,
        "callbacks[:] = [*others, self._last]",
        "callbacks[:] = [self._last, *others]",
        (f"{_OF_AVERAGES}::test_swa_measures_statistics",),
    ),
    Mutation(
        "SWA measures statistics of weights from before its averages",
        _SWA,
        "other.best_epoch < self.start_epoch",
        "other.best_epoch < 0",
        (f"{_OF_AVERAGES}::test_swa_leaves_the_statistics_of_an_earlier_epoch",),
    ),
    Mutation(
        "statistics of frozen layers are measured",
        _STATISTICS,
        "isinstance(one, keras.layers.BatchNormalization) and one.trainable]",
        "isinstance(one, keras.layers.BatchNormalization)]",
        (f"{_OF_AVERAGES}::test_update_bn",),
    ),
    Mutation(
        "batches of all sizes count the same",
        _STATISTICS,
        "size = int(keras.ops.shape(keras.tree.flatten(x)[0])[0])",
        "size = 1",
        (f"{_OF_AVERAGES}::test_update_bn",),
    ),
    Mutation(
        "an interrupted fit leaves the averages for weights",
        "kerasaug/callbacks/averaging.py",
        "if all(np.array_equal(",
        "if not all(np.array_equal(",
        (f"{_OF_AVERAGES}::test_an_interrupted_fit_does_not_leave_averages_for_weights",),
    ),
)
