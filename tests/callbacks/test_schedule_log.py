"""ScheduleLog: the values of an epoch's last step."""

import keras
import numpy as np
import pytest

import kerasaug
from kerasaug.callbacks import ScheduleLog

X, Y = np.ones((8, 2, 2, 3), "float32"), np.ones((8, 1), "float32")


def network(**kwargs):
    return keras.Sequential([keras.Input((2, 2, 3)), keras.layers.Flatten(), keras.layers.Dense(1, **kwargs)])


def logged(model, optimizer, *callbacks, epochs=2):
    model.compile(optimizer, "mse")
    return model.fit(X, Y, batch_size=4, epochs=epochs, verbose=0, callbacks=[ScheduleLog(), *callbacks]).history


def test_a_schedule_at_the_last_step_of_each_epoch():
    rates = keras.optimizers.schedules.PiecewiseConstantDecay([0, 1, 2], [0.1, 0.2, 0.3, 0.4])
    history = logged(network(), keras.optimizers.AdamW(rates, weight_decay=0.05))
    assert history["learning_rate"] == pytest.approx([0.2, 0.4])  # steps 1 and 3
    assert history["weight_decay"] == pytest.approx([0.05, 0.05])
    assert "strength" not in history


def test_a_rate_that_is_set():
    halve = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / 2**epoch)
    history = logged(network(), keras.optimizers.SGD(0.1), halve)
    assert history["learning_rate"] == pytest.approx([0.1, 0.05])
    assert "weight_decay" not in history


def test_strength_as_it_is_at_the_end_of_the_epoch():
    model = kerasaug.AugmentedModel(network(), kerasaug.layers.RandomFlip())

    def weaken(epoch, logs):
        model.pipeline.strength = 0.5 / (epoch + 1)

    history = logged(model, "adam", keras.callbacks.LambdaCallback(on_epoch_begin=weaken))
    assert history["strength"] == pytest.approx([0.5, 0.25])


def test_inside_a_loss_scale():
    rates = keras.optimizers.schedules.PiecewiseConstantDecay([0, 1, 2], [0.1, 0.2, 0.3, 0.4])
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(rates), initial_scale=2.0)
    assert logged(network(), scaled)["learning_rate"] == pytest.approx([0.2, 0.4])


def test_others_see_it(tmp_path):
    logged(network(), keras.optimizers.SGD(0.25), keras.callbacks.CSVLogger(tmp_path / "log.csv"), epochs=1)
    names, values = (line.split(",") for line in (tmp_path / "log.csv").read_text().splitlines())
    assert float(dict(zip(names, values, strict=True))["learning_rate"]) == 0.25


def test_rates_that_no_config_holds():
    """A function without arguments, and a schedule that is registered nowhere."""

    class Halving(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.5 ** keras.ops.cast(step, "float32")

    for rate, last in ((lambda: 0.25, 0.25), (Halving(), 0.5)):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        model.compile(keras.optimizers.SGD(rate), "mse")
        data = np.ones((8, 4)), np.ones((8, 2))
        history = model.fit(*data, batch_size=4, verbose=0, callbacks=[ScheduleLog()]).history
        np.testing.assert_allclose(history["learning_rate"], [last])


def test_several_optimizers_have_no_one_rate():
    one = keras.optimizers.SGD(0.1)
    several = keras.optimizers.MultiOptimizer(lambda variable: one)
    assert set(logged(network(), several, epochs=1)) == {"loss"}
