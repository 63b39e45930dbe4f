"""fine_tune with a folder for backups: stopped and run again, it ends as if it had not been stopped."""

import keras
import numpy as np
import pytest
from fine_tuning import network, pictures, same_weights, tune
from interruptions import Stop

import kerasaug

pytestmark = pytest.mark.skipif(keras.backend.backend() == "torch", reason="fine-tuning is for TensorFlow and JAX")


def run(folder, **arguments):
    images, labels = pictures()
    # The validation labels are the other way round, so that the best epoch is an early one.
    return tune(
        network(),
        (images, labels),
        (images, 1 - labels),
        **{"policy": kerasaug.layers.RandomFlip(), "epochs": 2, "base_lr": 0.1, "backup_dir": folder, **arguments},
    )


def test_resumes_as_if_it_had_not_stopped(tmp_path):
    whole = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", callbacks=[Stop(2)])
    keras.utils.set_random_seed(99)
    resumed = run(tmp_path / "stopped")
    assert same_weights(resumed.model, whole.model)
    assert resumed.history == whole.history
    assert len(resumed.history["loss"]) == 3
    assert resumed.best_epoch == whole.best_epoch < 2, "or the file of the best epoch tells nothing"
    for name in ("recipe.json", "best.weights.h5"):
        assert (tmp_path / "stopped" / name).is_file()
    # Run once more, it trains no further and gives the same.
    done = run(tmp_path / "stopped")
    assert same_weights(done.model, whole.model)
    assert (done.history, done.best_epoch) == (whole.history, whole.best_epoch)
    with pytest.raises(ValueError, match=r"backups of the same recipe.*seed: 0 there and 5 here"):
        run(tmp_path / "stopped", seed=5)
    assert not np.isnan(done.history["loss"]).any()
