"""BestWeights: which epoch counts, what is written, and that the file is always whole."""

import os

import keras
import numpy as np
import pytest

import kerasaug
from kerasaug.callbacks import BestWeights


def network():
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])


def weight(model):
    return float(model.get_weights()[0].ravel()[0])


def epochs(callback, values, model=None):
    """Ends one epoch after another with the given logs; the model's weight is the epoch's number."""
    model = model or network()
    callback.set_model(model)
    for epoch, logs in enumerate(values):
        model.set_weights([np.full((1, 1), float(epoch))])
        callback.on_epoch_end(epoch, logs)
    stored = network()
    stored.load_weights(callback.path)
    return weight(stored)


def named(name, *values):
    return [{name: value} for value in values]


@pytest.mark.parametrize(
    ("arguments", "values", "epoch"),
    [
        ({"monitor": "val_loss"}, named("val_loss", 3.0, 1.0, 2.0), 1),
        ({"monitor": "top_5"}, named("top_5", 0.3, 0.1, 0.4, 0.4), 2),
        ({"monitor": "mean_squared_error"}, named("mean_squared_error", 3.0, 1.0, 2.0), 1),
        ({"monitor": "distance", "mode": "min"}, named("distance", 3.0, 1.0, 2.0), 1),
        ({"monitor": "loss", "mode": "max"}, named("loss", 1.0, 3.0, 2.0), 1),
        ({"monitor": "loss"}, named("loss", float("nan"), 3.0, float("nan")), 1),
        ({}, [{"val_accuracy": a, "val_loss": b} for a, b in [(0.5, 1.0), (0.9, 3.0), (0.9, 2.0), (0.9, 2.0)]], 2),
        ({}, named("val_loss", 3.0, 1.0, 2.0), 1),
    ],
)
def test_which_epoch_is_best(tmp_path, arguments, values, epoch):
    callback = BestWeights(tmp_path / "new" / "best.weights.h5", **arguments)
    assert epochs(callback, values) == epoch
    assert callback.best_epoch == epoch
    assert callback.best == next(iter(values[epoch].values()))


def test_nothing_is_written_for_nan_alone(tmp_path):
    callback = BestWeights(tmp_path / "best.weights.h5", "loss")
    callback.set_model(network())
    callback.on_epoch_end(0, {"loss": float("nan")})
    assert callback.best is None
    assert callback.best_epoch is None
    assert list(tmp_path.iterdir()) == []


class Killed(BaseException):
    """As a process would be: nothing catches it."""


@pytest.mark.parametrize("moment", ["save_weights", "replace"])
def test_a_kill_leaves_the_old_file(tmp_path, monkeypatch, moment):
    path, model = tmp_path / "best.weights.h5", network()
    callback = BestWeights(path, "loss")
    epochs(callback, named("loss", 3.0), model)
    before = path.read_bytes()

    def half_done(file):
        file.write_bytes(b"half")
        raise Killed

    def killed(*_):
        raise Killed

    if moment == "save_weights":
        monkeypatch.setattr(model, "save_weights", half_done)
    else:
        monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(Killed):
        callback.on_epoch_end(1, {"loss": 1.0})
    assert path.read_bytes() == before
    assert callback.best == 3.0
    assert callback.best_epoch == 0


def test_augmented_model_writes_what_the_inner_model_loads(tmp_path):
    inner = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model = kerasaug.AugmentedModel(inner, kerasaug.layers.RandomFlip())
    model.compile("adam", "mse")
    callback = BestWeights(tmp_path / "best.weights.h5", "loss")
    model.fit(np.ones((4, 4, 4, 3)), np.ones(4), verbose=0, callbacks=[callback])
    trained = inner.get_weights()
    inner.set_weights([np.zeros_like(one) for one in trained])
    inner.load_weights(callback.path)
    for one, other in zip(inner.get_weights(), trained, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_it_has_reached_survives_a_second_fit(tmp_path):
    model = network()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    callback = BestWeights(tmp_path / "best.weights.h5", "loss")
    callback.best, callback.best_epoch, callback._score = 0.0, 7, [0.0]  # as a backup puts them back
    model.fit(np.ones((4, 1)), np.full((4, 1), 9.0), verbose=0, callbacks=[callback])
    assert (callback.best, callback.best_epoch) == (0.0, 7)
    assert not callback.path.exists()


def test_tells_of_each_file(tmp_path, capsys):
    epochs(BestWeights(tmp_path / "best.weights.h5", "loss", verbose=1), named("loss", 3.0, 4.0))
    out = capsys.readouterr().out
    assert "Epoch 1: loss is 3, the best so far" in out
    assert "Epoch 2" not in out


def test_what_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"end in \.weights\.h5.*'best\.h5'"):
        BestWeights("best.h5")
    with pytest.raises(ValueError, match=r"'auto', 'min' or 'max'.*'up'"):
        BestWeights("best.weights.h5", mode="up")
    callback = BestWeights(tmp_path / "best.weights.h5")
    callback.set_model(network())
    with pytest.raises(ValueError, match=r"'val_accuracy' or 'val_loss' among the logs.*\['loss'\].*validation data"):
        callback.on_epoch_end(0, {"loss": 1.0})


def test_epochs_without_validation_are_passed_over(tmp_path):
    model, x = network(), np.ones((2, 1))
    model.compile("sgd", "mse")
    callback = BestWeights(tmp_path / "best.weights.h5")
    model.fit(x, x, epochs=3, validation_data=(x, x), validation_freq=2, callbacks=[callback], verbose=0)
    assert callback.best_epoch == 1
    missing = BestWeights(tmp_path / "none.weights.h5", "val_los")
    with pytest.raises(ValueError, match="'val_los' among the logs"):
        model.fit(x, x, epochs=2, validation_data=(x, x), validation_freq=2, callbacks=[missing], verbose=0)
