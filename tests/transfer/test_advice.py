"""Advice on batch sizes and epochs, where the answer is known."""

import keras
import numpy as np
import pytest

from kerasaug.transfer import batch_size_advice, epoch_advice, finetune_optimizer
from kerasaug.transfer.gradient_noise import noise_scale
from kerasaug.transfer.inputs import all_batches
from kerasaug.transfer.learning_curve import fits
from kerasaug.transfer.step_time import step_times

FEATURES, SAMPLES, BATCH = 4, 2048, 16
RNG = np.random.default_rng(0)
A = RNG.normal(size=(SAMPLES, FEATURES)).astype("float32")
B = (A @ np.full((FEATURES, 1), 1.5) + RNG.normal(size=(SAMPLES, 1))).astype("float32")


def linear(optimizer):
    keras.utils.set_random_seed(3)
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = keras.Sequential([keras.Input((FEATURES,)), dense])
    model.compile(optimizer, "mse")
    return model


@pytest.fixture(scope="module")
def model():
    made = linear(finetune_optimizer(keras.optimizers.SGD(0.01), linear("sgd")))
    made.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse")
    made.fit(A[:64], B[:64], verbose=0)
    made.set_weights([np.ones((FEATURES, 1), "float32")])
    return made


def state(model):
    return [keras.ops.convert_to_numpy(one) for one in (*model.variables, *model.optimizer.variables)]


@pytest.fixture(scope="module")
def advice(model):
    before = state(model)
    found = batch_size_advice(model, (A, B), [8, 16], batch_size=BATCH, groups=16, batches=8, timed_steps=3)
    for one, other in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(one, other)
    return found


def test_the_noise_scale_is_that_of_the_samples_gradients(advice):
    """128 batches of 16 are all samples once: the spread of the 2048 gradients is known."""
    each = 2 * (A @ np.ones((FEATURES, 1)) - B) * A
    noise, mean = np.trace(np.cov(each.T)), each.mean(0)
    want = noise / (mean @ mean)
    assert advice.noise_scale.low < want < advice.noise_scale.high
    assert advice.noise_scale.value == pytest.approx(want, rel=0.3)
    assert advice.noise_scale.high < 3 * want


def test_the_estimate_is_without_bias():
    rng, truth = np.random.default_rng(1), np.array([1.0, -2.0, 0.5])
    gradients = truth + rng.normal(size=(4000, 4, 3)) * np.sqrt(30.0 / 3 / 5)  # noise of 30, in batches of 5
    products = np.einsum("gik,gjk->gij", gradients, gradients)
    squared = np.einsum("gii->g", products) / 4
    crossed = (products.sum((1, 2)) - 4 * squared) / 12
    found = noise_scale(squared, crossed, 5)
    assert found.value == pytest.approx(30 / (truth @ truth), rel=0.03)
    assert found.low < 30 / (truth @ truth) < found.high
    assert noise_scale(squared, -np.abs(crossed), 5).high == float("inf")


def test_the_batch_size_is_that_of_the_shortest_training(advice):
    noise = advice.noise_scale.value
    times = [seconds * (1 + noise / size) for seconds, size in zip(advice.seconds, (8, 16), strict=True)]
    np.testing.assert_allclose(advice.times, np.array(times) / min(times))
    assert advice.batch_size == (8 if times[0] <= 1.05 * min(times) else 16)
    assert advice.scaling == "linear"
    assert advice.learning_rate_factor == advice.batch_size / BATCH
    assert f"Batches of {advice.batch_size}:" in str(advice)


def test_adaptive_optimizers_and_half_precision():
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(), initial_scale=2.0**10)
    found = batch_size_advice(linear(scaled), (A, B), [32], batch_size=128, groups=4, batches=4, timed_steps=1)
    assert found.scaling == "sqrt"
    assert found.learning_rate_factor == 0.5
    each = 2 * (A @ np.ones((FEATURES, 1)) - B) * A
    assert found.noise_scale.value == pytest.approx(np.trace(np.cov(each.T)) / np.sum(each.mean(0) ** 2), rel=0.5)


