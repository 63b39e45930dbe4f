"""A loop of one's own keeps the batch that it handed to `augment`."""

import keras
import numpy as np
from keras.ops import convert_to_numpy

import kerasaug


def test_the_batch_given_to_augment_stays_as_it_was():
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    augmented = kerasaug.AugmentedModel(model, kerasaug.layers.MixUp(num_classes=2, seed=1))
    images, labels = np.arange(32.0, dtype="float32").reshape(2, 4, 4, 1), np.array([0, 1])
    x, y = {"images": images, "age": np.ones((2, 1), "float32")}, {"labels": labels}
    mixed, encoded, _ = augmented.augment((x, y))
    assert x["images"] is images
    assert y["labels"] is labels
    assert sorted(x) == sorted(mixed) == ["age", "images"]
    assert convert_to_numpy(encoded["labels"]).shape == (2, 2)
