"""Optimizer settings that plain Keras ignores: each acts on the next fit, or is named with what to do.

| done                                              | plain Keras                      | here                          |
|---------------------------------------------------|----------------------------------|-------------------------------|
| optimizer.weight_decay = … after a fit            | ignored                          | works, with a guard           |
| optimizer.clipnorm = … after a fit                | ignored                          | works, with a guard           |
| the same on a fine-tuning optimizer               | -                                | weight_decay works by itself  |
| weight_decay on LossScaleOptimizer                | changes the wrapper only         | ValueError                    |
| exclude_from_weight_decay, then saved             | forgotten                        | kept                          |
| exclude_from_weight_decay after a fit             | ignored                          | works, with a guard           |
| learning_rate = a schedule after a fit            | ignored or fails                 | works, with a guard           |
| learning rate that is a function                  | frozen                           | UserWarning; acts each epoch  |
| schedule, and a callback that sets the rate       | TypeError                        | TypeError                     |
| optimizer not built before fit                    | built in the step on TensorFlow  | built before                  |
| equal shapes: other layer frozen (JAX)            | the old step                     | works                         |
"""

import keras
import numpy as np
import pytest
from keras import ops
from misused import FAST, X, Y, fit, make, moved

from kerasaug.callbacks import TrainableGuard, WeightDecayScheduler
from kerasaug.transfer import finetune_optimizer, load_model

RATE = 0.5
ZEROS = np.zeros((8, 4), "float32"), np.zeros((8, 2), "float32")  # no gradient anywhere: weight decay alone acts


def shrink(model, *callbacks):
    """What one fit of one step multiplies the first kernel with."""
    before = model.get_weights()[0]
    fit(model, *callbacks, data=ZEROS)
    return float(np.mean(model.get_weights()[0] / before))


def test_weight_decay_of_an_ordinary_optimizer_acts_on_the_next_fit():
    model = make(keras.optimizers.SGD(RATE, weight_decay=0.1))
    assert shrink(model, TrainableGuard()) == pytest.approx(1 - RATE * 0.1, rel=1e-5)
    model.optimizer.weight_decay = 0.4
    assert shrink(model, TrainableGuard()) == pytest.approx(1 - RATE * 0.4, rel=1e-5)
    model.optimizer.weight_decay = None
    assert shrink(model, TrainableGuard()) == 1


def test_weight_decay_of_a_fine_tuning_optimizer_acts_without_a_callback():
    model = make(lambda m: finetune_optimizer(keras.optimizers.SGD(RATE, weight_decay=0.1), m))
    assert shrink(model) == pytest.approx(1 - RATE * 0.1, rel=1e-5)
    model.optimizer.weight_decay = 0.4
    assert shrink(model) == pytest.approx(1 - RATE * 0.4, rel=1e-5)


def test_clipping_acts_on_the_next_fit():
    model = make(keras.optimizers.SGD(1.0))
    fit(model, TrainableGuard())
    model.optimizer.clipnorm = 1e-3
    before = model.get_weights()[0]
    fit(model, TrainableGuard())
    assert np.linalg.norm(model.get_weights()[0] - before) == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize("callback", [TrainableGuard, lambda: WeightDecayScheduler({0: 0.1})])
def test_weight_decay_on_the_loss_scaling_wrapper_is_refused(callback):
    model = make(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(RATE)))
    model.optimizer.weight_decay = 0.1
    with pytest.raises(ValueError, match=r"weight_decay=0\.1 on the wrapper.*inner_optimizer\.weight_decay"):
        fit(model, callback())


def test_exclusions_on_the_loss_scaling_wrapper_are_refused():
    model = make(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(RATE)))
    model.optimizer.exclude_from_weight_decay(var_names=["bias"])
    with pytest.raises(ValueError, match=r"spared on the wrapper.*inner_optimizer\.exclude_from_weight_decay"):
        fit(model, TrainableGuard())


def test_exclusions_from_weight_decay_act_on_the_next_fit():
    model = make(keras.optimizers.SGD(RATE, weight_decay=0.1))
    shrink(model, TrainableGuard())
    model.optimizer.exclude_from_weight_decay(var_list=[model.layers[0].kernel])
    assert shrink(model, TrainableGuard()) == 1
    model.optimizer.exclude_from_weight_decay(var_names=["bias"])
    assert shrink(model, TrainableGuard()) == pytest.approx(1 - RATE * 0.1, rel=1e-5)


