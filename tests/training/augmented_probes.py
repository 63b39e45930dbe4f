"""A network whose weight, after training, is a sum over what it was given: the train step's input, made visible."""

import keras
import numpy as np

import kerasaug
from kerasaug import layers

SHAPE = (8, 8, 1)


def climb(y_true, y_pred):
    """A loss whose gradient is minus what the weight is multiplied with."""
    return -keras.ops.sum(y_pred, axis=-1)


def climb_by_label(y_true, y_pred):
    """The same, of each sample as often as the class number of its (soft) label says."""
    classes = keras.ops.arange(y_true.shape[-1], dtype="float32")
    return -keras.ops.sum(y_true * classes, axis=-1) * y_pred[:, 0]


def probe(**kwargs):
    """Predicts the mean pixel, times a weight that starts at zero."""
    head = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    return keras.Sequential([keras.Input(SHAPE), keras.layers.GlobalAveragePooling2D(), head], **kwargs)


def weight_of(model):
    return float(keras.ops.convert_to_numpy(model.trainable_variables[0])[0, 0])


def brighten(by=0.1, **kwargs):
    """Adds `by` of 255 to every pixel: a draw from a range of one number."""
    return kerasaug.Pipeline([layers.RandomBrightness((by, by), **kwargs)])


def augmented(pipeline=None, inner=None, loss=climb, keys=None, rate=1.0, **kwargs):
    """A compiled `AugmentedModel` around a probe; one step adds the mean pixel it saw to the weight."""
    model = kerasaug.AugmentedModel(inner or probe(), pipeline or brighten(), keys=keys)
    model.compile(keras.optimizers.SGD(rate), loss, **kwargs)
    return model


def pictures(rng, count=8):
    """Images far from 0 and 255, so that nothing clips, each of another mean."""
    return (rng.uniform(20, 150, (count, *SHAPE)) + np.arange(count)[:, None, None, None]).astype("float32")


def mixing(seed=7, **kwargs):
    return kerasaug.Pipeline([layers.MixUp(alpha=1.0, **kwargs)], seed=seed)
