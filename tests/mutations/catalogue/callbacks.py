"""Callbacks: epochs, and the best weights."""

from mutation import Mutation

_BEST = "kerasaug/callbacks/best_weights.py"
_DUE = "kerasaug/callbacks/due.py"
_UNFREEZING = "kerasaug/callbacks/unfreezing.py"
_OF_BEST = "tests/callbacks/test_best_weights.py"
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
)