class Bare(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that cannot be serialised."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, step):
        return self.rate


@pytest.mark.parametrize("wrap", [lambda one: one, keras.optimizers.LossScaleOptimizer], ids=["itself", "loss scale"])
@pytest.mark.parametrize("schedule", [Bare, lambda rate: keras.optimizers.schedules.ExponentialDecay(rate, 1, 1.0)])
def test_schedule_in_place_of_a_learning_rate_acts_on_the_next_fit(schedule, wrap):
    model = make(wrap(keras.optimizers.SGD(RATE)))
    fit(model, TrainableGuard())
    model.optimizer.learning_rate = schedule(0.0)
    assert moved(model, lambda: fit(model, TrainableGuard())) == []
    model.optimizer.learning_rate = schedule(0.1)
    assert moved(model, lambda: fit(model, TrainableGuard())) == ["low", "middle", "top"]


def test_equal_schedule_keeps_the_step():
    model = make(keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10)))
    fit(model, TrainableGuard())
    step = model.train_function
    model.optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(0.1, 10)
    fit(model, TrainableGuard())
    assert model.train_function is step


def test_exclusions_from_weight_decay_survive_saving(tmp_path):
    source = keras.optimizers.SGD(RATE, weight_decay=0.1)
    model = make()
    source.exclude_from_weight_decay(var_list=[model.layers[0].kernel])
    model.compile(finetune_optimizer(source, model), "mse", **FAST)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    before = loaded.get_layer("middle").get_weights()[0]
    assert shrink(loaded) == 1
    np.testing.assert_allclose(loaded.get_layer("middle").get_weights()[0], before * (1 - RATE * 0.1), rtol=1e-6)


def test_function_as_learning_rate():
    rate = [0.0]
    model = make(lambda m: keras.optimizers.SGD(lambda: rate[0]))
    change = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: rate.__setitem__(0, float(epoch)))
    with pytest.warns(UserWarning, match=r"TrainableGuard: the learning rate is a function.*LearningRateSchedule"):
        assert moved(model, lambda: fit(model, TrainableGuard())) == []
    with pytest.warns(UserWarning, match="the learning rate is a function"):
        assert moved(model, lambda: fit(model, change, TrainableGuard(), epochs=2)) == ["low", "middle", "top"]


def test_function_as_learning_rate_is_called_once_a_check():
    calls = []
    model = make(lambda m: keras.optimizers.SGD(lambda: calls.append(0) or 0.1))
    with pytest.warns(UserWarning, match="the learning rate is a function"):
        fit(model, TrainableGuard())
    traced = len(calls)
    with pytest.warns(UserWarning, match="the learning rate is a function"):
        fit(model, TrainableGuard(), epochs=3)
    assert len(calls) == traced + 4  # as training begins and three epochs do


def test_schedule_and_a_callback_that_sets_the_rate_is_loud():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    model = make(lambda m: finetune_optimizer(keras.optimizers.SGD(schedule), m))
    setter = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1)
    with pytest.raises((TypeError, ValueError), match=r"learning.rate"):
        fit(model, setter)


def test_optimizer_is_built_before_the_step():
    """TensorFlow builds it inside otherwise, where ScheduleFreeAdamW's averages begin elsewhere."""
    model, eager = make("schedulefreeadamw"), make("schedulefreeadamw")
    eager.optimizer.build(eager.trainable_variables)
    fit(model, TrainableGuard(), epochs=2)
    fit(eager, epochs=2)
    for one, other in zip(model.get_weights(), eager.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


def test_sets_of_equal_shapes_have_steps_of_their_own():
    """A step that was traced for another of two equal layers would train the model with both exchanged."""

    def four(optimizer):
        keras.utils.set_random_seed(3)
        dense = [keras.layers.Dense(4, activation="tanh", name=name) for name in "ab"]
        model = keras.Sequential([keras.Input((4,)), *dense, keras.layers.Dense(2, name="top")])
        model.compile(optimizer(model), "mse", **FAST)
        return model

    def train_only(model, name):
        for layer in model.layers:
            layer.trainable = layer.name == name

    model = four(lambda m: finetune_optimizer(keras.optimizers.SGD(0.1), m))
    plain = four(lambda m: keras.optimizers.SGD(0.1))
    for name in "aba":
        train_only(model, name)
        fit(model, TrainableGuard())
        train_only(plain, name)
        plain.compile(keras.optimizers.SGD(0.1), "mse", **FAST)
        fit(plain)
    for one, other in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert int(ops.convert_to_numpy(model.optimizer.iterations)) == 3
    loss = model.evaluate(X, Y, verbose=0)
    assert loss == pytest.approx(float(np.mean((model.predict(X, verbose=0) - Y) ** 2)), rel=1e-5)
