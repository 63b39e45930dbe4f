"""Small folders of pictures, and short runs on them."""

import keras
import numpy as np
import pytest
from run_pictures import write_pictures

from kerasaug import cli

SIZE = 32


@pytest.fixture
def pictures(tmp_path):
    return write_pictures(tmp_path / "pictures")


@pytest.fixture
def quick_networks(monkeypatch):
    """Under JAX each initializer compiles anew for every shape: seconds for a network."""

    def drawn(self, shape, dtype=None):
        values = np.random.default_rng(len(shape)).normal(0.0, (2 / np.prod(shape[:-1])) ** 0.5, shape)
        return keras.ops.convert_to_tensor(values.astype("float32"))

    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", drawn)


@pytest.fixture
def finetune(tmp_path, monkeypatch, capsys, quick_networks):
    """Runs the command in a folder of its own; returns the exit status and what was printed."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments, backbone=True):
        network = ("--backbone=MobileNet", "--alpha=0.25", "--weights=none", f"--image-size={SIZE}")
        status = cli.main(["finetune", *map(str, arguments), *(network if backbone else ())])
        return status, capsys.readouterr()

    return command
