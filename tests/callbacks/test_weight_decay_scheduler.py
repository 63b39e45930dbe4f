"""WeightDecayScheduler: the arithmetic of the very next step, where gradients are zero."""

from itertools import pairwise

import keras
import numpy as np
import pytest
from keras import ops

from kerasaug.callbacks import WeightDecayScheduler

RATE = 0.5


def zero_gradient_model():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, use_bias=False)])


X, Y = np.zeros((8, 3), "float32"), np.ones((8, 2), "float32")


def run(model, schedule, epochs=3, **kwargs):
    """Weights before the first epoch and after each, and the history."""
    weights = [model.get_weights()[0]]
    record = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()[0]))
    callbacks = [WeightDecayScheduler(schedule), record]
    history = model.fit(X, Y, batch_size=4, epochs=epochs, verbose=0, callbacks=callbacks, **kwargs).history
    return weights, history


def assert_decays(weights, factors):
    for (before, after), factor in zip(pairwise(weights), factors, strict=True):
        np.testing.assert_allclose(after, before * factor, rtol=1e-6)


@pytest.mark.parametrize("make", [keras.optimizers.SGD, keras.optimizers.Adam, keras.optimizers.RMSprop])
def test_acts_on_the_next_step(make):
    model = zero_gradient_model()
    model.compile(make(RATE, weight_decay=0.3), "mse")
    weights, history = run(model, {1: 0.1, 2: 0.0})
    # Two steps an epoch, w · (1 - rate · decay) each; with zero gradients no optimizer does anything else.
    assert_decays(weights, [(1 - RATE * 0.3) ** 2, (1 - RATE * 0.1) ** 2, 1.0])
    np.testing.assert_allclose(history["weight_decay"], [0.3, 0.1, 0.0], rtol=1e-6)


def test_function_of_epoch_and_value():
    model = zero_gradient_model()
    model.compile(keras.optimizers.SGD(RATE, weight_decay=0.4), "mse")
    seen = []

    def halve(epoch, decay):
        seen.append((epoch, round(decay, 6)))
        return decay / 2

    weights, history = run(model, halve)
    assert seen == [(0, 0.4), (1, 0.2), (2, 0.1)]
    assert_decays(weights, [(1 - RATE * decay) ** 2 for decay in (0.2, 0.1, 0.05)])
    np.testing.assert_allclose(history["weight_decay"], [0.2, 0.1, 0.05], rtol=1e-6)


@pytest.mark.parametrize("steps_per_execution", [1, 2])
def test_schedule_of_the_step(tmp_path, steps_per_execution):
    model = zero_gradient_model()
    model.compile(keras.optimizers.SGD(RATE), "mse", steps_per_execution=steps_per_execution)
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0, 2], [0.1, 0.2, 0.4])
    weights, history = run(model, schedule, epochs=2)
    factors = [1 - RATE * decay for decay in (0.1, 0.2, 0.2, 0.4)]  # values at steps 0 … 3
    assert_decays(weights, [factors[0] * factors[1], factors[2] * factors[3]])
    np.testing.assert_allclose(history["weight_decay"], [0.2, 0.4], rtol=1e-6)  # of the step that comes next
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    before = loaded.get_weights()[0]
    loaded.fit(X, Y, batch_size=8, verbose=0)
    np.testing.assert_allclose(loaded.get_weights()[0], before * (1 - RATE * 0.4), rtol=1e-6)


def test_second_fit_and_number_survives_saving(tmp_path):
    model = zero_gradient_model()
    model.compile(keras.optimizers.AdamW(RATE, weight_decay=0.3), "mse")
    run(model, {0: 0.1}, epochs=1)
    weights, _ = run(model, {0: 0.2}, epochs=1)
    assert_decays(weights, [(1 - RATE * 0.2) ** 2])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, keras.optimizers.AdamW)
    np.testing.assert_allclose(float(ops.convert_to_numpy(loaded.optimizer.weight_decay)), 0.2, rtol=1e-6)


def test_through_loss_scaling():
    model = zero_gradient_model()
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(RATE)), "mse")
    weights, history = run(model, {0: 0.1, 1: 0.2}, epochs=2)
    assert_decays(weights, [(1 - RATE * 0.1) ** 2, (1 - RATE * 0.2) ** 2])
    np.testing.assert_allclose(history["weight_decay"], [0.1, 0.2], rtol=1e-6)


def test_exclusions_are_kept():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, bias_initializer="ones")])
    optimizer = keras.optimizers.SGD(RATE)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(optimizer, "mse")
    model.fit(X, Y, batch_size=4, verbose=0, callbacks=[WeightDecayScheduler({0: 0.1})])  # bias 1 is the answer
    np.testing.assert_array_equal(model.get_weights()[1], [1.0, 1.0])


def test_used_optimizer_is_refused():
    model = zero_gradient_model()
    model.compile("adamw", "mse")
    model.fit(X, Y, batch_size=4, verbose=0)
    with pytest.raises(ValueError, match=r"WeightDecayScheduler.*AdamW.*2 steps"):
        run(model, {0: 0.1})


def test_bad_schedules():
    with pytest.raises(TypeError, match=r"WeightDecayScheduler.*0\.1"):
        WeightDecayScheduler(0.1)
    model = zero_gradient_model()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"-0\.1 in epoch 0"):
        run(model, {0: -0.1})


def test_verbose_prints(capsys):
    model = zero_gradient_model()
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0, callbacks=[WeightDecayScheduler({0: 0.25}, verbose=1)])
    assert "weight decay to 0.25" in capsys.readouterr().out
