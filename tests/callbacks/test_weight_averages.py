"""EMA and SWA: averages by hand from the weights after every step, when they are in the model, and resumed."""

import keras
import numpy as np
import pytest
from callback_toys import X, Y, assert_same_weights, stopped_and_resumed, train

from kerasaug.callbacks import EMA, SWA, GradualUnfreezing, update_bn


class Weights(keras.callbacks.Callback):
    """All weights at the beginning, and after every execution of steps."""

    def on_train_begin(self, logs=None):
        self.all = [self.model.get_weights()]

    def on_train_batch_end(self, batch, logs=None):
        self.all.append(self.model.get_weights())


def network(**kwargs):
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Dense(4), keras.layers.BatchNormalization(), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    optimizer = kwargs.pop("optimizer", None) or keras.optimizers.SGD(0.1, 0.5)
    model.compile(optimizer, "mse", **kwargs)
    return model


def averaged(weights, decays):
    """`average = decay * average + (1 - decay) * weight`, for each weight after the first."""
    average = weights[0]
    for now, decay in zip(weights[1:], decays, strict=True):
        average = [decay * a + (1 - decay) * w for a, w in zip(average, now, strict=True)]
    return average


def close(got, want):
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("warmup", ["timm", 5])
def test_ema_equals_a_loop(warmup):
    model, record = network(), Weights()
    train(model, [EMA(0.8, warmup), record], epochs=2)
    steps = np.arange(1, 9)
    decays = {"timm": np.minimum(0.8, 1 - (1 + steps) ** (-2 / 3)), 5: [0.0] * 5 + [0.8] * 3}[warmup]
    close(model.get_weights(), averaged(record.all, decays))


def test_ema_without_anything_that_looks_at_each_step():
    """Steps are queued then under JAX; the result is the same."""
    model, record = network(), Weights()
    train(model, [EMA(0.8, 0)], epochs=2)
    train(network(), [record], epochs=2)
    close(model.get_weights(), averaged(record.all, [0.8] * 8))


def test_ema_of_several_steps_in_one():
    model, record = network(steps_per_execution=3), Weights()
    train(model, [EMA(0.8, 0), record], epochs=2)
    close(model.get_weights(), averaged(record.all, [0.8**3, 0.8, 0.8**3, 0.8]))  # executions of 3, 1, 3 and 1 steps


def test_ema_counts_updates_where_gradients_accumulate():
    model = network(optimizer=keras.optimizers.SGD(0.1, gradient_accumulation_steps=2))
    record = Weights()
    train(model, [EMA(0.8, 0), record], epochs=2)
    close(model.get_weights(), averaged([record.all[0], *record.all[2::2]], [0.8] * 4))


def test_ema_through_a_loss_scale():
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=4.0)
    model, record = network(optimizer=optimizer), Weights()
    train(model, [EMA(0.8, 0), record], epochs=2)
    close(model.get_weights(), averaged(record.all, [0.8] * 8))


def test_ema_ignores_the_updates_that_a_loss_scale_skips():
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=4.0)
    model, record, callback, ends = network(optimizer=optimizer), Weights(), EMA(0.8, 0, False, False), []
    look = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(callback._averages.values))
    images = X.copy()
    images[0] = 1e30  # overflows in the loss of the first batch of each epoch
    model.layers[1].trainable = False  # its statistics would be averaged as they are
    model.fit(images, Y, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=[callback, record, look])
    kernels = [weights[:2] for weights in record.all]
    np.testing.assert_array_equal(kernels[1][0], kernels[0][0])
    for epoch in range(2):
        made = [kernels[0], *(k for i, k in enumerate(kernels) if i % 4 != 1 and 0 < i <= 4 * epoch + 4)]
        close(ends[epoch][:2], averaged(made, [0.8] * (3 * epoch + 3)))


