"""AugmentationAwareTuning and MixOff: the values of every epoch by the formula, beside other callbacks, and resumed."""

import keras
import numpy as np
import pytest
from callback_toys import BATCH, assert_same_weights, linear, train

import kerasaug
from kerasaug.callbacks import (
    AugmentationAwareTuning,
    BackupAndRestore,
    MixOff,
    ParamScheduler,
    ReduceLROnPlateau,
    WeightDecayScheduler,
    epochs_for,
)
from kerasaug.transfer import Linear

IMAGES = np.random.default_rng(2).uniform(0, 1, (8, 2, 2, 1)).astype("float32")
LABELS = np.eye(3, dtype="float32")[np.arange(8) % 3]


def augmented(layer=None, optimizer=None):
    keras.utils.set_random_seed(3)
    dense = keras.layers.Dense(3, "softmax", use_bias=False)
    network = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), dense])
    model = kerasaug.AugmentedModel(network, layer or kerasaug.layers.RandomBrightness(0.1, (0, 1), seed=1))
    model.compile(optimizer or keras.optimizers.SGD(0.1, weight_decay=0.4), "categorical_crossentropy")
    return model


def run(model, callbacks, epochs=3):
    return model.fit(
        IMAGES, LABELS, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks
    ).history


def rising(by="epoch"):
    return ParamScheduler({"strength": Linear(0, 1.5)}, by)


def close(got, want):
    np.testing.assert_allclose(got, want, rtol=1e-5)


STRENGTHS = np.array([0, 0.5, 1.0])


@pytest.mark.parametrize("decouple", [False, True])
def test_by_the_formula(decouple):
    model = augmented()
    history = run(model, [rising(), AugmentationAwareTuning(1.0, 0.5, decouple=decouple)])
    close(history["strength"], STRENGTHS)
    close(history["learning_rate"], 0.1 * (1 + STRENGTHS))
    close(history["weight_decay"], 0.4 * (1 - 0.5 * STRENGTHS) / ((1 + STRENGTHS) if decouple else 1))
    close(float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)), 0.1)  # afterwards as it was


def test_acts_on_weights():
    """At a constant strength it trains as an optimizer does that was made with the tuned values."""
    tuned, plain = augmented(), augmented(optimizer=keras.optimizers.SGD(0.15, weight_decay=0.2))
    run(tuned, [AugmentationAwareTuning(0.5, 0.5)])
    run(plain, [])
    np.testing.assert_allclose(tuned.get_weights()[0], plain.get_weights()[0], rtol=1e-5)


def test_multiplies_what_others_set():
    others = [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate),
        WeightDecayScheduler(lambda epoch, decay: decay / 2 if epoch else decay),
    ]
    history = run(augmented(), [rising(), *others, AugmentationAwareTuning(1.0, 0.5)])
    halves = 0.5 ** np.arange(3)
    close(history["learning_rate"], 0.1 * halves * (1 + STRENGTHS))
    close(history["weight_decay"], 0.4 * halves * (1 - 0.5 * STRENGTHS))


def test_multiplies_every_step_of_a_scheduler():
    curve = Linear(0.6, 0.0)
    scheduler = ParamScheduler({"strength": Linear(0, 1.5), "lr": curve}, "step")
    history = run(augmented(), [scheduler, AugmentationAwareTuning(1.0, 0.0)])
    last = np.array([1, 3, 5]) / 6
    close(history["learning_rate"], [curve(p) * (1 + s) for p, s in zip(last, STRENGTHS, strict=True)])


def test_a_plateau_lowers_the_base():
    plateau = ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=1e9)
    model = augmented()
    history = run(model, [plateau, AugmentationAwareTuning(1.0, 0.0)])
    close(history["learning_rate"], [0.2, 0.2, 0.1])
    close(float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)), 0.025)


def test_a_decay_of_nothing_that_is_raised_within_an_epoch_stays_raised():
    class Raise(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.optimizer.weight_decay = 0.2

    model = augmented(optimizer=keras.optimizers.SGD(0.1, weight_decay=0.4))
    run(model, [rising(), Raise(), AugmentationAwareTuning(1.0, 1.0)], epochs=3)  # times 0 in the last epoch
    close(float(keras.ops.convert_to_numpy(model.optimizer.weight_decay)), 0.2)


def test_epochs():
    assert [epochs_for(20, s) for s in (0, 0.5, 1, 7)] == [20, 30, 40, 40]
    model = augmented()
    for strength, want in ((0.0, 4), (0.5, 6), (1.0, 8)):
        tuning = AugmentationAwareTuning(0.0, 0.0, k_epochs=1.0)
        model.pipeline.strength = strength
        assert len(run(model, [tuning], epochs=8)["loss"]) == want


def test_tuning_resumes_after_any_epoch(tmp_path):
    def callbacks():
        return [rising(), AugmentationAwareTuning(0.7, 0.3, k_epochs=0.5), MixOff(from_epoch=2)]

    def make():
        keras.utils.set_random_seed(3)  # the pipeline draws its seed
        return augmented(kerasaug.Pipeline([kerasaug.layers.MixUp(seed=4)]))

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    whole = make()
    history = run(whole, callbacks(), epochs=4)
    assert history["mix_probability"] == [1, 1, 0]  # three epochs of four, by k_epochs
    with pytest.raises(KeyboardInterrupt):
        run(make(), [*callbacks(), BackupAndRestore(tmp_path / "b"), Stop()], epochs=4)
    model = make()
    assert run(model, [*callbacks(), BackupAndRestore(tmp_path / "b")], epochs=4) == history
    assert_same_weights(model, whole)


def test_tuning_misuse():
    for arguments in ({"k_lr": -1}, {"k_wd": 1.5}, {"k_epochs": -1}):
        with pytest.raises(ValueError, match="AugmentationAwareTuning: expected `k_lr`"):
            AugmentationAwareTuning(**arguments)
    tuning = AugmentationAwareTuning()
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 5)
    for callbacks, message in [
        ([tuning, rising()], "behind what sets strength .* ParamScheduler"),
        ([tuning, AugmentationAwareTuning()], "several"),
        ([WeightDecayScheduler(schedule), tuning], "CosineDecay, which is evaluated inside"),
    ]:
        with pytest.raises(ValueError, match=message):
            run(augmented(), callbacks)
    model = linear()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="without kerasaug's layers"):
        train(model, [tuning])


