"""Running averages of variables, kept on the device beside a training and updated by one compiled call."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from kerasaug.backend.active import NATIVE
from kerasaug.backend.step_state import StepState


class Averages:
    """Averages of some of a model's variables, which start at their present values.

    An average that equals its variable stays equal to the bit, so what is frozen needs no care.

    Args:
        variables: The variables; floats.
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        self.variables = list(variables)
        self._move = _compiled(self.variables)
        self.values = [np.array(keras.ops.convert_to_numpy(variable)) for variable in self.variables]

    @property
    def values(self) -> list[np.ndarray]:
        """The averages, as copies."""
        return [np.array(keras.ops.convert_to_numpy(one)) for one in self._averages]

    @values.setter
    def values(self, values: Sequence[np.ndarray]) -> None:
        self._averages = _placed(values, self.variables)

    def move(self, share: float, state: StepState) -> None:
        """Moves each average by a share of its distance towards its variable, as it is after the last step."""
        self._averages = self._move(self._averages, state, np.float32(share))


def _placed(values: Sequence[np.ndarray], variables: Sequence[Any]) -> list[Any]:
    if NATIVE == "tensorflow":
        import tensorflow as tf

        return [tf.Variable(value, trainable=False) for value in values]
    if NATIVE == "jax":
        import jax

        # A copy where its variable lies: the variable's own buffer is going to be donated.
        return [
            jax.device_put(np.array(value), variable.value.sharding)
            for value, variable in zip(values, variables, strict=True)
        ]
    return [keras.ops.convert_to_tensor(np.array(value)) for value in values]


def _compiled(variables: Sequence[Any]) -> Any:
    """A function from averages, state of the training and share to averages."""
    if NATIVE == "tensorflow":
        import tensorflow as tf

        @tf.function
        def update(averages: Any, share: Any) -> None:
            for average, variable in zip(averages, variables, strict=True):
                value = tf.convert_to_tensor(variable.value)
                average.assign_add(tf.cast(share, average.dtype) * (value - average))

        def assigned(averages: Any, state: StepState, share: Any) -> Any:
            update(averages, tf.constant(share))
            return averages

        return assigned
    if NATIVE == "jax":
        import jax

        @partial(jax.jit, donate_argnums=0)
        def towards(averages: Any, values: Any, share: Any) -> Any:
            return [one + share.astype(one.dtype) * (value - one) for one, value in zip(averages, values, strict=True)]

        return lambda averages, state, share: towards(averages, state.values(variables), share)

    def eager(averages: Any, state: StepState, share: Any) -> Any:
        values = [keras.ops.stop_gradient(value) for value in state.values(variables)]
        return [one + float(share) * (value - one) for one, value in zip(averages, values, strict=True)]

    return eager