@pytest.mark.parametrize(
    ("callbacks", "names"),
    [([EMA(0.9), SWA(1)], "EMA: .*SWA"), ([SWA(1), EMA(0.9)], "SWA: .*EMA"), ([EMA(0.9), EMA(0.8)], "EMA: .*EMA in")],
)
def test_two_averages_in_one_fit_are_refused(callbacks, names):
    with pytest.raises(ValueError, match=names):
        train(network(), callbacks)


class StopInValidation(keras.callbacks.Callback):
    """Ctrl-C while the averages are in the model."""

    def on_test_begin(self, logs=None):
        raise KeyboardInterrupt


@pytest.mark.parametrize("loaded", [False, True])
def test_an_interrupted_fit_does_not_leave_averages_for_weights(loaded):
    model, callback, record, look = network(), EMA(0.9, 0), Weights(), AtEnd()
    with pytest.raises(KeyboardInterrupt):
        train(model, [callback, record, StopInValidation()], validation_data=(X, Y))
    want = record.all[-1]
    if loaded:
        want = [value + 1 for value in want]
        model.set_weights(want)
    train(model, [callback, look], epochs=1)
    close(look.at_begin[0], want)


def test_early_stopping_before_an_average_is_named():
    stop = keras.callbacks.EarlyStopping("loss", restore_best_weights=True)
    with pytest.warns(UserWarning, match="EMA: expected to stand before EarlyStopping"):
        train(network(), [stop, EMA(0.9, final=False)], epochs=1)


class AtEnd(keras.callbacks.Callback):
    """What a callback behind sees, and what training goes on with."""

    def __init__(self):
        super().__init__()
        self.at_end, self.at_begin = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.at_begin.append(self.model.get_weights())

    def on_epoch_end(self, epoch, logs=None):
        self.at_end.append(self.model.get_weights())


@pytest.mark.parametrize("validation", [False, True])
def test_who_sees_the_average(validation):
    model, look, record = network(), AtEnd(), Weights()
    data = {"validation_data": (X, Y)} if validation else {}
    history = train(model, [EMA(0.5, 0), look, record], epochs=2, **data).history
    for epoch in range(2):
        want = averaged(record.all[: 4 * epoch + 5], [0.5] * (4 * epoch + 4))
        close(look.at_end[epoch], want)
        close(look.at_begin[epoch], record.all[4 * epoch])  # the weights themselves train on
        if validation:
            model.set_weights(want)
            assert history["val_loss"][epoch] == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)


def test_the_weights_when_asked_for():
    plain, model, look = network(), network(), AtEnd()
    history = train(plain, [], epochs=2, validation_data=(X, Y)).history
    mine = train(model, [EMA(0.5, evaluate=False, final=False), look], epochs=2, validation_data=(X, Y)).history
    assert mine == history
    assert_same_weights(model, plain)
    close(look.at_end[1], plain.get_weights())


def test_a_layer_that_is_unfrozen_late_begins_at_its_weights():
    model, record = network(), Weights()
    start = model.get_weights()[0]
    train(model, [GradualUnfreezing(schedule={0: -1, 2: 0}, warmup_steps=0), EMA(0.8, 0), record], epochs=2)
    np.testing.assert_array_equal(model.get_weights()[0], start)  # frozen: equal to the bit
    model = network()
    train(model, [GradualUnfreezing(schedule={0: -1, 1: 0}, warmup_steps=0), EMA(0.8, 0), record], epochs=2)
    kernels = [[weights[0]] for weights in record.all]
    np.testing.assert_array_equal(kernels[4][0], start)
    close(model.get_weights()[:1], averaged(kernels[4:], [0.8] * 4))


@pytest.mark.parametrize("make", [lambda: [EMA(0.9)], lambda: [SWA(1, data=X)]])
def test_resumes_after_any_epoch(make, tmp_path):
    whole = network()
    history = train(whole, make()).history
    for model, again in stopped_and_resumed(network, make, tmp_path / "backup"):
        assert_same_weights(model, whole)
        assert again == history


