"""What the tests of callbacks share: small data, and a network that NumPy can train."""

import contextlib
import shutil

import keras
import numpy as np

from kerasaug.callbacks import BackupAndRestore

COUNT, BATCH = 16, 4
X = np.random.default_rng(0).normal(size=(COUNT, 3)).astype("float32")
Y = np.random.default_rng(1).normal(size=(COUNT, 2)).astype("float32")


def linear():
    keras.utils.set_random_seed(3)
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, use_bias=False)])


def gradient(w, step):
    """Of the mean squared error of a batch, where batches are not shuffled."""
    rows = slice(step * BATCH % COUNT, step * BATCH % COUNT + BATCH)
    return 2 * X[rows].T @ (X[rows] @ w - Y[rows]) / Y[rows].size


def train(model, callbacks, epochs=3, **kwargs):
    return model.fit(X, Y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks, **kwargs)


class Stop(keras.callbacks.Callback):
    """A kill at the beginning of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def stopped_and_resumed(make_model, make_callbacks, folder, epochs=3, **kwargs):
    """Model and history of a training killed in its last epoch, begun anew after the last epoch and the one before."""
    with contextlib.suppress(KeyboardInterrupt):
        train(make_model(), [*make_callbacks(), BackupAndRestore(folder), Stop(epochs - 1)], epochs, **kwargs)
    copy = shutil.copytree(folder, folder.with_name("earlier"))
    max(copy.glob("backup-*.npz")).unlink()
    for one in (folder, copy):
        model = make_model()
        yield model, train(model, [*make_callbacks(), BackupAndRestore(one)], epochs, **kwargs).history


def assert_same_weights(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
