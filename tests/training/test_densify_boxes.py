"""Ragged boxes made dense, as lists, arrays and `tf.data` batches, and what trains on them."""

import keras
import numpy as np
import pytest

import kerasaug
from kerasaug import layers

BOXES = [[[0.0, 0.0, 8.0, 8.0]], [], [[2.0, 2.0, 4.0, 4.0], [1.0, 1.0, 3.0, 3.0], [0.0, 1.0, 5.0, 6.0]]]
LABELS = [[1], [], [0, 2, 3003]]
PAD = [-1.0] * 4
DENSE = [[BOXES[0][0], PAD], [PAD, PAD], BOXES[2][:2]]
DENSE_LABELS = [[1, -1], [-1, -1], [0, 2]]


def check(bounding_boxes):
    for name, expected in (("boxes", DENSE), ("labels", DENSE_LABELS)):
        value = keras.ops.convert_to_numpy(bounding_boxes[name])
        np.testing.assert_array_equal(value, np.asarray(expected, value.dtype))


def ragged(tf):
    return {
        "boxes": tf.ragged.constant(BOXES, ragged_rank=1, inner_shape=(4,)),
        "labels": tf.ragged.constant(LABELS, dtype="int64"),
    }


def test_lists_are_padded_with_minus_one_and_cut():
    sample = {"images": np.zeros((3, 8, 8, 1)), "bounding_boxes": {"boxes": BOXES, "labels": LABELS}}
    dense = kerasaug.densify_boxes(2)(sample)
    check(dense["bounding_boxes"])
    assert dense["images"] is sample["images"]
    assert sample["bounding_boxes"]["boxes"] is BOXES, "the caller's dict stays as it was"


def test_lists_of_arrays_with_extra_entries():
    arrays = [np.reshape(np.asarray(row, "float32"), (-1, 4)) for row in BOXES]
    boxes = {"boxes": arrays, "labels": [np.asarray(row, "int32") for row in LABELS]}
    boxes["scores"] = [np.full(len(row), 0.5, "float32") for row in LABELS]
    dense = kerasaug.densify_boxes(2, keys={"bounding_boxes": "objects"})({"objects": boxes})["objects"]
    check(dense)
    scores = keras.ops.convert_to_numpy(dense["scores"])
    np.testing.assert_array_equal(scores, [[0.5, -1], [-1, -1], [0.5, 0.5]])
    assert keras.backend.standardize_dtype(dense["labels"].dtype) == "int32"


def test_a_batch_without_a_single_box():
    dense = kerasaug.densify_boxes(2)({"bounding_boxes": {"boxes": [[], []], "labels": [[], []]}})
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(dense["bounding_boxes"]["boxes"]), np.full((2, 2, 4), -1))


@pytest.mark.parametrize("count", [1, 3])
def test_one_sample(count):
    boxes = np.arange(4.0 * count, dtype="float32").reshape(count, 4)
    dense = kerasaug.densify_boxes(2)({"bounding_boxes": {"boxes": boxes, "labels": np.arange(count)}})
    expected = np.concatenate([boxes, np.full((2, 4), -1.0)])[:2]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(dense["bounding_boxes"]["boxes"]), expected)
    labels = np.concatenate([np.arange(count), [-1, -1]])[:2]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(dense["bounding_boxes"]["labels"]), labels)


def test_dense_boxes_are_padded_too():
    boxes = {"boxes": np.ones((2, 1, 4), "float32"), "labels": np.ones((2, 1), "int32")}
    dense = kerasaug.densify_boxes(3)({"bounding_boxes": boxes})["bounding_boxes"]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(dense["labels"]), [[1, -1, -1]] * 2)
    assert tuple(dense["boxes"].shape) == (2, 3, 4)


def test_entries_that_cannot_hold_padding():
    boxes = {"boxes": np.ones((2, 1, 4)), "labels": np.ones((2, 1), "int32"), "crowd": np.ones((2, 1), "uint8")}
    with pytest.raises(TypeError, match=r"densify_boxes.*expects .*crowd.*Received: dtype=uint8.*int32"):
        kerasaug.densify_boxes(3)({"bounding_boxes": boxes})


def test_tuples_keep_their_other_parts():
    boxes = {"boxes": BOXES, "labels": LABELS}
    whole = kerasaug.densify_boxes(2, keys={"bounding_boxes": "y"})
    x, y, weight = whole("x", boxes, "weight")
    assert (x, weight) == ("x", "weight")
    check(y)
    check(whole(("x", boxes))[1])
    in_y = kerasaug.densify_boxes(2)(({"images": 1}, {"bounding_boxes": boxes, "class": 2}))
    check(in_y[1]["bounding_boxes"])
    assert in_y[1]["class"] == 2
    check(kerasaug.densify_boxes(2)(({"bounding_boxes": boxes}, 5))[0]["bounding_boxes"])


def test_ragged_tensors_outside_a_dataset():
    tf = pytest.importorskip("tensorflow")
    check(kerasaug.densify_boxes(2)({"bounding_boxes": ragged(tf)})["bounding_boxes"])


