"""A range test of learning rates: what it finds, and that it leaves nothing behind."""

import itertools
import random
import sys

import keras
import numpy as np
import pytest

import kerasaug
from kerasaug.transfer import LRFinderResult, finetune_optimizer, lr_find
from kerasaug.transfer.snapshot import Snapshot
from kerasaug.transfer.suggestions import minimum, slide, steep, trimmed, valley

RNG = np.random.default_rng(0)
X, Y = RNG.uniform(0, 255, (16, 4, 4, 1)).astype("float32"), np.arange(16) % 3
JIT = "auto" if keras.backend.backend() == "jax" else False  # XLA takes seconds to compile what takes none to run
OPTIMIZERS = {
    "momentum": lambda net: keras.optimizers.SGD(0.01, momentum=0.9, weight_decay=0.01),
    "scaled": lambda net: keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, 20), gradient_accumulation_steps=2)
    ),
    "groups": lambda net: finetune_optimizer("adamw", net, learning_rate=slice(1e-4, 1e-2)),
}


def augmented(name):
    keras.utils.set_random_seed(1)
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Flatten(),
            layers.Dense(4),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(3, "softmax"),
        ]
    )
    pipeline = kerasaug.Pipeline([kerasaug.layers.RandomFlip(), kerasaug.layers.MixUp(num_classes=3)])
    model = kerasaug.AugmentedModel(network, pipeline)
    model.compile(OPTIMIZERS[name](network), "categorical_crossentropy", metrics=["accuracy"], jit_compile=JIT)
    return model


def everything(model):
    states = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return [keras.ops.convert_to_numpy(one) for one in states]


def attributes(model):
    return {name for name in vars(model) if name[0] != "_" or name == "_kerasaug_steps"}


def fitted(model, epochs=1):
    return model.fit(X, Y, batch_size=8, epochs=epochs, verbose=0).history["loss"]


def draws():
    tf = sys.modules.get("tensorflow")
    shuffled = list(tf.data.Dataset.range(9).shuffle(9).as_numpy_iterator()) if tf else []
    return [random.random(), np.random.rand(), *keras.ops.convert_to_numpy(keras.random.uniform((2,))), *shuffled]


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def find(model, data=(X, Y), **arguments):
    return lr_find(model, data, **{"start_lr": 1e-3, "num_it": 6, "batch_size": 8, "verbose": 0, **arguments})


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on_as_if_there_had_been_no_test(name):
    losses, ends = [], []
    for when in ("never", "before and between"):
        model = augmented(name)
        if when != "never":
            built, names = model.optimizer.built, attributes(model)
            find(model)
            assert model.optimizer.built == built
            assert model.train_function is None
            assert attributes(model) == names  # no history
        losses.append(fitted(model))
        if when != "never":
            history, step, state = model.history, model.train_function, everything(model)
            find(model)
            assert model.history is history
            assert model.train_function is step
            assert_same(everything(model), state)
        losses[-1] += fitted(model)
        ends.append(everything(model) + draws())
    assert losses[0] == losses[1]
    assert_same(*ends)


class Failing(keras.utils.PyDataset):
    """Fails at its third batch, and counts epochs."""

    ended = 0

    def __init__(self, error):
        super().__init__()
        self.error = error

    def __len__(self):
        return 4

    def __getitem__(self, index):
        if self.error is not None and index == 2:
            raise self.error
        return X[:8], Y[:8]

    def on_epoch_end(self):
        self.ended += 1


@pytest.fixture(scope="module")
def trained():
    model = augmented("momentum")
    fitted(model)
    return model


def test_after_an_interruption_all_is_as_it_was(trained, monkeypatch):
    before, optimizer, step = everything(trained), trained.optimizer, trained.train_function
    steps = []

    def fail(self, batch, logs=None):
        steps.append(batch)
        if len(steps) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("kerasaug.transfer.range_test._Sweep.on_train_batch_end", fail)
    with pytest.raises(KeyboardInterrupt):
        find(trained)
    assert trained.optimizer is optimizer
    assert trained.train_function is step
    assert_same(everything(trained), before)


def test_after_data_that_fail_all_is_as_it_was(trained):
    before = everything(trained)
    with pytest.raises(Exception, match="disk"):
        find(trained, Failing(OSError("disk")))
    assert_same(everything(trained), before)


def test_a_dataset_is_repeated_and_not_told_of_epochs(trained):
    data = Failing(None)
    assert len(find(trained, data, num_it=9, stop_div=False).lrs) == 9
    assert data.ended == 0


def linear(optimizer, features=3):
    keras.utils.set_random_seed(3)
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = keras.Sequential([keras.Input((features,)), dense])
    model.compile(optimizer, "mse")
    return model


A = RNG.normal(size=(8, 3)).astype("float32")
B = (A @ [[2.0], [-1.0], [0.5]]).astype("float32")


def test_random_states_are_put_back():
    model = linear("sgd")
    before = Snapshot(model)
    drawn = draws()
    before.restore(model)
    assert_same(draws(), drawn)


