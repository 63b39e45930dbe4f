"""Datasets that no layer can augment fail when they are mapped, by name; on every backend that maps them."""

import keras
import numpy as np
import pytest
from contract_tools import images
from hypothesis import given
from hypothesis import strategies as st
from strategies import BATCH, NO_ARRAYS, Opaque, examples, own_words, refuses, wrong_boxes

import kerasaug
from kerasaug import layers as L

tf = pytest.importorskip("tensorflow")

FLIP, MIX = L.RandomFlip(bounding_box_format="xyxy"), L.MixUp(num_classes=3, bounding_box_format="xyxy")
PIPELINE = kerasaug.Pipeline([L.RandomFlip(), L.MixUp(num_classes=3)])
LAYERS = pytest.mark.parametrize("layer", [FLIP, MIX, PIPELINE], ids=lambda layer: type(layer).__name__)
WAYS = {"map": lambda data, layer: data.map(layer), "augment_dataset": kerasaug.augment_dataset}
EACH_WAY = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
STRINGS = ["a.png", b"\xff\xd8", ""]


def slices(*parts):
    return tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0])


def refused_map(way, dataset, layer, *parts):
    """A TypeError or ValueError that says so, whatever TensorFlow's tracing wraps around it."""
    with pytest.raises((TypeError, ValueError)) as raised:
        way(dataset, layer)
    message = own_words(raised.value)
    missing = [part for part in ("expects", "Received", type(layer).__name__, *parts) if part not in message]
    assert not missing, f"{missing} missing from: {message}"


@LAYERS
@EACH_WAY
@pytest.mark.parametrize("strings", [STRINGS, [[one] for one in STRINGS]], ids=["flat", "nested"])
def test_a_dataset_of_strings(layer, way, strings):
    refused_map(way, slices(strings), layer, "images", "numbers", "string")
    refused_map(way, slices({"images": strings}), layer, "images", "numbers", "string")


@EACH_WAY
@pytest.mark.parametrize("kind", ["labels", "sample_weight", "segmentation_masks", "keypoints"])
def test_targets_of_strings(way, kind):
    data = slices({"images": images(), kind: ["a", b"\xff", "", "b"]}).batch(2)
    refused_map(way, data, FLIP, kind, "numbers", "string")


@EACH_WAY
def test_images_of_booleans_or_of_another_rank(way):
    refused_map(way, slices(np.zeros((2, 4, 4, 3), bool)), FLIP, "numbers", "bool")
    refused_map(way, slices(np.zeros((2, 4, 4), "float32")), FLIP, "rank 3")
    refused_map(way, slices(np.zeros((2, 0, 4, 3), "float32")), FLIP, "at least one pixel")
    refused_map(way, slices({"image": images()}), FLIP, "'image'", "keys=")


@EACH_WAY
def test_images_of_unknown_rank(way):
    spec = tf.TensorSpec(None, "float32")
    data = tf.data.Dataset.from_generator(lambda: iter(images()), output_signature=spec)
    refused_map(way, data, FLIP, "rank", "set_shape")


@EACH_WAY
def test_ragged_images(way):
    ragged = tf.ragged.stack([np.zeros((4, 4, 3), "float32"), np.zeros((5, 6, 3), "float32")])
    refused_map(way, tf.data.Dataset.from_tensors(ragged), FLIP, "dense", "RaggedTensor")
    refused_map(way, tf.data.Dataset.from_tensors(tf.sparse.from_dense(np.eye(3))), FLIP, "dense", "SparseTensor")


@pytest.mark.parametrize("layer", [MIX, PIPELINE], ids=["MixUp", "Pipeline"])
@EACH_WAY
def test_samples_that_should_be_mixed_and_are_not_batched(layer, way):
    with refuses("MixUp", "batch(64)"):
        way(slices({"images": images(), "labels": np.arange(BATCH)}), layer)


@LAYERS
@pytest.mark.parametrize("batched", [True, False])
def test_pairs_mapped_without_augment_dataset(layer, batched):
    """Eagerly, labels of 0 would have turned augmentation off."""
    data = slices(images(), np.zeros(BATCH, "int32"))
    refused_map(WAYS["map"], data.batch(2) if batched else data, layer, "training", "augment_dataset")
    weighted = slices(images(), np.zeros(BATCH, "int32"), np.ones(BATCH, "float32"))
    refused_map(WAYS["map"], weighted, layer, "augment_dataset")


def test_elements_of_four_parts():
    data = slices(images(), np.zeros(BATCH), np.zeros(BATCH), np.zeros(BATCH))
    with refuses("augment_dataset", "(x, y, sample_weight)"):
        kerasaug.augment_dataset(data, FLIP)


def test_labels_of_strings_are_named_or_pass():
    data = slices(images(), ["a", b"\xff", "", "b"]).batch(BATCH)
    with refuses("Pipeline", "labels", "string"):
        kerasaug.augment_dataset(data, PIPELINE)


NOT_DATASETS = st.sampled_from([value for value in NO_ARRAYS if not isinstance(value, tf.data.Dataset)] + [images()])


@examples(30)
@given(value=NOT_DATASETS)
def test_what_is_no_dataset(value):
    with refuses("augment_dataset", "tf.data.Dataset"):
        kerasaug.augment_dataset(value, FLIP)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("pipeline", one) for one in (None, L.RandomFlip, [L.RandomFlip()], keras.layers.RandomFlip(), "flip")),
        *(("seed", one) for one in (None, "a", 0.5, True, -1, (1, 2), 2**64, Opaque())),
        *(("keys", one) for one in ("images", {"image": "x"}, {"images": -1}, 3)),
        *(("num_parallel_calls", one) for one in ("many", 0, -2, 1.5, True)),
    ],
)
def test_arguments(name, value):
    with refuses("augment_dataset", name):
        kerasaug.augment_dataset(**{"dataset": slices(images()), "pipeline": FLIP, name: value})


# -- densify_boxes


@pytest.mark.parametrize("value", [0, -1, 1.5, True, None, "3", 2**31, [3]])
def test_numbers_of_boxes(value):
    with refuses("densify_boxes", "max_boxes"):
        kerasaug.densify_boxes(value)


@pytest.mark.parametrize("keys", ["boxes", 3, {"images": "x"}, {"bounding_boxes": 3}, {"bounding_boxes": None}])
def test_names_of_boxes(keys):
    with refuses("densify_boxes", "keys"):
        kerasaug.densify_boxes(3, keys=keys)


@examples(80)
@given(boxes=st.sampled_from(NO_ARRAYS) | wrong_boxes(images=False), where=st.integers(0, 2))
def test_boxes_that_cannot_be(boxes, where):
    dense = kerasaug.densify_boxes(3)
    with refuses("densify_boxes"):
        dense(({"bounding_boxes": boxes}, (0, {"bounding_boxes": boxes}), ({"bounding_boxes": boxes}, 0))[where])


@pytest.mark.parametrize("batch", [None, 3, "a", (), (1,), {}, {"boxes": 1}, (None, None), images()])
def test_batches_without_boxes(batch):
    with refuses("densify_boxes", "'bounding_boxes'"):
        kerasaug.densify_boxes(3)(batch)


def test_a_dataset_whose_boxes_are_strings():
    boxes = {
        "boxes": tf.ragged.constant([[["a"]], []], ragged_rank=1, inner_shape=(1,)),
        "labels": tf.ragged.constant([[1], []], dtype="int32"),
    }
    with refuses("densify_boxes", "numbers"):
        slices({"bounding_boxes": boxes}).batch(2).map(kerasaug.densify_boxes(3))
