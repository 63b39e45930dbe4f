"""GradualUnfreezing resumed from a file and from a backup."""

import keras
import numpy as np
import pytest
from keras import ops
from unfrozen import STEPS, data_from, deep_model, fit

from kerasaug.callbacks import SWA, BackupAndRestore, GradualUnfreezing


@pytest.fixture
def data(rng):
    return data_from(rng)


def test_resumes_from_a_keras_file(data, tmp_path):
    schedule = {"schedule": {0: -1, 1: -2, 3: 0}, "warmup_steps": 3}

    def new():
        keras.utils.set_random_seed(7)
        model = deep_model()
        model.compile(keras.optimizers.AdamW(0.05, weight_decay=0.1), "mse")
        return model

    whole = new()
    fit(whole, data, [GradualUnfreezing(**schedule)], epochs=5)
    half = new()
    fit(half, data, [GradualUnfreezing(**schedule)], epochs=2)
    assert len(half.trainable_variables) == 4  # saved while two groups are frozen
    half.save(tmp_path / "half.keras")
    resumed = keras.saving.load_model(tmp_path / "half.keras")
    for saved, loaded in zip(half.optimizer.variables, resumed.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(saved), ops.convert_to_numpy(loaded))
    fit(resumed, data, [GradualUnfreezing(**schedule)], epochs=5, initial_epoch=2)
    for got, want in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-7)


def test_backup_and_restore(data, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    def train(callbacks):
        keras.utils.set_random_seed(7)
        model = deep_model()
        model.compile(keras.optimizers.Adam(0.05), "mse")
        fit(model, data, [GradualUnfreezing(warmup_steps=3), *callbacks])
        return model

    whole = train([])
    backup = str(tmp_path / "backup")
    with pytest.raises(KeyboardInterrupt):
        train([keras.callbacks.BackupAndRestore(backup), Stop()])
    resumed = train([keras.callbacks.BackupAndRestore(backup)])
    assert int(ops.convert_to_numpy(resumed.optimizer.iterations)) == 4 * STEPS
    for got, want in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("bn", ["frozen", "train"])
def test_a_training_that_is_done_leaves_the_same_flags_and_averages(bn, data, tmp_path):
    """No epoch begins in it, and SWA measures the statistics of normalization that trains when it is over."""

    def train():
        keras.utils.set_random_seed(7)
        inputs = keras.Input(data[0].shape[1:])
        x = keras.layers.BatchNormalization()(keras.layers.Dense(4, name="low")(inputs))
        model = keras.Model(inputs, keras.layers.Dense(data[1].shape[1])(keras.layers.Dense(4, name="high")(x)))
        model.compile(keras.optimizers.SGD(0.1), "mse")
        backup = BackupAndRestore(tmp_path / "backup", delete_checkpoint=False)
        fit(model, data, [GradualUnfreezing(every=2, bn=bn), SWA(2, data=data[0]), backup])
        return model

    first, again = train(), train()
    assert [layer.trainable for layer in again.layers] == [layer.trainable for layer in first.layers]
    for got, want in zip(again.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-7)
