"""Everything a training changes, taken and put back within one process."""

import keras
from keras import ops

from kerasaug.backend import operation_seed_state, set_global_seed_state, set_operation_seed_state
from kerasaug.resume.state import capture_random, restore_random

# What `fit` and `compile` put on a model beside variables, and the steps that `select_step` keeps.
_ATTRIBUTES = (
    "optimizer",
    "train_function",
    "test_function",
    "predict_function",
    "steps_per_execution",
    "stop_training",
    "history",
    "_kerasaug_steps",
    "_compile_loss",
    "_compile_metrics",
)


class Snapshot:
    """Takes what a model, its optimizer, its metrics and all random states are; `restore` puts it back, bit for bit.

    Args:
        model: A built and compiled model.
    """

    def __init__(self, model: keras.Model) -> None:
        self.attributes = {name: vars(model)[name] for name in _ATTRIBUTES if name in vars(model)}
        optimizer = [] if model.optimizer is None else model.optimizer.variables
        variables = {id(one): one for one in (*model.variables, *optimizer, *model.metrics_variables)}
        self.values = [(variable, ops.convert_to_numpy(variable)) for variable in variables.values()]
        self.random = capture_random()
        self.operation_seeds = operation_seed_state()

    def restore(self, model: keras.Model) -> None:
        """Puts everything back, also what an interrupted step has destroyed."""
        model.reset_metrics()  # those that are built by now
        for name in _ATTRIBUTES:
            vars(model).pop(name, None)
        vars(model).update(self.attributes)  # as `compile` sets them: no layer tracks them
        self.restore_values()

    def restore_values(self) -> None:
        """Puts variables and random states back; steps that are compiled stay."""
        for variable, value in self.values:
            variable.assign(value)
        restore_random(self.random)
        set_global_seed_state(self.random["keras_random"])
        set_operation_seed_state(self.operation_seeds)
