"""`trainable` flags that plain Keras ignores or fails on: each is made to work, or is named with what to do.

| done                                                  | plain Keras                    | here                        |
|-------------------------------------------------------|--------------------------------|-----------------------------|
| freeze_to after compile, nothing trained yet          | ignored or refused if built    | works                       |
| freeze_to after a fit, ordinary optimizer             | ignored (TF), fails (JAX)      | UserWarning                 |
| flags by hand after a fit, ordinary optimizer         | ignored (TF), fails (JAX)      | ValueError                  |
| flags by hand after a fit, fine-tuning optimizer      | -                              | works                       |
| flags by hand in another callback's on_epoch_begin    | ignored (TF), fails (JAX)      | works                       |
| flags by hand between two steps                       | ignored (TF), fails (JAX)      | RuntimeError, flags go back |
| optimizer built before freezing, no step taken        | refused (JAX), EMA fails (TF)  | works                       |
| optimizer built before freezing, steps taken          | refused (JAX), EMA fails (TF)  | ValueError                  |
| BatchNormalization flipped, nothing trainable changes | stale                          | works                       |
| backbone.trainable = True when it is True             | ignored (TF)                   | unfreeze() sets leaves      |
| backbone(x, training=False)                           | statistics move all the same   | frozen layers keep them     |
"""

import keras
import numpy as np
import pytest
from misused import FAST, X, Y, fit, make, moved

from kerasaug.callbacks import GradualUnfreezing, TrainableGuard, WeightDecayScheduler
from kerasaug.transfer import finetune_optimizer, freeze, freeze_to, layer_groups, unfreeze

ALL = ["low", "middle", "top"]
WHAT_TO_DO = r"Call `compile\(\)` again.*finetune_optimizer"


def fine_tuning(model):
    return finetune_optimizer(keras.optimizers.SGD(0.1), model)


@pytest.fixture(scope="module")
def trained():
    """Fitted once with an ordinary optimizer; tests put its flags back."""
    model = make("adam")
    fit(model)
    return model


@pytest.fixture(scope="module")
def tuned():
    """Fitted once with a fine-tuning optimizer."""
    model = make(fine_tuning)
    fit(model)
    return model


@pytest.fixture(autouse=True)
def _flags_back(trained, tuned):
    yield
    for model in (trained, tuned):
        for layer in model.layers:
            layer.trainable = True


# -- freeze_to


@pytest.mark.parametrize("built", [False, True])
def test_freeze_to_after_compile_works(built):
    model = make(keras.optimizers.Adam(0.1, use_ema=True))
    if built:
        model.optimizer.build(model.trainable_variables)
    freeze_to(model, -1)
    assert moved(model, lambda: fit(model)) == ["top"]


@pytest.mark.parametrize("change", [freeze, lambda model: freeze_to(model, 1)])
def test_freeze_to_after_a_fit_warns(trained, change):
    with pytest.warns(UserWarning, match=rf"freeze_to.*Adam, which has taken 1 steps on 6 .*{WHAT_TO_DO}"):
        change(trained)


def test_freeze_to_back_to_what_it_was_is_silent(trained, recwarn):
    trained.layers[0].trainable = False
    unfreeze(trained)
    assert not [one for one in recwarn if "freeze_to" in str(one.message)]


def test_freeze_to_after_a_fit_with_a_fine_tuning_optimizer_works(tuned):
    freeze(tuned)
    assert moved(tuned, lambda: fit(tuned)) == ["top"]
    unfreeze(tuned)
    assert moved(tuned, lambda: fit(tuned)) == ALL


# -- by hand


@pytest.mark.parametrize("callback", [TrainableGuard, lambda: WeightDecayScheduler({0: 0.0})])
def test_by_hand_with_a_fine_tuning_optimizer_works(tuned, callback):
    for layer, rest in (("low", ["middle", "top"]), ("middle", ["top"])):
        tuned.get_layer(layer).trainable = False
        assert moved(tuned, lambda: fit(tuned, callback())) == rest
    tuned.get_layer("low").trainable = True
    assert moved(tuned, lambda: fit(tuned, callback())) == ["low", "top"]


@pytest.mark.parametrize("callback", [TrainableGuard, lambda: WeightDecayScheduler({0: 0.0}), GradualUnfreezing])
def test_by_hand_with_an_ordinary_optimizer_is_refused(trained, callback):
    trained.layers[0].trainable = False
    with pytest.raises(ValueError, match=r"Adam, which has.* taken 1 steps.*finetune_optimizer"):
        fit(trained, callback())


def test_by_hand_names_the_layer_and_what_to_do(trained):
    trained.layers[0].trainable = False
    with pytest.raises(ValueError, match=rf"TrainableGuard.*4 are trainable now; '.*low/kernel' differs.*{WHAT_TO_DO}"):
        fit(trained, TrainableGuard())
    trained.layers[0].trainable = True
    assert moved(trained, lambda: fit(trained, TrainableGuard())) == ALL


def test_by_hand_before_the_first_fit_works():
    model = make("adam")
    model.layers[0].trainable = False
    assert moved(model, lambda: fit(model, TrainableGuard())) == ["middle", "top"]


