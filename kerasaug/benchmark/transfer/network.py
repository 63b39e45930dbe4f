"""A residual network so small that hundreds of runs take minutes."""

from typing import Any

import keras

NAME = "residual network, 9 convolutions of 16 to 64 channels"
_MEAN = 127.5
WIDTH = 16  # with 12 channels, `fit` of plain Keras corrupts memory on TensorFlow 2.21's CPU


def backbone(input_shape: tuple[int, int, int], width: int = WIDTH) -> keras.Model:
    """A stem and three residual blocks, of strides 2, 2, 4 and 8: with the head, four layer groups.

    Args:
        input_shape: Of images in [0, 255].
        width: Channels of the stem; each time the maps get smaller there are twice as many.
    """
    inputs = keras.Input(input_shape)
    x = keras.layers.Rescaling(1 / _MEAN, -1.0)(inputs)
    x = keras.layers.ReLU()(_convolution(x, width, 3, 2))
    for index, stride in enumerate((1, 2, 2)):
        x = _block(x, width * 2**index, stride)
    return keras.Model(inputs, x, name="residual")


def _block(x: Any, width: int, stride: int) -> Any:
    y = keras.layers.ReLU()(_convolution(x, width, 3, stride))
    y = _convolution(y, width, 3, 1)
    shortcut = x if stride == 1 else _convolution(x, width, 1, stride)
    return keras.layers.ReLU()(keras.layers.Add()([shortcut, y]))


def _convolution(x: Any, width: int, kernel: int, stride: int) -> Any:
    x = keras.layers.Conv2D(width, kernel, strides=stride, padding="same", use_bias=False)(x)
    return keras.layers.BatchNormalization()(x)
