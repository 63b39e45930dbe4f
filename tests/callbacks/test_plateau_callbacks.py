"""ReduceLROnPlateau beside Keras's own, and ThawOnPlateau: when, by hand, and resumed."""

import inspect

import keras
import numpy as np
import pytest
from callback_toys import X, Y, assert_same_weights, linear, stopped_and_resumed, train

from kerasaug.callbacks import ReduceLROnPlateau, ThawOnPlateau

NEVER = {"monitor": "loss", "min_delta": 1e9}  # no epoch after the first is better


def compiled(optimizer=None):
    model = linear()
    model.compile(optimizer or keras.optimizers.SGD(0.1, 0.5, weight_decay=0.2), "mse")
    return model


def test_arguments_are_kerass():
    theirs = inspect.signature(keras.callbacks.ReduceLROnPlateau).parameters
    ours = inspect.signature(ReduceLROnPlateau).parameters
    names = [name for name in theirs if name != "kwargs"]
    assert list(ours)[: len(names)] == names
    assert [ours[name].default for name in names] == [theirs[name].default for name in names]


def test_does_what_kerass_does():
    settings = {**NEVER, "factor": 0.3, "patience": 2, "cooldown": 1, "min_lr": 0.02}
    model, twin = compiled(), compiled()
    history = train(model, [ReduceLROnPlateau(**settings)], epochs=8).history
    assert history == train(twin, [keras.callbacks.ReduceLROnPlateau(**settings)], epochs=8).history
    assert min(history["learning_rate"]) == pytest.approx(0.02)
    assert_same_weights(model, twin)


@pytest.mark.parametrize("scaled", [False, True])
def test_weight_decay_rises_as_the_rate_falls(scaled):
    optimizer = keras.optimizers.SGD(0.1, weight_decay=0.2)
    model = compiled(keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=2.0) if scaled else optimizer)
    weights = [model.get_weights()[0]]
    record = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()[0]))
    plateau = ReduceLROnPlateau(**NEVER, factor=0.5, patience=1, weight_decay_factor=3)
    zero = np.zeros_like(X)  # no gradient: only the decay moves weights
    history = model.fit(zero, Y, batch_size=16, epochs=3, verbose=0, callbacks=[plateau, record]).history
    np.testing.assert_allclose(history["weight_decay"], [0.2, 0.2, 0.6], rtol=1e-6)
    np.testing.assert_allclose(history["learning_rate"], [0.1, 0.1, 0.05], rtol=1e-6)
    for epoch, factor in enumerate([1 - 0.02, 1 - 0.02, 1 - 0.03]):
        np.testing.assert_allclose(weights[epoch + 1], weights[epoch] * factor, rtol=1e-6)


def test_weight_decay_changes_as_far_as_the_lowest_rate_lets_the_rate_fall():
    plateau = ReduceLROnPlateau(**NEVER, factor=0.1, patience=1, min_lr=0.025, weight_decay_factor=10)
    history = train(compiled(), [plateau], epochs=5).history
    np.testing.assert_allclose(history["learning_rate"], [0.1, 0.1, 0.025, 0.025, 0.025], rtol=1e-5)
    np.testing.assert_allclose(history["weight_decay"], [0.2, 0.2, 0.8, 0.8, 0.8], rtol=1e-5)  # the product stays


def plateau_with_decay():
    return [ReduceLROnPlateau(**NEVER, factor=0.5, patience=2, weight_decay_factor=2)]


def test_plateau_resumes_after_any_epoch(tmp_path):
    whole = compiled()
    history = train(whole, plateau_with_decay(), epochs=5).history
    assert history["weight_decay"][-1] > 0.3
    for model, again in stopped_and_resumed(compiled, plateau_with_decay, tmp_path / "backup", epochs=5):
        assert_same_weights(model, whole)
        assert again == history


def test_plateau_misuse():
    with pytest.raises(ValueError, match="weight_decay_factor` of at least 0"):
        ReduceLROnPlateau(weight_decay_factor=-1)
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 5)
    with pytest.raises(ValueError, match=r"ReduceLROnPlateau: expected .* CosineDecay"):
        train(compiled(keras.optimizers.SGD(schedule)), [ReduceLROnPlateau("loss")])
    with pytest.raises(ValueError, match="sets learning_rate"):
        train(compiled(), [ReduceLROnPlateau("loss"), keras.callbacks.ReduceLROnPlateau("loss")])


def stack():
    keras.utils.set_random_seed(4)
    layers = [keras.layers.Dense(4, "tanh"), keras.layers.Dense(3, "tanh"), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(keras.optimizers.SGD(0.05, 0.9), "mse")
    return model


def thaw():
    return [ThawOnPlateau(**NEVER, patience=1, warmup_steps=3)]


def test_thaws_the_next_group_after_patience():
    model = stack()
    kernels = []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kernels.append([layer.get_weights()[0] for layer in model.layers])
    )
    first = [layer.get_weights()[0] for layer in model.layers]
    callback = thaw()[0]
    history = train(model, [callback, record], epochs=4).history
    groups = len(callback._found)
    want = [1, 1, 2, 3]  # the best is in epoch 0
    assert history["unfrozen_groups"] == [min(count, groups) for count in want]
    moved = [
        [not np.array_equal(a, b) for a, b in zip(one, kernel, strict=True)]
        for one, kernel in zip([first, *kernels[:-1]], kernels, strict=True)
    ]
    assert [sum(epoch) for epoch in moved] == want


def test_thaw_follows_the_metric():
    """Losses by hand: improvement in epochs 0, 1 and 3; epochs 4 and 5 bring none."""
    values = iter([1.0, 0.5, 0.6, 0.4, 0.4, 0.5, 0.5])

    class Say(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["score_loss"] = next(values)

    history = train(stack(), [Say(), ThawOnPlateau("score_loss", patience=2)], epochs=7).history
    assert history["unfrozen_groups"] == [1, 1, 1, 1, 1, 1, 2]


def test_thaw_passes_over_epochs_without_validation():
    callback = ThawOnPlateau(min_delta=1e9, patience=1)
    history = train(stack(), [callback], epochs=7, validation_data=(X, Y), validation_freq=2).history
    assert history["unfrozen_groups"] == [1, 1, 1, 1, 2, 2, 3]
    with pytest.raises(ValueError, match="'val_los' among the logs"):
        train(stack(), [ThawOnPlateau("val_los")], epochs=2, validation_data=(X, Y), validation_freq=2)


def test_thaw_resumes_after_any_epoch(tmp_path):
    whole = stack()
    history = train(whole, thaw(), epochs=4).history
    for model, again in stopped_and_resumed(stack, thaw, tmp_path / "backup", epochs=4):
        assert_same_weights(model, whole)
        assert again == history


def test_thaw_misuse():
    with pytest.raises(ValueError, match="patience=0"):
        ThawOnPlateau(patience=0)
    with pytest.raises(ValueError, match="'val_loss' among the logs"):
        train(stack(), [ThawOnPlateau()], epochs=1)