def test_mix_off():
    """With one batch an epoch: a step without mixing is the step of a model without the layer."""
    plain, weights = augmented(kerasaug.layers.RandomFlip(strength=0)), []
    model = augmented(kerasaug.layers.MixUp(alpha=1.0, seed=2))
    record = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()[0]))
    start = model.get_weights()[0]
    settings = {"batch_size": 8, "shuffle": False, "verbose": 0}
    history = model.fit(IMAGES, LABELS, epochs=3, callbacks=[MixOff(2), record], **settings).history
    assert history["mix_probability"] == [1, 0, 0]
    for before, after, off in zip([start, *weights[:-1]], weights, [False, True, True], strict=True):
        plain.set_weights([before])
        plain.fit(IMAGES, LABELS, **settings)
        assert np.allclose(plain.get_weights()[0], after, rtol=1e-5, atol=1e-6) == off
    assert float(keras.ops.convert_to_numpy(model.pipeline.mix_probability)) == 1.0


def test_mix_off_misuse():
    for arguments in ({}, {"epochs": 1, "from_epoch": 2}, {"epochs": -1}):
        with pytest.raises(ValueError, match="MixOff: expected either"):
            MixOff(**arguments)
    with pytest.raises(ValueError, match="MixOff: expected an augmentation that mixes"):
        run(augmented(), [MixOff(1)])
    mixing = augmented(kerasaug.layers.MixUp(seed=2))
    with pytest.raises(ValueError, match="sets mix_probability"):
        run(mixing, [ParamScheduler({"mix_probability": Linear(0, 1)}), MixOff(1)])


class StopIn(keras.callbacks.Callback):
    """Ctrl-C within an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if self.now == self.epoch and batch:
            raise KeyboardInterrupt


def rate_of(model):
    return float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))


def test_takes_its_factor_back_from_a_scheduler_of_steps():
    model = augmented()
    scheduler = ParamScheduler({"strength": Linear(0, 1.5), "lr": lambda position: 0.2}, "step")
    history = run(model, [scheduler, AugmentationAwareTuning(1.0, 0.0)])
    close(history["learning_rate"], 0.2 * (1 + STRENGTHS))
    close(rate_of(model), 0.2)


def test_interrupted_factors_do_not_compound():
    model = augmented()
    for same in (AugmentationAwareTuning(1.0, 0.5), AugmentationAwareTuning(1.0, 0.5)):  # a new one, and once more
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                run(model, [same, StopIn(0)])
            close(rate_of(model), 0.2)
    with pytest.raises(KeyboardInterrupt):
        run(model, [ParamScheduler({"lr": lambda position: 0.3}), AugmentationAwareTuning(1.0, 0.5), StopIn(0)])
    close(run(model, [AugmentationAwareTuning(1.0, 0.5)], 1)["learning_rate"], 0.6)
    with pytest.raises(KeyboardInterrupt):
        run(model, [AugmentationAwareTuning(1.0, 0.5), StopIn(0)])
    model.optimizer.learning_rate = 0.05  # by hand: it is the base then
    close(run(model, [AugmentationAwareTuning(1.0, 0.5)], 1)["learning_rate"], 0.1)


def mixes():
    return [kerasaug.layers.MixUp(), kerasaug.layers.CutMix()]


def test_mix_off_gives_each_layer_its_own_back():
    model = augmented(kerasaug.Pipeline(mixes()))
    first, second = model.pipeline.layers
    second.mix_probability = 0.25
    for callback in (MixOff(1), MixOff(1)):
        with pytest.raises(KeyboardInterrupt):
            run(model, [callback, StopIn(1)], 2)
        assert run(model, [MixOff(1)], 2)["mix_probability"] == [1, 0]
        assert [float(keras.ops.convert_to_numpy(one.mix_probability)) for one in (first, second)] == [1, 0.25]


def test_mix_off_respects_what_was_set_since():
    model = augmented(kerasaug.layers.MixUp())
    with pytest.raises(KeyboardInterrupt):
        run(model, [MixOff(1), StopIn(1)], 2)
    model.pipeline.mix_probability = 0.5  # by hand, after the interruption
    assert run(model, [MixOff(1)], 2)["mix_probability"] == [0.5, 0]
    model.pipeline.mix_probability = 0.0  # by hand, after what was changed is back
    assert run(model, [MixOff(1)], 2)["mix_probability"] == [0, 0]


def test_mix_off_that_never_was_is_named():
    with pytest.warns(UserWarning, match="from_epoch=10 in a `fit` of 1"):
        run(augmented(mixes()[0]), [MixOff(from_epoch=10)], 1)
