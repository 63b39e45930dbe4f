"""Advice on the batch size: what gradients' noise and the device's speed say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from kerasaug.transfer.gradient_noise import GradientMeter, NoiseScale, measure, noise_scale
from kerasaug.transfer.inputs import all_batches, is_arrays
from kerasaug.transfer.optimizer import unwrapped
from kerasaug.transfer.step_time import step_times
from kerasaug.transfer.trial import trial
from kerasaug.transfer.trial_data import fit_data, samples

_EQUAL = 1.05  # times the shortest time: differences below are within what a few steps measure


@dataclass(frozen=True)
class BatchSizeAdvice:
    """What `batch_size_advice` has measured and concludes; `str` of it says so in words.

    Attributes:
        batch_size: The advice: the smallest batch with which a training is expected to be about as short as can be.
            `None` where no step was timed.
        noise_scale: In samples, with `.value`, `.low` and `.high`: at batches of this size half of what a step gains
            is lost to noise.
        batch_sizes: Those that were timed, ascending.
        seconds: The median time of a step with each.
        throughput: Samples in a second, with each.
        times: How long a training takes with each, relative to the shortest: `seconds * (1 + noise_scale / size)`.
        measured_at: The batch size of the gradients, which the learning rate is for now.
        scaling: `"linear"` or `"sqrt"`: how the optimizer's learning rate goes with the batch size.
        learning_rate_factor: What to multiply the learning rate by with `batch_size`; 1 where there is no advice.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(128, 4))
    found = kerasaug.transfer.batch_size_advice(model, (x, x[:, :1]), batch_sizes=[], batch_size=16)
    assert isinstance(found, kerasaug.transfer.BatchSizeAdvice) and found.batch_size is None
    ```
    """

    batch_size: int | None
    noise_scale: NoiseScale
    batch_sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    throughput: tuple[float, ...]
    times: tuple[float, ...]
    measured_at: int
    scaling: str
    learning_rate_factor: float

    def __str__(self) -> str:
        noise = self.noise_scale
        lines = [f"Gradient noise scale: {noise.value:.3g} samples ({noise.low:.3g} to {noise.high:.3g})."]
        if noise.high == float("inf"):
            lines.append("The gradient can hardly be told from noise: measure more batches, or take the lower bound.")
        rows = zip(self.batch_sizes, self.seconds, self.throughput, self.times, strict=True)
        lines += ["batch size  ms a step  samples/s  training time"] if self.batch_sizes else []
        lines += [f"{size:10}  {1e3 * time:9.3g}  {rate:9.4g}  {total:12.2f}x" for size, time, rate, total in rows]
        if self.batch_size is None:
            return "\n".join(lines)
        power = "its square root" if self.scaling == "sqrt" else "it"
        factor = f"{self.learning_rate_factor:.3g} times that for batches of {self.measured_at}"
        lines.append(
            f"Batches of {self.batch_size}: the smallest within {_EQUAL - 1:.0%} of the shortest training. The "
            f"learning rate goes with {power}: {factor}."
        )
        return "\n".join(lines)


def batch_size_advice(
    model: keras.Model,
    data: Any,
    batch_sizes: Sequence[int] | None = None,
    *,
    batch_size: int = 32,
    groups: int = 8,
    batches: int = 8,
    timed_steps: int = 10,
    class_weight: Mapping[int, float] | None = None,
) -> BatchSizeAdvice:
    """Measures how noisy gradients are and how long steps take, and says which batch size makes training short.

    The simple noise scale of McCandlish and others, B, is the variance of one sample's gradient over the gradient's
    squared length. To get equally far, steps of batches of b samples must be taken `1 + B / b` times as often as of
    endless ones; with the time of a step that gives the time of a training, up to a factor.

    Gradients are those of the model's own train step, with what is trainable now, augmentation, dropout, weights of
    samples and classes; the weights do not move. Everything is put back as after `lr_find`.

    Limits: the law is derived for plain gradient descent at the best learning rate of each batch size, and says
    nothing about which batch generalises best. B grows in training, often tenfold: measured on untrained weights it is
    a lower bound. BatchNormalization makes gradients depend on the batch size in another way too. The rules for
    learning rates, linear for SGD and by square root for optimizers that normalise gradients, hold up to about B.
    Times are of this device, without loading that goes on beside. Not under `tf.distribute`.

    Args:
        model: A built and compiled model.
        data: As of `lr_find`; arrays, for steps to be timed. A shuffled dataset, for batches must be independent.
        batch_sizes: Which to time, ascending; an empty list for none. Default to powers of two from 8 to a quarter of
            the samples, 1024 at most; for datasets to none.
        batch_size: Of the gradients that are measured, for arrays: the one that the learning rate is for. That of a
            dataset is read off its first batch. Defaults to 32.
        groups: Groups of batches, between which the error is estimated. Defaults to 8.
        batches: Batches in each group. Defaults to 8.
        timed_steps: Steps to time, for each batch size. Defaults to 10.
        class_weight: As in `keras.Model.fit`.

    Returns:
        A `BatchSizeAdvice`, which prints its numbers and reasons.

    Raises:
        ValueError: As of `lr_find`; when there are fewer than two batches of data, or a number is out of range.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(128, 4))
    advice = kerasaug.transfer.batch_size_advice(model, (x, x[:, :1]), [16, 32], batch_size=16, timed_steps=2)
    print(advice)
    ```

    Reference:
        - [McCandlish and others, 2018](https://arxiv.org/abs/1812.06162)
        - [linear scaling: Goyal and others, 2017](https://arxiv.org/abs/1706.02677)
        - [square root scaling: Malladi and others, 2022](https://arxiv.org/abs/2205.10287)
    """
    sizes = _sizes(data, batch_sizes, batch_size, groups, batches, timed_steps)
    weights = None if class_weight is None else dict(class_weight)
    given = fit_data(data, batch_size, _NAME)
    if not is_arrays(data):
        batch_size = samples(next(all_batches(data)))
    with trial(model, _NAME, lambda: _meter(model)):
        noise = noise_scale(*measure(model, given, groups, batches, _NAME, weights), batch_size)
    with trial(model, _NAME):
        seconds = step_times(model, data, sizes, timed_steps, _NAME, weights)
    sizes = sizes[: len(seconds)]
    times = [time * (1 + min(noise.value, 1e9) / size) for time, size in zip(seconds, sizes, strict=True)]
    best = next((size for size, time in zip(sizes, times, strict=True) if time <= _EQUAL * min(times)), None)
    scaling = "linear" if isinstance(unwrapped(model.optimizer), keras.optimizers.SGD) else "sqrt"
    ratio = 1.0 if best is None else best / batch_size
    return BatchSizeAdvice(
        best,
        noise,
        tuple(sizes),
        tuple(seconds),
        tuple(size / time for time, size in zip(seconds, sizes, strict=True)),
        tuple(time / min(times) for time in times),
        batch_size,
        scaling,
        ratio if scaling == "linear" else ratio**0.5,
    )


_NAME = "batch_size_advice"


def _meter(model: keras.Model) -> Any:
    meter = GradientMeter()
    if isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer):
        meter = keras.optimizers.LossScaleOptimizer(meter, model.optimizer.initial_scale)
    meter.build(model.trainable_variables)
    return meter


def _sizes(
    data: Any, given: Sequence[int] | None, batch_size: int, groups: int, batches: int, timed_steps: int
) -> list[int]:
    if not (batch_size >= 1 and groups >= 2 and batches >= 2 and timed_steps >= 1):
        raise ValueError(
            f"{_NAME} expects groups and batches of at least 2, batch_size and timed_steps of at least 1. Received: "
            f"groups={groups}, batches={batches}, batch_size={batch_size}, timed_steps={timed_steps}."
        )
    if not is_arrays(data):
        if given:
            raise ValueError(
                f"{_NAME} expects arrays, to make batches of several sizes. Received: {type(data).__name__}. Pass "
                "arrays, or no `batch_sizes`."
            )
        return []
    count = samples(data)
    if count < 2 * batch_size:
        raise ValueError(
            f"{_NAME} expects at least two batches, whose gradients differ. Received: {count} samples, "
            f"batch_size={batch_size}. Pass a smaller batch_size."
        )
    if given is None:
        return [2**power for power in range(3, 11) if 2**power <= count // 4]
    sizes = sorted({int(size) for size in given})
    if sizes and not 1 <= sizes[0] <= sizes[-1] <= count:
        raise ValueError(f"{_NAME} expects batch_sizes from 1 to the {count} samples. Received: {list(given)}.")
    return sizes
