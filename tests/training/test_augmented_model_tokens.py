"""AugmentedModel and labels of tokens."""

import keras
import numpy as np
import pytest
from contract_tools import to_numpy

import kerasaug
from kerasaug import layers as L


def test_a_y_with_a_column_for_each_token_must_be_named():
    """Labels of tokens would stay where they are while the tokens move."""
    layer = L.RandomSwap(0.9, special_token_ids=[1], count="exact", seed=1)
    tokens, y = np.array([[1, 5, 6, 7, 8, 9]] * 2), np.array([[0, 5, 6, 7, 8, 9]] * 2)
    inputs = keras.Input((6,), dtype="int32")
    network = keras.Model(inputs, keras.layers.Embedding(10, 10)(inputs))
    with pytest.raises(
        ValueError, match=r"AugmentedModel expects to be told what y is.*\(2, 6\).*'token_labels': 'y'\}"
    ):
        kerasaug.AugmentedModel(network, layer).augment((tokens, y))
    x, moved, _ = kerasaug.AugmentedModel(network, layer, keys={"token_labels": "y"}).augment((tokens, y))
    np.testing.assert_array_equal(to_numpy(x)[:, 1:], to_numpy(moved)[:, 1:])
    assert (to_numpy(x) != tokens).any()
    _, kept, _ = kerasaug.AugmentedModel(network, layer, keys={"labels": "y"}).augment((tokens, y))
    np.testing.assert_array_equal(to_numpy(kept), y)


def test_a_dataset_with_such_a_y_must_be_named_too():
    tf = pytest.importorskip("tensorflow")
    layer = L.RandomSwap(0.9, special_token_ids=[1], count="exact", seed=1)
    dataset = tf.data.Dataset.from_tensor_slices((np.array([[1, 5, 6, 7, 8, 9]]), np.array([[0, 5, 6, 7, 8, 9]])))
    with pytest.raises(ValueError, match=r"augment_dataset expects to be told what y is"):
        kerasaug.augment_dataset(dataset, layer)
    x, y = next(iter(kerasaug.augment_dataset(dataset, layer, keys={"token_labels": "y"})))
    np.testing.assert_array_equal(x[1:], y[1:])
