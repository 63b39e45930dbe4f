"""`AugmentedModel` with batches, names and arguments that cannot be; what Keras itself refuses is Keras's to word."""

import keras
import numpy as np
import pytest
from contract_tools import images, uncompiled
from hypothesis import given
from hypothesis import strategies as st
from strategies import BATCH, NO_LABELS, examples, refuses, wrong_dicts, wrong_images, wrong_targets

import kerasaug
from kerasaug import layers as L


def network():
    inner = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3, "softmax")]
    return keras.Sequential([keras.Input((8, 10, 3)), *inner])


NETWORK = network()
FLIP = kerasaug.Pipeline([L.RandomFlip(bounding_box_format="xyxy")], seed=1)
MIX = kerasaug.Pipeline([L.MixUp(num_classes=3, bounding_box_format="xyxy")], seed=1)
PIPELINES = pytest.mark.parametrize("pipeline", [FLIP, MIX], ids=["flip", "mix"])
NO_LABELS = [value for value in NO_LABELS if value is not None and not isinstance(value, dict | list | tuple)]


def model_of(pipeline, keys=None):
    return kerasaug.AugmentedModel(NETWORK, pipeline, keys=keys)


@PIPELINES
@examples(60)
@given(x=wrong_images() | wrong_dicts())
def test_batches_without_images(pipeline, x):
    with refuses():
        model_of(pipeline).augment((x, np.zeros(BATCH, int)))


@examples(80)
@given(target=wrong_targets())
def test_targets_that_cannot_be(target):
    """In x and in y, of a pipeline that uses every one of them."""
    with refuses("pipeline"):
        model_of(MIX).augment(({"images": images()}, target))
    with refuses("pipeline"):
        model_of(MIX).augment(({"images": images(), **target},))


@examples(40)
@given(y=st.sampled_from(NO_LABELS) | st.integers(0, 7).filter(lambda n: n != BATCH).map(np.zeros))
def test_labels_that_cannot_be_mixed(y):
    with refuses("labels"):
        model_of(MIX).augment((images(), y))


@uncompiled()
def test_labels_pass_through_where_nothing_mixes():
    for y in (NO_LABELS[0], "cat", object(), np.zeros(3), [None], {"a": {"b": "c"}}, np.array(["a"] * BATCH)):
        x, same, weight = model_of(FLIP).augment((images(), y, y))
        assert same is y
        assert weight is y
        assert tuple(x.shape) == (BATCH, 8, 10, 3)


@pytest.mark.parametrize("batch", [(), [], (1, 2, 3, 4), None])
def test_what_is_no_batch(batch):
    with refuses("AugmentedModel", "x"):
        model_of(FLIP).augment(batch)


@pytest.mark.parametrize(
    "keys",
    [
        "images",
        3,
        True,
        [("images", "x")],
        {"image": "x"},
        {"image": "x", 3: "y"},
        {"images": None},
        {"images": 1.5},
        {"images": True},
        {"images": -1},
        {"images": {}},
        {"labels": []},
        {"labels": ["a", None]},
        {"labels": ["a", "a"]},
        {"labels": [["a"]]},
        {"labels": b"y"},
        {"segmentation_masks": ["a", "b"]},
    ],
)
def test_keys_that_name_nothing(keys):
    with refuses("AugmentedModel", "keys"):
        model_of(FLIP, keys)


@pytest.mark.parametrize(
    ("keys", "batch"),
    [
        ({"labels": "images"}, ({"images": images()}, 0)),
        ({"labels": "y", "bounding_boxes": "y"}, (images(), np.zeros(BATCH))),
        ({"labels": 0, "sample_weight": 0}, (images(), (np.zeros(BATCH), 0))),
        ({"labels": ["a", "b"], "keypoints": "b"}, (images(), {"a": np.zeros(BATCH), "b": np.zeros(BATCH)})),
    ],
)
def test_two_targets_in_one_place(keys, batch):
    with refuses("AugmentedModel", "labels"):
        model_of(MIX, keys).augment(batch)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ({"model": "resnet"}, "model=str"),
        ({"model": None}, "model=NoneType"),
        ({"model": keras.layers.Dense(3)}, "model=Dense"),
        ({"model": keras.Sequential}, "model=type"),
        ({"pipeline": None}, "pipeline=NoneType"),
        ({"pipeline": [L.RandomFlip()]}, "pipeline=list"),
        ({"pipeline": L.RandomFlip}, "pipeline=type"),
        ({"pipeline": keras.layers.RandomFlip()}, "pipeline=RandomFlip"),
        ({"name": 3}, "3"),
        ({"dtype": "complex"}, "complex"),
        ({"optimizer": "adam"}, "optimizer"),
    ],
)
def test_constructor_arguments(arguments, parts):
    with refuses("AugmentedModel", parts):
        kerasaug.AugmentedModel(**{"model": NETWORK, "pipeline": FLIP, **arguments})


@pytest.fixture(scope="module")
def compiled():
    """One model, whose step each malformed batch is traced in, and that still trains afterwards."""
    model = kerasaug.AugmentedModel(network(), MIX)
    model.compile("sgd", "categorical_crossentropy")
    return model


LABELS = [np.zeros(BATCH, bool), np.array(["a"] * BATCH), np.array([b"\xff"] * BATCH), np.array([None] * BATCH)]


@pytest.mark.parametrize("y", LABELS, ids=lambda y: y.dtype.name)
def test_fit_on_labels_that_are_no_numbers(compiled, y):
    for given_as in (y, {"labels": y}, (np.zeros(BATCH), y)):
        with refuses("AugmentedModel", "labels", "numbers", y.dtype.name):
            compiled.fit(images(), given_as, verbose=0)


def test_fit_on_labels_of_a_string_dataset(compiled):
    tf = pytest.importorskip("tensorflow")
    dataset = tf.data.Dataset.from_tensor_slices((images(), np.array([b"\xff", b"a", b"b", b"c"]))).batch(BATCH)
    with refuses("AugmentedModel", "labels", "numbers", "string"):
        compiled.fit(dataset, verbose=0)


@pytest.mark.parametrize("y", [np.zeros(3, int), None, np.zeros((0,), int)], ids=["short", "none", "empty"])
def test_fit_on_labels_of_another_length(compiled, y):
    with pytest.raises((TypeError, ValueError)) as error:
        compiled.fit(images(), y, verbose=0)
    assert type(error.value) in (TypeError, ValueError)


def test_a_class_that_there_is_not_adds_nothing_to_the_loss():
    model = kerasaug.AugmentedModel(network(), MIX)
    model.compile("sgd", "categorical_crossentropy")
    assert model.evaluate(images(), np.full(BATCH, 2**31 - 1), verbose=0) == 0.0
    assert model.fit(images(), np.full(BATCH, -1), verbose=0).history["loss"] == [0.0]