def test_a_second_fit():
    model, callback, record = network(), EMA(0.8, 0), Weights()
    train(model, [callback, record], epochs=1)
    train(model, [callback, record], epochs=1)
    close(model.get_weights(), averaged(record.all, [0.8] * 4))


def test_swa_is_the_mean_of_epochs():
    model, record = network(), Weights()
    callback = SWA(start_epoch=1, every=2)
    train(model, [callback, record], epochs=5, validation_data=(X, Y))
    ends = [record.all[4 * epoch + 4] for epoch in (1, 3)]
    assert callback.count == 2
    close(model.get_weights(), [np.mean(pair, axis=0) for pair in zip(*ends, strict=True)])


@pytest.mark.parametrize("restoring", [False, True])
def test_swa_measures_statistics(restoring):
    model = network()
    stop = [keras.callbacks.EarlyStopping(patience=9, restore_best_weights=True)] if restoring else []
    train(model, [SWA(1, data=X), *stop], validation_data=(X, Y))
    kernel, bias = model.layers[0].get_weights()
    outputs = X @ kernel + bias
    _, _, mean, variance = model.layers[1].get_weights()
    close([mean, variance], [outputs.mean(0), outputs.var(0)])  # one batch holds all


def test_swa_leaves_the_statistics_of_an_earlier_epoch():
    """The loss is to rise, so that the first epoch is restored: its weights with its statistics."""
    model, ends = network(), []
    stop = keras.callbacks.EarlyStopping("loss", mode="max", patience=9, restore_best_weights=True)
    record = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(model.get_weights()))
    losses = train(model, [record, SWA(1, data=X + 1), stop]).history["loss"]
    assert np.argmax(losses) == 0
    close(model.get_weights(), ends[0])


def test_update_bn():
    model = network()
    weights = model.get_weights()
    assert update_bn(model, X[:10], batch_size=4) == 1  # batches of 4, 4 and 2
    kernel, bias = model.layers[0].get_weights()
    parts = [X[start : start + 4][: 10 - start] @ kernel + bias for start in (0, 4, 8)]
    _, _, mean, variance = model.layers[1].get_weights()
    close([mean], [sum(len(part) * part.mean(0) for part in parts) / 10])
    close([variance], [sum(len(part) * part.var(0) for part in parts) / 10])
    assert model.layers[1].momentum == 0.99
    close(model.layers[0].get_weights(), weights[:2])
    model.layers[1].trainable = False
    assert update_bn(model, X) == 0
    close(model.layers[1].get_weights()[2:], [mean, variance])


def test_swa_that_averages_nothing_is_named():
    with pytest.warns(UserWarning, match="SWA: expected training to take in an epoch"):
        train(network(), [SWA(0, every=10)], epochs=2, initial_epoch=1)


class Endless(keras.utils.PyDataset):
    num_batches = None

    def __getitem__(self, index):
        return X, Y


def test_swa_of_endless_data():
    with pytest.raises(ValueError, match="SWA: expected data that come to an end"):
        train(network(), [SWA(0, data=Endless())], epochs=1)
    with pytest.raises(ValueError, match="update_bn: expected data that come to an end"):
        update_bn(network(), Endless())
    model = network()
    train(model, [SWA(0, data=Endless(), steps=2)], epochs=1)
    kernel, bias = model.layers[0].get_weights()
    close([model.layers[1].get_weights()[2]], [(X @ kernel + bias).mean(0)])


def test_misuse():
    for arguments in ({"decay": 1.0}, {"decay": -0.1}, {"warmup": "slow"}, {"warmup": -1}):
        with pytest.raises(ValueError, match="EMA: expected"):
            EMA(**arguments)
    with pytest.raises(ValueError, match="SWA: expected `start_epoch` of at least 0"):
        SWA(-1)
    with pytest.raises(ValueError, match="SWA: expected `start_epoch` below the 2 epochs"):
        train(network(), [SWA(2)], epochs=2)
