"""A fine-tuning optimizer that is saved and loaded, of a frozen model too: slots and settings are there again."""

import keras
import numpy as np
from keras import ops
from optimizer_steps import make_model

from kerasaug.transfer import finetune_optimizer, freeze_to


def test_loads_while_frozen_and_keeps_all_slots(tmp_path):
    model = make_model()
    model.compile(finetune_optimizer("adam", model, learning_rate=slice(1e-3, 1e-2)), "mse")
    data = np.ones((4, 4), "float32"), np.ones((4, 2), "float32")
    model.fit(*data, verbose=0)
    freeze_to(model, -1)
    model.fit(*data, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert len(loaded.trainable_variables) == 2
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    for saved, restored in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(saved), ops.convert_to_numpy(restored))
    loaded.fit(*data, verbose=0)  # goes on with the head alone
    assert int(ops.convert_to_numpy(loaded.optimizer.iterations)) == 3


def test_momentum_that_came_down_to_zero_is_loaded(tmp_path):
    model = make_model()
    model.compile(finetune_optimizer(keras.optimizers.SGD(0.1, momentum=0.9), model), "mse")
    model.optimizer.momentum = 0.0
    data = np.ones((4, 4), "float32"), np.ones((4, 2), "float32")
    model.fit(*data, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").optimizer
    assert int(ops.convert_to_numpy(loaded.iterations)) == 1
    assert loaded.momentum == 0.0


def test_stand_ins_have_the_paths_of_what_they_stand_for(tmp_path):
    """Muon chooses by path which variables have slots of one kind and which of another."""
    model = make_model()
    model.compile(finetune_optimizer(keras.optimizers.Muon(exclude_layers=["low"]), model), "mse")
    data = np.ones((4, 4), "float32"), np.ones((4, 2), "float32")
    model.fit(*data, verbose=0)
    freeze_to(model, -1)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    assert int(ops.convert_to_numpy(loaded.optimizer.iterations)) == 1
