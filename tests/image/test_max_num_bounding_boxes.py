import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from kerasaug import Pipeline
from kerasaug.layers import MaxNumBoundingBoxes

IMAGES = np.zeros((2, 8, 8, 1), "float32")
BOXES = np.arange(24, dtype="float32").reshape(2, 3, 4)
LABELS = np.array([[5, -1, 7], [2, 3, 4]], "int32")
both = pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])


def fitted(boxes, labels, count, training=True, **more):
    data = {"images": IMAGES, "bounding_boxes": {"boxes": boxes, "labels": labels}}
    found = MaxNumBoundingBoxes(count, **more)(data, training=training)["bounding_boxes"]
    return convert_to_numpy(found["boxes"]), convert_to_numpy(found["labels"])


@both
@pytest.mark.parametrize("fill_value", [-1, 0])
def test_fewer_boxes_are_padded(fill_value, training):
    boxes, labels = fitted(BOXES, LABELS, 5, training, fill_value=fill_value)
    expected = np.pad(BOXES, [(0, 0), (0, 2), (0, 0)], constant_values=fill_value)
    np.testing.assert_array_equal(boxes, expected)
    np.testing.assert_array_equal(labels, np.pad(LABELS, [(0, 0), (0, 2)], constant_values=fill_value))
    assert (boxes.dtype, labels.dtype) == ("float32", "int32")


@both
@pytest.mark.parametrize("fill_value", [-129, 128])
def test_a_filling_that_labels_cannot_hold(fill_value, training):
    with pytest.raises(ValueError, match=rf"max_num.*labels of dtype int8.*Received: fill_value={fill_value}"):
        fitted(BOXES, LABELS.astype("int8"), 5, training, fill_value=fill_value)


@both
def test_more_are_cut_padding_first(training):
    boxes, labels = fitted(BOXES, LABELS, 2, training)
    np.testing.assert_array_equal(boxes, [BOXES[0, [0, 2]], BOXES[1, :2]])
    np.testing.assert_array_equal(labels, [[5, 7], [2, 3]])


@both
@pytest.mark.parametrize("count", [1, 4])
def test_ragged_boxes_become_dense(count, training):
    tf = pytest.importorskip("tensorflow")
    rows = tf.ragged.constant([[[1.0, 2, 3, 4]], [[5.0, 6, 7, 8], [9.0, 10, 11, 12]]], ragged_rank=1)
    boxes, labels = fitted(rows, tf.ragged.constant([[3], [4, 5]]), count, training)
    expected = np.full((2, 4, 4), -1.0)
    expected[0, 0], expected[1, :2] = [1, 2, 3, 4], [[5, 6, 7, 8], [9, 10, 11, 12]]
    np.testing.assert_array_equal(boxes, expected[:, :count])
    np.testing.assert_array_equal(labels, np.array([[3, -1, -1, -1], [4, 5, -1, -1]])[:, :count])


def test_scores_follow_and_one_image_has_no_batch_axis():
    boxes = {"boxes": BOXES[0], "labels": LABELS[0], "scores": np.array([0.1, 0.2, 0.3], "float32")}
    found = MaxNumBoundingBoxes(2)({"images": IMAGES[0], "bounding_boxes": boxes})["bounding_boxes"]
    np.testing.assert_array_equal(convert_to_numpy(found["boxes"]), BOXES[0, [0, 2]])
    np.testing.assert_allclose(convert_to_numpy(found["scores"]), [0.1, 0.3])


def test_a_model_knows_how_many_there_will_be():
    def spec(*shape):
        return keras.KerasTensor(shape, "float32")

    for layer in (MaxNumBoundingBoxes(7), Pipeline([MaxNumBoundingBoxes(7)])):
        data = {"images": spec(None, 8, 8, 1), "bounding_boxes": {"boxes": spec(None, 3, 4), "labels": spec(None, 3)}}
        found = layer.compute_output_spec(data)["bounding_boxes"]
        assert found["boxes"].shape == (None, 7, 4)
        assert found["labels"].shape == (None, 7)


def test_a_dataset_of_ragged_boxes_can_be_batched():
    tf = pytest.importorskip("tensorflow")
    rows = tf.ragged.constant([[[1.0, 2, 3, 4]], [[5.0, 6, 7, 8], [9.0, 10, 11, 12]]], ragged_rank=1)
    boxes = {"boxes": rows, "labels": tf.ragged.constant([[3], [4, 5]])}
    dataset = tf.data.Dataset.from_tensor_slices({"images": IMAGES, "bounding_boxes": boxes}).batch(2)
    mapped = dataset.map(MaxNumBoundingBoxes(6))
    assert mapped.element_spec["bounding_boxes"]["boxes"].shape[1:] == (6, 4)
    np.testing.assert_array_equal(next(iter(mapped))["bounding_boxes"]["labels"][:, :3], [[3, -1, -1], [4, 5, -1]])