def test_losses_are_those_of_a_loop_by_hand():
    found = find(linear(keras.optimizers.SGD(0.5)), (A, B), start_lr=1e-2, end_lr=0.2, num_it=5)
    w, losses, smoothed = np.ones((3, 1)), [], []
    rates = [1e-2 * 20 ** (index / 4) for index in range(5)]
    for count, rate in enumerate(rates, start=1):
        losses.append(np.mean((A @ w - B) ** 2))
        w = w - rate * 2 * A.T @ (A @ w - B) / len(A)
        weights = 0.98 ** np.arange(count)[::-1]
        smoothed.append(np.sum(weights * losses) / np.sum(weights))
    np.testing.assert_allclose(found.lrs, rates)
    np.testing.assert_allclose(found.losses, losses, rtol=1e-5)
    np.testing.assert_allclose(found.smoothed, smoothed, rtol=1e-5)


def test_an_accumulated_step_has_one_rate_and_the_mean_loss():
    twice = keras.optimizers.SGD(0.5, gradient_accumulation_steps=2)
    got = find(linear(twice), (A, B), start_lr=1e-2, end_lr=0.2, num_it=4, batch_size=4)
    want = find(linear(keras.optimizers.SGD(0.5)), (A, B), start_lr=1e-2, end_lr=0.2, num_it=4)
    np.testing.assert_allclose(got.losses, want.losses, rtol=1e-5)


def test_it_blows_up_where_gradient_descent_diverges():
    """On a quadratic that is at 2 over the largest curvature."""
    found = find(linear("sgd"), (A, B), start_lr=1e-4, end_lr=100.0, num_it=100)
    threshold = 2 / np.linalg.eigvalsh(2 * A.T @ A / len(A)).max()
    assert found.diverged
    assert threshold < found.lrs[-1] < 20 * threshold  # the loss has to climb from next to nothing to four times all
    assert max(found.valley, found.steep, found.minimum) < threshold
    assert "blew up" in str(found)


def test_a_loss_that_is_not_finite_ends_it():
    found = find(linear("sgd"), (A, B), start_lr=1.0, end_lr=1e30, num_it=20, stop_div=False)
    assert found.diverged
    assert len(found.lrs) < 20
    assert np.isfinite(found.losses).all()
    with pytest.raises(ValueError, match="finite loss"):
        find(linear("sgd"), (A * np.nan, B))


def longest_fall(values):
    """All subsequences of a short list."""
    best = 0
    for mask in range(1 << len(values)):
        chosen = [value for index, value in enumerate(values) if mask >> index & 1]
        if all(a > b for a, b in itertools.pairwise(chosen)):
            best = max(best, len(chosen))
    return best


def test_valley_is_in_the_middle_of_the_longest_fall():
    rates = np.arange(10.0)
    assert valley(rates, np.array([5, 5, 5, 4, 3, 2, 1, 6, 7, 8.0])) == 2.0
    losses = np.array([3, 1, 9, 8, 2, 7, 6, 5, 9, 9.0])
    length = longest_fall(losses)  # 9 8 7 6 5, which ends at index 7
    start, third = 7 - length, length / 3
    assert valley(rates, losses) == start + int(third) + int(third / 2)


def test_steep_minimum_and_slide():
    rates = np.geomspace(1e-4, 1.0, 41)
    losses = 2 - np.tanh(4 * (np.log10(rates) + 2)) + np.where(rates > 0.3, 10 * (rates - 0.3), 0)
    assert steep(rates, losses) == pytest.approx(1e-2, rel=0.3)
    assert minimum(rates, losses) == pytest.approx(rates[np.argmin(losses)] / 10)
    slopes = np.gradient(losses)
    right = next(r for r in range(40, 14, -1) if abs(slopes[r] - slopes[r - 15]) <= 0.005)
    assert slide(rates, losses) == pytest.approx(rates[right - 14])
    with pytest.raises(ValueError, match="begin lower"):
        trimmed(rates[:12], losses[:12], 100)
    assert len(trimmed(rates, losses, 100)[0]) == 41 - 10 - 5


def test_plot():
    rates = np.geomspace(1e-4, 1.0, 41)
    figure = LRFinderResult(rates, 1 + rates, 1 - rates, 41, False).plot()
    assert figure.axes[0].get_xscale() == "log"
    assert len(figure.axes[0].lines) == 6  # losses, smoothed ones, four suggestions
    axes = figure.subplots()
    short = LRFinderResult(rates[:3], 1 + rates[:3], 1 - rates[:3], 41, True)
    assert short.plot(axes) is figure
    assert "Too few losses" in str(short)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start_lr": 0.0}, "0 < start_lr < end_lr"),
        ({"start_lr": 20.0}, "0 < start_lr < end_lr"),
        ({"num_it": 1}, "num_it of at least 2"),
        ({"data": iter([(X, Y)])}, "can be read again"),
        ({"data": ((X, Y) for _ in range(3))}, "can be read again"),
    ],
)
def test_misuse(trained, arguments, message):
    with pytest.raises(ValueError, match=f"lr_find expects .*{message}"):
        find(trained, **arguments)


def test_models_that_cannot_be_put_back():
    model = keras.Sequential([keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="compiled model"):
        find(model)
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="built model"):
        find(model)
    model.build((None, 3))
    model.trainable = False
    with pytest.raises(ValueError, match="every layer of it frozen"):
        find(model)


def test_layers_frozen_after_training(trained):
    trained.model.layers[1].trainable = False
    try:
        with pytest.raises(ValueError, match=r"lr_find: .*compile\(\)"):
            find(trained)
    finally:
        trained.model.layers[1].trainable = True
