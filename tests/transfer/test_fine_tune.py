"""fine_tune: what trains when, at which rate, and what comes back."""

import math

import keras
import numpy as np
import pytest
from fine_tuning import network, pictures, same_weights, tune

import kerasaug
from kerasaug.transfer import LayerGroup

pytestmark = pytest.mark.skipif(keras.backend.backend() == "torch", reason="fine-tuning is for TensorFlow and JAX")
RATE = 0.1


@keras.saving.register_keras_serializable("tests")
def climb(y_true, y_pred):
    """A loss whose gradient is known: minus the output."""
    return -y_pred


def chain():
    """Three numbers in a row: with all-ones images the output is their product."""
    layers = [keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name=name) for name in "abc"]
    return keras.Sequential([keras.Input((1, 1, 3)), keras.layers.GlobalMaxPooling2D(), *layers[:2], layers[2]])


def cosine(start, end, position):
    return start + (end - start) * (1 - math.cos(math.pi * position)) / 2


def test_every_step_by_hand():
    """SGD on three factors, in plain Python: who trains, the two cycles, the groups' rates and their warm-up."""
    model = chain()
    names = [layer.name for layer in model.layers if layer.weights]
    groups = [LayerGroup(name, (model.get_layer(name),)) for name in names]
    images, labels = np.ones((6, 1, 1, 3), "float32"), np.zeros((6, 1), "float32")
    model.get_layer("a").set_weights([np.full((3, 1), 1 / 3)])
    tuned = tune(
        model,
        (images, labels),
        batch_size=2,
        epochs=2,
        base_lr=RATE,
        lr_mult=16.0,
        pct_start=0.5,
        div=4.0,
        loss=climb,
        optimizer=keras.optimizers.SGD(),
        groups=groups,
    )
    a, b, c = 1.0, 1.0, 1.0
    for step in range(3):
        c += cosine(RATE / 25, RATE, step / 3 / 0.99) * a * b
    half, warmup = RATE / 2, 3  # half of the six steps
    for step in range(6):
        p = step / 6
        rate = cosine(half / 4, half, p / 0.5) if p < 0.5 else cosine(half, half / 1e5, (p - 0.5) / 0.5)
        ramp = min((step + 1) / warmup, 1.0)
        # "a" is a row of three equal numbers that sum to a: each moves by the gradient of the sum.
        a, b, c = a + 3 * rate * ramp / 16 * b * c, b + rate * ramp / 4 * a * c, c + rate * a * b
    weights = [one.sum() for one in model.get_weights()]
    np.testing.assert_allclose(weights, [a, b, c], rtol=1e-5)
    assert tuned.history["unfrozen_groups"] == [1, 3, 3]
    last = [cosine(RATE / 25, RATE, 2 / 3 / 0.99), cosine(half / 4, half, 2 / 3), cosine(half, half / 1e5, 2 / 3)]
    assert tuned.history["learning_rate"] == pytest.approx(last, rel=1e-5)
    assert [group.name for group in tuned.groups] == ["a", "b", "c"]


class Weights(keras.callbacks.Callback):
    """Keeps the inner model's weights after each epoch."""

    def __init__(self):
        super().__init__()
        self.after = []

    def on_epoch_end(self, epoch, logs=None):
        self.after.append(self.model.inference_model.get_weights())


def test_a_second_call_repeats_bit_for_bit():
    validation = pictures(seed=5)
    arguments = {"policy": kerasaug.layers.RandomFlip(), "epochs": 1, "base_lr": 0.05}
    first = tune(network(), None, validation, **arguments)
    model = network()
    keras.utils.set_random_seed(99)
    keras.random.normal((3,)), np.random.normal()
    model.layers[4].seed_generator.next()
    again = tune(model, None, validation, **arguments)
    assert same_weights(first.model, again.model)
    assert first.history == again.history
    assert first.recipe.seed == 0
    other = tune(network(), None, validation, seed=1, **arguments)
    assert not same_weights(first.model, other.model)


def test_learns_and_leaves_a_plain_model(tmp_path):
    model, (images, labels) = network(classes=3, dropout=0.0), pictures(48, classes=3)
    tuned = tune(model, (images, labels), (images, labels), epochs=4, base_lr=0.2, bn="train")
    assert tuned.model is model
    assert max(tuned.history["val_accuracy"]) > 0.6, "of three classes"
    assert tuned.recipe.keep == "best", "the default, with validation data"
    np.testing.assert_array_equal(model.predict(images, verbose=0), model.predict(images, verbose=0))
    model.save(tmp_path / "model.keras")
    assert getattr(model, "optimizer", None) is None
    assert "kerasaug" not in model.to_json()