def test_sizes_that_memory_does_not_hold_are_left_out(model, monkeypatch):
    def fit(model, data, steps, callbacks, class_weight):
        if data["batch_size"] > 16:
            raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate")
        callbacks[0].seconds = [9.0, 9.0, 1.0, 2.0, 5.0]

    monkeypatch.setattr("kerasaug.transfer.step_time.fit", fit)
    model_steps = step_times(keras.Sequential(), (A, B), [8, 16, 32], 3, "test", None)
    assert model_steps == [2.0, 2.0]
    with pytest.raises(RuntimeError, match="memory"):
        step_times(keras.Sequential(), (A, B), [32], 3, "test", None)


class Batches(keras.utils.PyDataset):
    """Batches of 64, with an end or without."""

    def __init__(self, end=8):
        super().__init__()
        self.end = end

    @property
    def num_batches(self):
        return self.end

    def __getitem__(self, index):
        index = index % 8
        return A[64 * index : 64 * index + 64], B[64 * index : 64 * index + 64]


def test_the_batch_size_of_a_dataset_is_its_own(model):
    assert batch_size_advice(model, Batches(), groups=2, batches=2).measured_at == 64


X = np.arange(1, 9.0)


@pytest.mark.parametrize(
    ("losses", "law", "scale", "end"),
    [
        (0.5 + 2 * np.exp(-X / 3), "exponential", 3.0, 1 + 3 * np.log(20)),
        (0.5 + 2 * X**-0.8, "power", 0.8, 20 ** (1 / 0.8)),
    ],
)
def test_laws_are_found_again(losses, law, scale, end):
    best = max(fits(X, losses), key=lambda one: one.explained)
    assert best.law == law
    assert best.scale == pytest.approx(scale, rel=0.05)
    assert best.floor == pytest.approx(0.5, abs=0.05)
    assert best.until(0.05) == pytest.approx(end, rel=0.05)


def test_epochs_of_gradient_descent(model):
    """The excess of a least-squares loss falls by (1 - rate * curvature)² a step, all curvatures being about alike."""
    before = state(model)
    slow = linear(keras.optimizers.SGD(0.05))
    found = epoch_advice(slow, (A[:256], B[:256]), (A[:256], B[:256]), epochs=8, batch_size=256)
    curvature = np.linalg.eigvalsh(2 * A[:256].T @ A[:256] / 256).mean()
    want = 1 + np.log(0.05) / (2 * np.log(1 - 0.05 * curvature))
    assert found.low <= want * 1.15
    assert found.low == pytest.approx(want, rel=0.25)
    assert found.low <= found.epochs
    assert str(found.epochs) in str(found)
    assert epoch_advice(model, (A[:64], B[:64]), epochs=4, batch_size=16).measured == 4
    for one, other in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_validation_loss_that_rises():
    """Validation data that ask for the opposite after a while: their best is the first epoch."""
    far = (A[:64], A[:64] @ np.full((FEATURES, 1), 0.9))
    found = epoch_advice(linear(keras.optimizers.SGD(0.05)), (A[:64], B[:64]), far, epochs=5, batch_size=64)
    assert found.overfitted
    assert found.epochs == 1 + int(np.argmin(found.losses))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: batch_size_advice(m, (A[:8], B[:8]), batch_size=8), "two batches"),
        (lambda m: batch_size_advice(m, (A, B), groups=1), "groups and batches"),
        (lambda m: batch_size_advice(m, (A, B), [9999]), "batch_sizes from 1"),
        (lambda m: batch_size_advice(m, [(A, B)] * 4, [8]), "arrays"),
        (lambda m: epoch_advice(m, (A, B), epochs=3), "epochs of at least 4"),
        (lambda m: epoch_advice(m, Batches(None)), "come to an end"),
        (lambda m: epoch_advice(m, (A, B), Batches(None)), "come to an end"),
    ],
)
def test_misuse(model, call, message):
    with pytest.raises(ValueError, match=f"expects .*{message}"):
        call(model)


class Endless(keras.utils.PyDataset):
    num_batches = None

    def __getitem__(self, index):
        return A[:BATCH], B[:BATCH]


def test_the_first_batch_of_endless_data():
    assert next(all_batches(Endless()))[0].shape == (BATCH, FEATURES)
