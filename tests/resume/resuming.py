"""A small script that trains, is stopped, and trains again."""

import random

import keras
import numpy as np
from interruptions import Stop

from kerasaug.callbacks import BackupAndRestore

X = np.random.default_rng(0).normal(size=(20, 5)).astype("float32")
Y = np.random.default_rng(1).normal(size=(20, 2)).astype("float32")


def network(dtype=None):
    return keras.Sequential(
        [
            keras.Input((5,), dtype="float32"),
            keras.layers.Dense(6, activation="relu", dtype=dtype),
            keras.layers.Dropout(0.4, dtype=dtype),
            keras.layers.Dense(2, dtype="float32"),
        ]
    )


def arrays():
    return {"x": X, "y": Y, "batch_size": 6}


def run(folder, stop=None, optimizer=lambda: "adam", data=arrays, callbacks=list, epochs=4, dtype=None, **compiled):
    """One script from its beginning: seeds, model, data, fit."""
    keras.utils.set_random_seed(2)
    model = network(dtype)
    model.compile(optimizer(), "mse", **compiled)
    backup = BackupAndRestore(folder, delete_checkpoint=False)
    extra = [] if stop is None else [Stop(stop)]
    own = callbacks()
    try:
        history = model.fit(**data(), epochs=epochs, verbose=0, callbacks=[backup, *own, *extra])
    except KeyboardInterrupt:
        return None
    values = [keras.ops.convert_to_numpy(one) for one in [*model.variables, *model.optimizer.variables]]
    return [one.tobytes() for one in values], history.history, own, model


def interrupted_equals_alone(tmp_path, stop=2, **arguments):
    alone = run(tmp_path / "alone", **arguments)
    assert run(tmp_path / "stopped", stop=stop, **arguments) is None
    random.seed(99), np.random.seed(99)  # a new process starts from anything
    resumed = run(tmp_path / "stopped", **arguments)
    assert resumed[0] == alone[0]
    assert resumed[1] == alone[1]
    return alone, resumed
