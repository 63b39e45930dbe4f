"""Gradients of single batches, measured inside the compiled step, and how noisy they are."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from kerasaug.transfer.optimizer import unwrapped
from kerasaug.transfer.range_test import BatchLoss, fit


class NoiseScale(NamedTuple):
    """A gradient noise scale, in samples.

    Attributes:
        value: The trace of the gradient's covariance, of one sample, over its squared length; infinite where the
            gradient could not be told from noise.
        low: Two standard errors below, by a jackknife over groups of batches.
        high: Two standard errors above; infinite where the gradient may be nothing but noise.
    """

    value: float
    low: float
    high: float


class GradientMeter(keras.optimizers.Optimizer):
    """Leaves weights as they are and adds up gradients: Keras has no other access to them on every backend.

    After a step `squared` has grown by the squared length of its gradient, `crossed` by its product with the sum of
    the gradients before it. `keep`, 1 or 0, is what that sum is multiplied by first.
    """

    def __init__(self) -> None:
        super().__init__(learning_rate=0.0, name="gradient_meter")
        self.squared = self.add_variable((), "zeros", dtype="float32", name="squared")
        self.crossed = self.add_variable((), "zeros", dtype="float32", name="crossed")
        self.keep = self.add_variable((), "zeros", dtype="float32", name="keep")

    def build(self, variables: Sequence[Any]) -> None:
        """Makes the sums."""
        if self.built:
            return
        super().build(variables)
        self.sums = [self.add_variable((*variable.shape,), dtype="float32", name="sum") for variable in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Adds one variable's gradient."""
        total = self.sums[self._get_variable_index(variable)]
        gradient = ops.cast(ops.convert_to_tensor(gradient, sparse=False), "float32")
        before = total * self.keep
        self.assign_add(self.squared, ops.sum(ops.square(gradient)))
        self.assign_add(self.crossed, ops.sum(gradient * before))
        self.assign(total, before + gradient)


def measure(
    model: keras.Model,
    data: dict[str, Any],
    groups: int,
    batches: int,
    caller: str,
    class_weight: dict[int, float] | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Squared lengths and products of gradients inside a `trial` whose optimizer is a `GradientMeter`.

    Args:
        model: The model.
        data: Arguments of `fit`.
        groups: How many groups of batches.
        batches: Batches in each.
        caller: Who asks, for messages.
        class_weight: As in `fit`.

    Returns:
        For each group the mean squared length of a batch's gradient, and the mean product of two batches' gradients.
    """
    callback = _Meter(groups, batches, caller)
    # Steps that a LossScaleOptimizer leaves out are taken again, at half the scale: 2**15 can be halved that often.
    fit(model, data, groups * batches + 64, [callback], class_weight)
    if len(callback.squared) < groups * batches or not np.isfinite(callback.squared).all():
        raise ValueError(
            f"{caller} expects data, and a model with finite gradients. Received: {len(callback.squared)} of "
            f"{groups * batches} gradients. Check the data and the dtype."
        )
    squared = np.asarray(callback.squared).reshape(groups, batches).mean(1)
    crossed = np.asarray(callback.crossed).reshape(groups, batches).sum(1) / (batches * (batches - 1) / 2)
    return squared, crossed


def noise_scale(squared: np.ndarray, crossed: np.ndarray, batch_size: int) -> NoiseScale:
    """McCandlish and others' simple noise scale, from what `measure` returns.

    Products of independent batches' gradients have the squared length of the true gradient for a mean, squared lengths
    that and the noise over the batch size. Both are unbiased; their ratio is so for many batches.
    """
    noise = batch_size * (squared - crossed)

    def inverse(chosen: np.ndarray) -> float:
        return float(crossed[chosen].mean() / noise[chosen].mean())

    count = len(squared)
    everyone = np.arange(count)
    if noise.mean() <= 0:
        return NoiseScale(0.0, 0.0, 0.0)
    center = inverse(everyone)
    left_out = np.array([inverse(np.delete(everyone, index)) for index in everyone])
    error = np.sqrt((count - 1) / count * np.sum((left_out - left_out.mean()) ** 2))
    value, low, high = (
        1 / one if one > 0 else float("inf") for one in (center, center + 2 * error, center - 2 * error)
    )
    return NoiseScale(value, low, high)


class _Meter(BatchLoss):
    def __init__(self, groups: int, batches: int, caller: str) -> None:
        super().__init__(caller)
        self.count, self.batches = groups * batches, batches
        self.squared: list[float] = []
        self.crossed: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_train_batch_begin(batch, logs)
        meter = unwrapped(self.model.optimizer)
        meter.squared.assign(0.0)
        meter.crossed.assign(0.0)
        meter.keep.assign(float(len(self.squared) % self.batches > 0))

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_train_batch_end(batch, logs)
        meter = unwrapped(self.model.optimizer)
        squared, crossed = (float(ops.convert_to_numpy(one)) for one in (meter.squared, meter.crossed))
        if squared > 0 or unwrapped(meter) is self.model.optimizer:  # a step that was left out has measured nothing
            self.squared.append(squared)
            self.crossed.append(crossed)
        if len(self.squared) == self.count:
            self.model.stop_training = True
