"""ParamScheduler: values as a hand-written loop sets them, on every step, with whatever steps `fit` takes."""

import keras
import numpy as np
import pytest
from callback_toys import X, Y, assert_same_weights, gradient, linear, stopped_and_resumed, train

from kerasaug import AugmentedModel, Pipeline
from kerasaug.callbacks import ParamScheduler, WeightDecayScheduler
from kerasaug.layers import MixUp
from kerasaug.transfer import Combined, Constant, Cosine, Exponential, Linear, one_cycle

CURVES = {"learning_rate": Cosine(0.2, 0.02), "weight_decay": Linear(0.5, 0), "momentum": Exponential(0.5, 0.9)}
STEPS, EPOCHS = 4, 3


def compiled(optimizer=None, **kwargs):
    model = linear()
    optimizer = optimizer or keras.optimizers.SGD(0.1, 0.3, weight_decay=0.1)
    model.compile(optimizer, "mse", **kwargs)
    return model


def numpy_run(w, at):
    """SGD with momentum and decoupled decay, at a position for each of the twelve steps."""
    velocity = np.zeros_like(w)
    for step, p in enumerate(at):
        rate = 0.02 + (0.2 - 0.02) * (1 + np.cos(np.pi * p)) / 2
        velocity = 0.5 * (0.9 / 0.5) ** p * velocity - rate * gradient(w, step)
        w = w * (1 - rate * 0.5 * (1 - p)) + velocity
    return w


