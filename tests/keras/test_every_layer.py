"""Every image layer of `keras.layers` exists here, under its name."""

import inspect

import keras
import pytest
from keras_layers import ARGUMENTS, KERAS, OURS, each

from kerasaug import Augmentation

_BASE = keras.layers.RandomFlip.__mro__[1]


def test_the_table_names_every_image_layer_of_keras():
    everything = {name: getattr(KERAS, name) for name in dir(KERAS)}
    images = {name for name, cls in everything.items() if isinstance(cls, type) and issubclass(cls, _BASE)}
    assert set(ARGUMENTS) == images | {"Pipeline"}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_layer_of_the_table_exists(name):
    assert issubclass(getattr(OURS, name), Augmentation)


@each()
def test_every_argument_of_keras_is_in_some_set(name):
    """Of those that the tests of configs use; `data_format` and `seed` have tests of their own."""
    signature = set(inspect.signature(getattr(KERAS, name)).parameters)
    used = {argument for arguments in ARGUMENTS[name] for argument in arguments}
    assert signature - used <= {"name", "data_format", "seed", "kwargs"}
