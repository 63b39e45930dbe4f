"""Backups that do not belong to the training at hand, and arguments that cannot be."""

import keras
import numpy as np
import pytest
from resuming import X, Y, arrays, network, run

from kerasaug.callbacks import BackupAndRestore


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: {"optimizer": lambda: "sgd"}, "this optimizer"),
        (lambda: {"data": lambda: {**arrays(), "batch_size": 10}}, "steps 2"),
    ],
)
def test_a_backup_of_something_else_is_refused(tmp_path, change, message):
    run(tmp_path, epochs=2)
    with pytest.raises(ValueError, match=message):
        run(tmp_path, **change())


def test_a_backup_of_another_model_is_refused_before_anything_has_changed(tmp_path):
    run(tmp_path, epochs=2)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"with 2 variables.*number 0 is .*kernel.*\(5, 2\)"):
        model.fit(X, Y, epochs=4, batch_size=6, verbose=0, callbacks=[BackupAndRestore(tmp_path)])
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_seed_is_a_warning(tmp_path):
    run(tmp_path, epochs=2)
    keras.utils.set_random_seed(3)
    model = network()
    model.compile("adam", "mse")
    with pytest.warns(UserWarning, match="called with 2 when.* and with 3 now"):
        model.fit(**arrays(), epochs=4, verbose=0, callbacks=[BackupAndRestore(tmp_path)])


def test_arguments():
    with pytest.raises(ValueError, match="a folder"):
        BackupAndRestore("")
    with pytest.raises(ValueError, match="exactly between two epochs"):
        BackupAndRestore("somewhere", save_freq=10)


def test_outside_of_fit_it_says_so(tmp_path):
    model = network()
    model.compile("adam", "mse")
    callbacks = keras.callbacks.CallbackList([BackupAndRestore(tmp_path)], model=model)
    with pytest.raises(RuntimeError, match=r"keras\.Model\.fit"):
        callbacks.on_train_begin()