@pytest.mark.parametrize("batched_first", [True, False])
def test_in_a_dataset_map_the_shape_becomes_known(batched_first):
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((np.zeros((3, 8, 8, 1), "float32"), {"bounding_boxes": ragged(tf)}))
    dense = kerasaug.densify_boxes(2)
    data = data.batch(3).map(dense) if batched_first else data.map(dense).batch(3)
    assert data.element_spec[1]["bounding_boxes"]["boxes"].shape.as_list() == [None, 2, 4]
    assert data.element_spec[1]["bounding_boxes"]["labels"].dtype == tf.int64
    _, y = next(iter(data))
    check(y["bounding_boxes"])


def test_padded_batches_of_unknown_width():
    tf = pytest.importorskip("tensorflow")
    signature = {"boxes": tf.TensorSpec((None, 4)), "labels": tf.TensorSpec((None,), "int64")}
    rows = [{"boxes": np.reshape(box, (-1, 4)), "labels": label} for box, label in zip(BOXES, LABELS, strict=True)]
    data = tf.data.Dataset.from_generator(lambda: iter(rows), output_signature=signature)
    data = data.map(lambda one: {"bounding_boxes": one})
    values = {"boxes": tf.constant(-1.0), "labels": tf.constant(-1, "int64")}
    shapes = {"boxes": [None, 4], "labels": [None]}
    data = data.padded_batch(3, {"bounding_boxes": shapes}, {"bounding_boxes": values})
    check(next(iter(data.map(kerasaug.densify_boxes(2))))["bounding_boxes"])


class Detector(keras.layers.Layer):
    """Predicts one learned box and one label for everything."""

    def build(self, shape):
        self.box = self.add_weight(shape=(4,), initializer="zeros")

    def call(self, images):
        still = 0.0 * keras.ops.sum(images, axis=(1, 2, 3))[:, None, None]
        return {"boxes": still + self.box, "labels": still[..., 0]}


def far_left(y_true, y_pred):
    """Descends along the mean of all boxes' left edges, padding left out."""
    real = keras.ops.cast(y_true[..., 0] != -1.0, "float32")
    left = keras.ops.sum(keras.ops.where(y_true[..., 0] == -1.0, 0.0, y_true[..., 0]), axis=1)
    return -y_pred[:, 0, 0] * left / keras.ops.sum(real, axis=1)


def test_ragged_datasets_train_once_dense():
    tf = pytest.importorskip("tensorflow")
    boxes = {
        "boxes": tf.ragged.constant(
            [[[1.0, 1, 3, 3]], [[2.0, 1, 4, 3], [1, 1, 5, 5]]], ragged_rank=1, inner_shape=(4,)
        ),
        "labels": tf.ragged.constant([[1], [0, 2]], dtype="float32"),
    }
    data = tf.data.Dataset.from_tensor_slices((np.zeros((2, 8, 8, 1), "float32"), boxes)).batch(2)
    inner = keras.Sequential([keras.Input((8, 8, 1)), Detector()])
    flip = layers.RandomFlip("horizontal", bounding_box_format="xyxy", p=1.0)
    keys = {"bounding_boxes": "y"}
    model = kerasaug.AugmentedModel(inner, kerasaug.Pipeline([flip], seed=3), keys=keys)
    compiled = keras.backend.backend() != "torch"
    model.compile(keras.optimizers.SGD(1.0), {"boxes": far_left, "labels": "mse"}, jit_compile=compiled)
    with pytest.raises(ValueError, match=r"(?s)ragged tensor at '1/boxes'.*densify_boxes"):
        model.fit(data, verbose=0)
    _, y, _ = kerasaug.AugmentedModel(inner, kerasaug.Pipeline([flip], seed=3), keys=keys).augment(
        next(iter(data.map(kerasaug.densify_boxes(3, keys=keys)).as_numpy_iterator()))
    )
    model.fit(data.map(kerasaug.densify_boxes(3, keys=keys)), verbose=0)
    left = keras.ops.convert_to_numpy(y["boxes"])[..., 0]
    assert float(left[0, 0]) in (1.0, 5.0), "x = 1..3 of 8 stays, or flips to 5..7"
    expected = np.mean([left[0, 0], left[1, :2].mean()])
    np.testing.assert_allclose(keras.ops.convert_to_numpy(inner.layers[0].box)[0], expected, rtol=1e-5)


def test_errors():
    for wrong in (0, -1, 2.5):
        with pytest.raises(ValueError, match="max_boxes, a positive integer"):
            kerasaug.densify_boxes(wrong)
    with pytest.raises(ValueError, match=r"keys to be \{'bounding_boxes': name\}.*'boxes'"):
        kerasaug.densify_boxes(2, keys={"boxes": "objects"})
    with pytest.raises(ValueError, match=r"under the key 'bounding_boxes'.*\['images', 'objects'\]"):
        kerasaug.densify_boxes(2)({"images": 0, "objects": {}})
    with pytest.raises(ValueError, match=r"under the key 'bounding_boxes'.*ndarray, \['boxes'\]"):
        kerasaug.densify_boxes(2)(np.zeros(2), {"boxes": 0})
    with pytest.raises(ValueError, match=r"a dict \{\"boxes\".*\['boxes', 'classes'\]"):
        kerasaug.densify_boxes(2)({"bounding_boxes": {"boxes": 0, "classes": 0}})
