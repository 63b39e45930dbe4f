"""Flags that are flipped by hand between two fits of an AugmentedModel."""

import keras
import numpy as np
import pytest

from kerasaug import AugmentedModel, Pipeline
from kerasaug.layers import RandomFlip
from kerasaug.transfer import finetune_optimizer

IMAGES, LABELS = np.ones((4, 2, 2, 1), "float32"), np.array([0, 1, 0, 1])


def fitted(optimizer):
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Flatten(), keras.layers.Dense(3), keras.layers.Dense(2, "softmax")]
    model = AugmentedModel(keras.Sequential([keras.Input((2, 2, 1)), *layers]), Pipeline([RandomFlip()]))
    model.compile(optimizer(model), "sparse_categorical_crossentropy")
    model.fit(IMAGES, LABELS, verbose=0)
    return model, model.model.layers[1]


def test_a_finetuning_optimizer_follows():
    model, body = fitted(lambda model: finetune_optimizer("sgd", model))
    body.trainable = False
    before = model.get_weights()
    seen = []
    model.fit(
        IMAGES, LABELS, verbose=0, callbacks=keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: seen.append(1))
    )
    moved = [not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)]
    assert moved == [False, False, True, True]
    assert seen == [1]


def test_an_ordinary_one_is_refused():
    model, body = fitted(lambda _: keras.optimizers.SGD())
    body.trainable = False
    with pytest.raises(ValueError, match=r"taken 1 steps on 4 variables, in a model where 2 are trainable.*compile"):
        model.fit(IMAGES, LABELS, verbose=0)
