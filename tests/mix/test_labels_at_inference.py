"""Out of training nothing is mixed, and labels have the form that they have in training."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from kerasaug import Pipeline
from kerasaug.layers import CutMix, MixUp

MIXES = pytest.mark.parametrize(
    "layer",
    [MixUp(num_classes=4), CutMix(num_classes=4), Pipeline([MixUp(num_classes=4)])],
    ids=["MixUp", "CutMix", "Pipeline"],
)
IMAGES = np.arange(24.0, dtype="float32").reshape(2, 2, 2, 3)


@MIXES
def test_class_numbers_are_encoded_and_images_left(layer):
    found = layer({"images": IMAGES, "labels": np.array([3, 0])}, training=False)
    np.testing.assert_array_equal(convert_to_numpy(found["labels"]), [[0, 0, 0, 1], [1, 0, 0, 0]])
    np.testing.assert_array_equal(convert_to_numpy(found["images"]), IMAGES)


@MIXES
def test_one_hot_labels_stay(layer):
    labels = np.array([[0.0, 0.25, 0.75, 0.0], [1.0, 0.0, 0.0, 0.0]], "float32")
    found = layer({"images": IMAGES, "labels": labels}, training=False)
    np.testing.assert_array_equal(convert_to_numpy(found["labels"]), labels)


@pytest.mark.parametrize("dtype", ["int32", "bool"])
@MIXES
def test_what_mixing_makes_floats_is_floats_everywhere(layer, dtype):
    labels, weights = np.eye(4)[[1, 2]].astype(dtype), np.array([2, 0]).astype(dtype)
    data = {"images": IMAGES, "labels": labels, "sample_weight": weights}
    spec = layer.compute_output_spec({name: keras.KerasTensor(one.shape, one.dtype) for name, one in data.items()})
    for training in (True, False):
        found = layer(data, training=training)
        for kind in ("labels", "sample_weight"):
            assert keras.backend.standardize_dtype(found[kind].dtype) == spec[kind].dtype == "float32"
    np.testing.assert_array_equal(convert_to_numpy(found["labels"]), labels.astype("float32"))
    np.testing.assert_array_equal(convert_to_numpy(found["sample_weight"]), weights.astype("float32"))
