"""Small folders of pictures, and short runs on them."""

import keras
import pytest
from run_pictures import write_pictures

from kerasaug import cli

SIZE = 32


@pytest.fixture
def pictures(tmp_path):
    return write_pictures(tmp_path / "pictures")


def tiny_mobile_net(input_shape, alpha=1.0, include_top=False, weights=None, pooling=None):
    """Takes the arguments of `keras.applications.MobileNet`, and a fiftieth of the time to compile."""
    images = keras.Input(input_shape)
    x = images
    for block in range(3):
        x = keras.layers.Conv2D(int(32 * alpha), 3, strides=2, padding="same", name=f"conv_{block}")(x)
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"conv_{block}_bn")(x)
        x = keras.layers.ReLU(name=f"conv_{block}_relu")(x)
    return keras.Model(images, x, name="mobilenet")


@pytest.fixture
def quick_networks(monkeypatch):
    monkeypatch.setattr(keras.applications, "MobileNet", tiny_mobile_net)


@pytest.fixture
def finetune(tmp_path, monkeypatch, capsys, quick_networks):
    """Runs the command in a folder of its own; returns the exit status and what was printed."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments, backbone=True):
        network = ("--backbone=MobileNet", "--alpha=0.25", "--weights=none", f"--image-size={SIZE}")
        status = cli.main(["finetune", *map(str, arguments), *(network if backbone else ())])
        return status, capsys.readouterr()

    return command