def at_epoch(epoch, act):
    return keras.callbacks.LambdaCallback(on_epoch_begin=lambda now, logs: act() if now == epoch else None)


def test_by_hand_in_another_callback_works(tuned):
    def flip():
        tuned.layers[0].trainable = False

    epochs = []
    look = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(tuned.layers[0].get_weights()))
    fit(tuned, at_epoch(1, flip), TrainableGuard(), look, epochs=3)
    assert not np.array_equal(epochs[0][0], tuned.layers[1].get_weights()[0])
    np.testing.assert_array_equal(epochs[0][0], epochs[2][0])


def test_by_hand_in_another_callback_before_any_step_works():
    model = make("adam")
    flip = at_epoch(0, lambda: setattr(model.layers[0], "trainable", False))
    assert moved(model, lambda: fit(model, flip, TrainableGuard(), epochs=2)) == ["middle", "top"]


def test_between_two_steps_is_refused_and_put_back(tuned):
    tuned.get_layer("middle").trainable = False
    flip = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: setattr(tuned, "trainable", False) if batch == 1 else None
    )
    with pytest.raises(RuntimeError, match=r"TrainableGuard.*at step 1.*on_epoch_begin"):
        fit(tuned, TrainableGuard(), flip, batch_size=4)
    assert [layer.trainable for layer in tuned.layers] == [True, False, True]
    assert moved(tuned, lambda: fit(tuned, TrainableGuard())) == ["low", "top"]


# -- an optimizer that was built before freezing


@pytest.mark.parametrize("settings", [{}, {"use_ema": True}, {"gradient_accumulation_steps": 2}], ids=str)
def test_built_before_freezing_works(settings):
    model = make(keras.optimizers.Adam(0.1, **settings))
    model.optimizer.build(model.trainable_variables)
    model.layers[0].trainable = False
    assert moved(model, lambda: fit(model, TrainableGuard(), batch_size=4)) == ["middle", "top"]


def test_built_before_freezing_in_loss_scaling_works():
    model = make(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=8.0))
    model.optimizer.build(model.trainable_variables)
    model.layers[0].trainable = False
    assert moved(model, lambda: fit(model, TrainableGuard())) == ["middle", "top"]


def test_built_before_freezing_and_used_is_refused():
    model = make()
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)
    optimizer.iterations.assign(5)
    model.layers[0].trainable = False
    model.compile(optimizer, "mse", **FAST)
    for callback in (TrainableGuard(), WeightDecayScheduler({0: 0.1}), GradualUnfreezing()):
        with pytest.raises(ValueError, match=r"taken 5 steps.*finetune_optimizer"):
            fit(model, callback)


# -- BatchNormalization


def normalized(**settings):
    keras.utils.set_random_seed(3)
    layers = keras.layers
    inner = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(name="bn", **settings)], name="backbone")
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(2, name="top")(inner(inputs, training=False)))


def statistics(model):
    return model.get_layer("backbone").get_layer("bn").moving_mean.numpy().copy()


def test_batch_normalization_flip_takes_effect():
    model = normalized(center=False, scale=False)  # no parameters: the trainable variables stay the same
    model.compile(keras.optimizers.SGD(0.1), "mse", **FAST)
    model.get_layer("backbone").get_layer("bn").trainable = False
    fit(model, TrainableGuard())
    np.testing.assert_array_equal(statistics(model), np.zeros(4))
    model.get_layer("backbone").get_layer("bn").trainable = True
    fit(model, TrainableGuard())
    assert np.all(statistics(model) != 0)


def test_training_false_is_not_needed_to_keep_statistics():
    model = normalized()
    model.compile(finetune_optimizer("sgd", model), "mse", **FAST)
    groups = layer_groups(model, lambda m: {"body": [m.get_layer("backbone")], "head": [m.get_layer("top")]})
    unfreeze(model, groups)
    fit(model)
    np.testing.assert_array_equal(statistics(model), np.zeros(4))
    unfreeze(model, groups, freeze_bn=False)
    fit(model)
    assert np.all(statistics(model) != 0)


def test_unfreeze_sets_leaves_below_a_container_that_is_trainable():
    model = normalized()
    backbone = model.get_layer("backbone")
    backbone.get_layer("bn").trainable = False
    assert backbone.trainable  # so that TensorFlow would ignore `backbone.trainable = True`
    unfreeze(model, layer_groups(model, lambda m: [[backbone], [m.get_layer("top")]]), freeze_bn=False)
    assert backbone.get_layer("bn").trainable


# -- a second fit of every kind costs nothing


def test_guard_compiles_no_step_twice():
    class Model(keras.Sequential):
        def train_step(self, *args):
            traces.append([variable.name for variable in self.trainable_variables])
            return super().train_step(*args)

    traces = []
    model = Model([keras.Input((4,)), keras.layers.Dense(3, name="low"), keras.layers.Dense(2, name="top")])
    model.compile(fine_tuning(model), "mse", **FAST)
    for low in (True, True, False, True, False):
        model.layers[0].trainable = low
        model.fit(X, Y, verbose=0, callbacks=[TrainableGuard()])
    assert [len(names) for names in traces] == [4, 2]
