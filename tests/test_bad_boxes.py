"""Boxes that a layer cannot use give one error; lists, ragged ones and none at all are fine."""

import cases
import numpy as np
import pytest
from contract_tools import assert_same, images, to_numpy, uncompiled
from messages import says

from kerasaug import layers as L

OPS = pytest.mark.parametrize("case", cases.IMAGE_CASES, ids=str)
BOX = {"boxes": [[0.0, 0.0, 4.0, 4.0]], "labels": [1]}


@pytest.mark.parametrize("layer", [L.RandomFlip(), L.MixUp(), L.RandomErasing(max_covered=0.5)], ids=lambda x: x.name)
def test_boxes_without_a_format(layer):
    boxes = {name: np.stack([value] * 4) for name, value in BOX.items()}
    with pytest.raises(ValueError) as error:
        layer({"images": images(), "bounding_boxes": boxes})
    assert layer.name in str(error.value)
    assert "bounding_box_format='xyxy'" in str(error.value)


@pytest.mark.parametrize(
    "boxes",
    [
        np.zeros((4, 1, 4)),
        {"boxes": np.zeros((4, 1, 4))},
        {"boxes": np.zeros((4, 1, 5)), "labels": np.zeros((4, 1))},
        {"boxes": np.zeros((4, 4)), "labels": np.zeros((4,))},
        {"boxes": np.zeros((4, 2, 4)), "labels": np.zeros((4, 1))},
        {"boxes": np.zeros((4, 2, 4)), "labels": np.zeros((4,))},
        {"boxes": np.zeros((3, 2, 4)), "labels": np.zeros((3, 2))},
    ],
)
def test_malformed_boxes(boxes):
    with pytest.raises(ValueError) as error:
        L.RandomFlip(bounding_box_format="xyxy")({"images": images(), "bounding_boxes": boxes})
    says(error, "RandomFlip")


@pytest.mark.parametrize("way", ["dense", "lists", "ragged"])
@pytest.mark.parametrize("name", ["boxes", "labels"])
def test_boxes_that_cannot_hold_padding(name, way):
    """A box that is dropped would come back as one of class 255."""
    boxes = {"boxes": np.ones((4, 1, 4), "int32"), "labels": np.ones((4, 1), "int32")}
    boxes[name] = boxes[name].astype("uint8")
    if way == "lists":
        boxes = {key: list(value) for key, value in boxes.items()}
    if way == "ragged":
        tf = pytest.importorskip("tensorflow")
        boxes = {key: tf.RaggedTensor.from_tensor(value) for key, value in boxes.items()}
    for layer in (L.RandomFlip(bounding_box_format="xyxy"), L.MaxNumBoundingBoxes(3)):
        with pytest.raises(TypeError) as error:
            layer({"images": images(), "bounding_boxes": boxes})
        says(error, layer.name, name, "dtype=uint8", "int32")


def test_a_box_format_that_keras_does_not_know():
    with pytest.raises(ValueError) as error:
        L.RandomFlip(bounding_box_format="corners")
    says(error, "RandomFlip", "bounding_box_format", "'corners'", "'xyxy'")


RAGGED = [
    (np.array([[0, 0, 4, 4], [1, 1, 3, 3]], "float32"), np.array([1, 2], "int32")),
    (np.zeros((0, 4), "float32"), np.zeros((0,), "int32")),
    (np.array([[2, 2, 6, 8]], "float32"), np.array([3003], "int32")),
    (np.array([[0, 1, 2, 3]], "float32"), np.array([4], "int32")),
]


def _dense():
    boxes, labels = np.full((4, 2, 4), -1, "float32"), np.full((4, 2), -1, "int32")
    for i, (one, classes) in enumerate(RAGGED):
        boxes[i, : len(one)], labels[i, : len(one)] = one, classes
    return {"boxes": boxes, "labels": labels}


def _flip(boxes):
    layer = L.RandomFlip("horizontal", bounding_box_format="xyxy")
    data = {"images": images(), "bounding_boxes": boxes}
    return layer.apply(data, layer.draw(data, seed=1))["bounding_boxes"]


def test_lists_of_boxes_become_dense():
    boxes = {"boxes": [one for one, _ in RAGGED], "labels": [classes for _, classes in RAGGED]}
    assert_same(_flip(boxes), _flip(_dense()))


def test_ragged_boxes_become_dense():
    tf = pytest.importorskip("tensorflow")
    boxes = {
        "boxes": tf.ragged.stack([one for one, _ in RAGGED]),
        "labels": tf.ragged.stack([classes for _, classes in RAGGED]),
    }
    assert_same(_flip(boxes), _flip(_dense()))


def test_ragged_boxes_can_be_mapped():
    tf = pytest.importorskip("tensorflow")
    boxes = {
        "boxes": tf.ragged.constant([one.tolist() for one, _ in RAGGED], ragged_rank=1, inner_shape=(4,)),
        "labels": tf.ragged.constant([classes.tolist() for _, classes in RAGGED]),
    }
    layer = L.RandomFlip("horizontal", bounding_box_format="xyxy")
    dataset = tf.data.Dataset.from_tensors({"images": images(), "bounding_boxes": boxes})
    result = next(iter(dataset.map(lambda data: layer.apply(data, layer.draw(data, seed=1)))))
    assert_same(to_numpy(result["bounding_boxes"]), _flip(_dense()))


@OPS
@uncompiled()
def test_a_batch_without_a_single_box(case):
    layer = case.shared()
    boxes = {"boxes": np.zeros((4, 0, 4), "float32"), "labels": np.zeros((4, 0), "int32")}
    data = {"images": images(), "bounding_boxes": boxes}
    result = to_numpy(layer(data)["bounding_boxes"])
    if any(op.fits_boxes for op in layer.ops()):
        assert (result["labels"] == -1).all()
    else:
        assert_same(result, boxes)
