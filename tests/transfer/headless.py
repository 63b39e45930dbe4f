"""Backbones without heads, of images and of words: for the tests of heads."""

import keras
import numpy as np

layers = keras.layers


def backbone(size=16, name="net"):
    """Strides 2, 4 and 8."""
    images = x = keras.Input((size, size, 3))
    for index in range(3):
        x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name=f"{name}_conv{index}")(x)
    return keras.Model(images, x, name=name)


def tokens(mask=True):
    """Sequences of six numbers below 9, of which 0 is none."""
    words = keras.Input((6,), dtype="int32")
    return keras.Model(words, layers.Embedding(9, 4, mask_zero=mask)(words), name="words")


WORDS = np.array([[3, 5, 1, 0, 0, 0], [2, 2, 7, 8, 4, 1]])


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)
