"""GradualUnfreezing with moving averages of the weights, and under loss scaling."""

import keras
import numpy as np
import pytest
from keras import ops
from unfrozen import BATCH, STEPS, Record, data_from, deep_model, fit, gradients, linear_model

from kerasaug.callbacks import GradualUnfreezing, WeightDecayScheduler
from kerasaug.transfer import finetune_optimizer
from kerasaug.transfer.optimizer import unwrapped


@pytest.fixture
def data(rng):
    return data_from(rng)


def test_moving_average_equals_numpy(data):
    model = linear_model()
    start = model.get_weights()
    model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
    fit(model, data, [GradualUnfreezing(schedule={0: -1, 1: 0}, warmup_steps=0)], epochs=2)

    weights = [weight.astype("float64") for weight in start]
    averages = [weight.copy() for weight in weights]
    for step in range(2 * STEPS):
        begin = BATCH * (step % STEPS)
        grads = gradients(weights, *(part[begin : begin + BATCH].astype("float64") for part in data))
        for index in range(4):
            if index >= 2 or step >= STEPS:
                weights[index] = weights[index] - 0.1 * grads[index]
                momentum = 0.5 if step else 0.0
                averages[index] = momentum * averages[index] + (1 - momentum) * weights[index]
    for got, want in zip(model.get_weights(), averages, strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-6)


def test_moving_average_leaves_frozen_weights_and_second_fit(data):
    model = linear_model()
    model.compile(keras.optimizers.Adam(0.1, use_ema=True, ema_overwrite_frequency=2), "mse")
    body = model.layers[0].get_weights()
    for _ in range(2):
        fit(model, data, [GradualUnfreezing(schedule={0: -1})])
        np.testing.assert_array_equal(model.layers[0].get_weights()[0], body[0])
    before = model.layers[0].get_weights()[0]
    fit(model, data, [GradualUnfreezing(schedule={0: 0})])
    assert not np.array_equal(model.layers[0].get_weights()[0], before)


def test_moving_averages_start_at_the_weights_there_are(data):
    model = linear_model()
    model.compile(finetune_optimizer(keras.optimizers.SGD(0.0, use_ema=True), model), "mse")

    def averages():
        return [ops.convert_to_numpy(v) for v in model.optimizer.variables if v.name.endswith("average")]

    for average, weight in zip(averages(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(average, weight)
    fit(model, data, [GradualUnfreezing(schedule={0: -1})], epochs=1)
    model.layers[0].set_weights([weight + 1 for weight in model.layers[0].get_weights()])
    fit(model, data, [GradualUnfreezing(schedule={0: 0})], epochs=1)  # at rate 0 the average of the weights is them
    for average, weight in zip(averages(), model.get_weights(), strict=True):
        np.testing.assert_allclose(average, weight, rtol=1e-6)
    assert model.get_weights()[1].min() >= 1 - 1e-6  # the bias, 0 before


def test_mixed_float16(data, tmp_path):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = deep_model()
    finally:
        keras.config.set_dtype_policy(policy)
    # A small scale, for the default one overflows in the first steps, which then do not count.
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.05), initial_scale=8.0), "mse")
    record = Record()
    fit(model, data, [GradualUnfreezing(), WeightDecayScheduler({0: 0.1}), record])
    for epoch, moved in enumerate(record.moved()):
        frozen = 2 * (3 - epoch)
        assert moved == [False] * frozen + [True] * (8 - frozen)
    assert int(ops.convert_to_numpy(model.optimizer.iterations)) == 4 * STEPS
    np.testing.assert_allclose(ops.convert_to_numpy(unwrapped(model.optimizer).weight_decay), 0.1, rtol=1e-6)
    model.save(tmp_path / "half.keras")
    loaded = keras.saving.load_model(tmp_path / "half.keras")
    fit(loaded, data, [GradualUnfreezing()], epochs=4)
    assert int(ops.convert_to_numpy(loaded.optimizer.iterations)) == 8 * STEPS