@pytest.mark.parametrize(
    ("by", "execution", "position"),
    [
        ("step", 1, lambda step: step / 12),
        ("step", 3, lambda step: (step // 4 * 4 + step % 4 // 3 * 3) / 12),  # steps 0-2 run as one, 3 alone
        ("epoch", 1, lambda step: step // 4 / 3),
    ],
)
def test_equals_a_loop_by_hand(by, execution, position):
    model = compiled(steps_per_execution=execution)
    start = model.get_weights()[0]
    history = train(model, [ParamScheduler(CURVES, by)]).history
    at = [position(step) for step in range(12)]
    np.testing.assert_allclose(model.get_weights()[0], numpy_run(start, at), rtol=1e-5, atol=1e-6)
    last = [at[4 * epoch + 3] for epoch in range(3)]
    for name, curve in CURVES.items():
        np.testing.assert_allclose(history[name], [curve(p) for p in last], rtol=1e-6)


def test_resumes_after_any_epoch(tmp_path):
    whole = compiled()
    history = train(whole, [ParamScheduler(CURVES)]).history
    for model, again in stopped_and_resumed(compiled, lambda: [ParamScheduler(CURVES)], tmp_path / "backup"):
        assert_same_weights(model, whole)
        assert again == history


def test_gradient_accumulation_takes_the_value_of_the_completing_batch():
    model = compiled(keras.optimizers.SGD(0.1, gradient_accumulation_steps=2))
    w = model.get_weights()[0]
    train(model, [ParamScheduler({"lr": Linear(0.2, 0)})])
    for step in range(1, 12, 2):
        w = w - 0.2 * (1 - step / 12) * (gradient(w, step - 1) + gradient(w, step)) / 2
    np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-5, atol=1e-6)


def test_inside_a_loss_scale():
    plain = compiled()
    train(plain, [ParamScheduler(CURVES)])
    inner = keras.optimizers.SGD(0.1, 0.3, weight_decay=0.1)
    scaled = compiled(keras.optimizers.LossScaleOptimizer(inner, initial_scale=8.0))
    train(scaled, [ParamScheduler(CURVES)])
    np.testing.assert_allclose(scaled.get_weights()[0], plain.get_weights()[0], rtol=1e-5, atol=1e-6)


class Record(keras.callbacks.Callback):
    """The weights after each step."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(self.model.get_weights()[0])


def test_mixed_precision():
    seen = []
    keras.utils.set_random_seed(3)
    dense = keras.layers.Dense(2, use_bias=False, dtype="mixed_float16")
    model = keras.Sequential([keras.Input((3,)), dense])
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=8.0)
    model.compile(optimizer, "mse")
    start = model.get_weights()[0]
    train(model, [ParamScheduler({"lr": lambda p: 0.1 * (p >= 0.5)}), Record(seen)], epochs=1)
    np.testing.assert_array_equal(seen[1], start)  # two steps at rate 0
    np.testing.assert_allclose(seen[2], start - 0.1 * gradient(start, 2), rtol=0.02, atol=0.002)  # half precision


def test_a_window_of_epochs_and_a_dict():
    schedules = {"learning_rate": Linear(0.2, 0), "momentum": {1: 0.6, 3: 0.7}}
    history = train(compiled(), [ParamScheduler(schedules, "epoch", start_epoch=1, end_epoch=3)], epochs=4).history
    np.testing.assert_allclose(history["learning_rate"], [0.1, 0.2, 0.1, 0], rtol=1e-6)
    np.testing.assert_allclose(history["momentum"], [0.3, 0.6, 0.6, 0.7], rtol=1e-6)


def test_augmentation_and_labels_move_too():
    images, labels = np.ones((8, 2, 2, 1), "float32"), np.eye(3, dtype="float32")[np.arange(8) % 3]
    dense = [keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    model = AugmentedModel(keras.Sequential([keras.Input((2, 2, 1)), *dense]), Pipeline([MixUp()]))
    model.compile("sgd", "categorical_crossentropy")
    names = ("strength", "mix_probability", "label_smoothing")
    scheduler = ParamScheduler({name: Linear(0, 0.8) for name in names})
    history = model.fit(images, labels, batch_size=2, epochs=2, verbose=0, callbacks=[scheduler]).history
    for name in names:
        np.testing.assert_allclose(history[name], [0.3, 0.7], rtol=1e-6)


def test_one_cycle_is_fastais():
    """Values of fastai 2's `combined_cos(0.25, 0.04, 1, 1e-5)` and `combined_cos(0.25, 0.95, 0.85, 0.95)`."""
    curves = one_cycle(1.0)
    at = [0.0, 0.125, 0.25, 0.5, 0.625, 1.0]
    np.testing.assert_allclose([curves["learning_rate"](p) for p in at], [0.04, 0.52, 1, 0.7500025, 0.500005, 1e-5])
    np.testing.assert_allclose([curves["momentum"](p) for p in at], [0.95, 0.9, 0.85, 0.875, 0.9, 0.95])
    history = train(compiled("adam"), [ParamScheduler(one_cycle(0.1))]).history
    np.testing.assert_allclose(history["momentum"], [0.85, 0.891318, 0.946985], atol=1e-6)  # at 3/12, 7/12, 11/12


def test_curves():
    both = Combined([Linear(0, 1), Exponential(1, 0.01), Constant(5)], [0.1, 0.4, 0.5])
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(both))
    for curve in (both, again):
        np.testing.assert_allclose([curve(p) for p in (-1, 0, 0.05, 0.1, 0.3, 0.5, 2)], [0, 0, 0.5, 1, 0.1, 5, 5])
    for wrong in ([0.5, 0.5], [0.2, 0.2, 0.2], [0.5, 0.5, 0]):
        with pytest.raises(ValueError, match="Combined: expected 3 positive `fractions`"):
            Combined([Linear(0, 1)] * 3, wrong)
    with pytest.raises(ValueError, match="Exponential: expected positive"):
        Exponential(1, 0)
    with pytest.raises(ValueError, match="finite"):
        Linear(0, float("nan"))


def test_two_that_set_the_same_are_named():
    mine = ParamScheduler({"lr": Linear(1, 0), "wd": Linear(1, 0)})
    for other in (
        keras.callbacks.LearningRateScheduler(lambda epoch: 0.1),
        keras.callbacks.ReduceLROnPlateau(),
        WeightDecayScheduler({0: 0.1}),
        ParamScheduler({"learning_rate": Constant(1)}),
    ):
        with pytest.raises(ValueError, match=f"only callback that sets .*{type(other).__name__}"):
            train(compiled(), [mine, other])


def test_misuse(recwarn):
    for arguments, message in [
        (({"lerning_rate": Linear(0, 1)},), "Did you mean 'learning_rate'"),
        (({"lr": Linear(0, 1), "learning_rate": Linear(0, 1)},), "once"),
        (({"lr": Linear(0, 1)}, "batch"), "by='batch'"),
    ]:
        with pytest.raises(ValueError, match=message):
            ParamScheduler(*arguments)
    for wrong in (Cosine(0, 1), {}, {"lr": 0.1}, {"lr": keras.optimizers.schedules.CosineDecay(0.1, 5)}):
        with pytest.raises(TypeError, match="ParamScheduler: expected"):
            ParamScheduler(wrong)
    for mine, message in [
        (ParamScheduler({"lr": Linear(0, 1)}, start_epoch=3), "start_epoch=3"),
        (ParamScheduler({"lr": Linear(0, -1)}), r"learning_rate from 0 to .*-0\.08"),
        (ParamScheduler({"strength": Linear(0, 1)}), "AugmentedModel"),
    ]:
        with pytest.raises(ValueError, match=message):
            train(compiled(), [mine])
    one = keras.optimizers.SGD(0.1)
    several = keras.optimizers.MultiOptimizer(lambda variable: one)
    for optimizer, message in [(several, "MultiOptimizer"), (keras.optimizers.SGD(lambda: 0.1), "Received: function")]:
        with pytest.raises(ValueError, match=message):
            train(compiled(optimizer), [ParamScheduler({"lr": Linear(0, 1)})])
    with pytest.raises(ValueError, match="steps_per_epoch"):
        compiled().fit(((X[:4], Y[:4]) for _ in range(2)), verbose=0, callbacks=[ParamScheduler({"lr": Linear(0, 1)})])