@pytest.mark.parametrize("keep", ["best", "last"])
def test_keeps_the_best_or_the_last(keep):
    images, labels = pictures()
    record = Weights()
    # What is learned is wrong for these, so that an early epoch is the best.
    tuned = tune(None, None, (images, 1 - labels), epochs=3, base_lr=0.1, keep=keep, callbacks=[record])
    history = tuned.history
    scores = list(zip(history["val_accuracy"], [-one for one in history["val_loss"]], strict=True))
    best = scores.index(max(scores))
    assert best != 3, "or this tells nothing"
    expected = record.after[best if keep == "best" else -1]
    for one, other in zip(tuned.model.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert tuned.best_epoch == (best if keep == "best" else None)
    assert tuned.recipe.keep == keep


def test_no_finite_value_keeps_the_last_weights():
    bad = (*pictures(4), np.full(4, np.nan, "float32"))
    with pytest.warns(UserWarning, match="no epoch had a finite"):
        tuned = tune(validation=bad, freeze_epochs=0, metrics=[])
    assert tuned.best_epoch is None


@pytest.mark.parametrize(("freeze_epochs", "epochs", "unfrozen"), [(0, 2, [2, 2]), (2, 0, [1, 1])])
def test_one_phase_alone(freeze_epochs, epochs, unfrozen):
    model = network()
    before = model.get_weights()
    tuned = tune(model, freeze_epochs=freeze_epochs, epochs=epochs)
    assert tuned.recipe.keep == "last", "the default, without validation data"
    assert tuned.history["unfrozen_groups"] == unfrozen
    moved = [not np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True)]
    #        kernel, bias of the stem; gamma, beta, mean, variance of the norm; the head's kernel and bias
    assert moved == [bool(epochs)] * 2 + [False] * 4 + [True] * 2


def test_bn_trains_when_told():
    model = network()
    before = model.get_layer("norm").get_weights()
    tune(model, bn="train", freeze_epochs=0)
    moved = [not np.array_equal(a, b) for a, b in zip(before, model.get_layer("norm").get_weights(), strict=True)]
    assert moved == [True] * 4


def test_callbacks_see_the_schedules_and_may_stop(tmp_path):
    stop = keras.callbacks.EarlyStopping("learning_rate", patience=0, mode="max")  # the rate falls in the second cycle
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    tuned = tune(epochs=4, freeze_epochs=1, callbacks=[stop, log], weight_decay=0.25)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    names = lines[0].split(",")
    assert {"learning_rate", "weight_decay", "strength", "unfrozen_groups", "loss", "accuracy"} <= set(names)
    assert len(lines) - 1 == len(tuned.history["loss"]) < 5
    assert tuned.history["weight_decay"][0] == 0.25
    assert tuned.history["strength"][0] == 0.0, "nothing is augmented"


def test_a_pipeline_of_ones_own_is_copied():
    pipeline = kerasaug.Pipeline([kerasaug.layers.RandomFlip("horizontal")], strength=0.5, seed=3)
    state = np.array(pipeline.generator.state)
    tuned = tune(policy=pipeline)
    np.testing.assert_array_equal(pipeline.generator.state, state)
    assert tuned.history["strength"] == [0.5, 0.5]
    assert tuned.recipe.pipeline["config"]["seed"] == 3


@pytest.mark.parametrize("optimizer", ["sgd", keras.optimizers.Adam(0.7, beta_1=0.5)])
def test_optimizers(optimizer):
    seen = []
    look = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: seen.append(look.model.optimizer))
    tune(optimizer=optimizer, callbacks=[look], weight_decay=0.125)
    if isinstance(optimizer, str):
        assert isinstance(seen[0], keras.optimizers.SGD)
        assert float(seen[0].get_config()["weight_decay"]) == 0.125
    else:
        assert isinstance(seen[0], keras.optimizers.Adam)
        assert seen[0].beta_1 == 0.5
        assert float(seen[0].get_config()["weight_decay"]) == 0.0
        assert int(optimizer.iterations) == 0


def test_a_model_in_half_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = network()
    finally:
        keras.config.set_dtype_policy(before)
    tuned = tune(model, mixed_precision=False)
    assert np.isfinite(tuned.history["loss"]).all()
    assert tuned.history["unfrozen_groups"] == [1, 2]
    assert model.get_layer("stem").compute_dtype == "float16"
