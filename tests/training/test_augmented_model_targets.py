"""Where AugmentedModel finds targets, and that labels and weights are mixed as their images are."""

from collections import namedtuple

import keras
import numpy as np
import pytest
from augmented_probes import SHAPE, augmented, brighten, climb, climb_by_label, mixing, pictures, probe, weight_of

import kerasaug
from kerasaug import layers

COUNT = 8
MIX = mixing  # a pipeline made twice with one seed draws the same in its first step
LEFT_HALF = np.zeros((COUNT, *SHAPE), "float32")
LEFT_HALF[:, :, :4] = 1.0


def numpy(tree):
    return keras.tree.map_structure(keras.ops.convert_to_numpy, tree)


def model_of(pipeline, keys=None):
    return kerasaug.AugmentedModel(probe(), pipeline, keys=keys)


def flip(**kwargs):
    """Flips about half of the samples."""
    return kerasaug.Pipeline([layers.RandomFlip("horizontal", **kwargs)], seed=2)


def mixture(images, y):
    """Row i: how much of each sample is in image i, read off one-hot labels of the samples' own numbers."""
    _, matrix, _ = numpy(model_of(MIX()).augment((images, np.eye(len(images), dtype="float32"))))
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, rtol=1e-5)
    assert (matrix.max(axis=1) < 0.999).any(), "something was mixed"
    return matrix


# -- mixing


def test_images_labels_and_weights_are_mixed_alike(rng):
    x, w = pictures(rng, COUNT), rng.uniform(1, 9, COUNT).astype("float32")
    y = np.eye(5, dtype="float32")[rng.integers(0, 5, COUNT)]
    matrix = mixture(x, y)
    images, labels, weights = numpy(model_of(MIX()).augment((x, y, w)))
    np.testing.assert_allclose(images.reshape(COUNT, -1), matrix @ x.reshape(COUNT, -1), rtol=1e-4)
    np.testing.assert_allclose(labels, matrix @ y, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(weights, matrix @ w, rtol=1e-4)


@pytest.mark.parametrize("given", ["sample_weight", "class_weight"])
def test_weights_of_fit_are_mixed_in_the_compiled_step(rng, given):
    x, y = pictures(rng, COUNT), rng.integers(0, 3, COUNT)
    matrix, one_hot = mixture(x, y), np.eye(3)[y]
    if given == "class_weight":
        weights, kwargs = np.array([1.0, 2.0, 5.0])[y], {"class_weight": {0: 1.0, 1: 2.0, 2: 5.0}}
    else:
        weights = rng.uniform(1, 9, COUNT)
        kwargs = {"sample_weight": weights}
    model = augmented(MIX(num_classes=3), loss=climb_by_label)
    model.fit(x, y, batch_size=COUNT, shuffle=False, verbose=0, **kwargs)
    means = matrix @ x.mean(axis=(1, 2, 3))
    expected = np.mean((matrix @ weights) * (matrix @ one_hot @ np.arange(3)) * means)
    assert weight_of(model) == pytest.approx(expected, rel=1e-4)


def test_labels_stay_as_they_are_where_nothing_mixes():
    y = np.array([True, False] * 4)  # which no layer could mix
    _, labels, weights = model_of(flip()).augment((LEFT_HALF, y, y))
    assert labels is y
    assert weights is y


def test_weights_of_several_heads_are_mixed(rng):
    x, y = pictures(rng, COUNT), {"a": np.eye(COUNT, dtype="float32"), "b": np.eye(COUNT, dtype="float32")}
    w = {"a": rng.uniform(1, 9, COUNT).astype("float32"), "b": rng.uniform(1, 9, COUNT).astype("float32")}
    matrix = mixture(x, y)
    model = model_of(MIX(), keys={"labels": ["a", "b"]})
    for given, same in ((w, dict), ([w["a"], w["b"]], list), ((w["a"], None), tuple)):
        _, labels, weights = model.augment((x, y, given))
        model.pipeline.generator.state.assign(MIX().generator.state)
        assert type(weights) is same
        values = numpy(list(weights.values()) if same is dict else [one for one in weights if one is not None])
        np.testing.assert_allclose(values[0], matrix @ w["a"], rtol=1e-4)
        np.testing.assert_allclose(numpy(labels)["b"], matrix, rtol=1e-4)
        if len(values) == 2:
            np.testing.assert_allclose(values[1], matrix @ w["b"], rtol=1e-4)
        else:
            assert weights[1] is None


# -- sparse labels in evaluation


def classifier():
    inner = [keras.layers.GlobalAveragePooling2D(), keras.layers.Rescaling(1 / 255), keras.layers.Dense(3, "softmax")]
    return keras.Sequential([keras.Input(SHAPE), *inner])


def test_sparse_labels_are_encoded_alike_in_training_and_evaluation(rng):
    x, y = pictures(rng, COUNT), rng.integers(0, 3, COUNT)
    inner, one_hot = classifier(), np.eye(3)[y]
    model = kerasaug.AugmentedModel(inner, MIX(num_classes=3))
    model.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=2, verbose=0, validation_data=(x, y)).history
    assert isinstance(model.metrics[1].metrics[0], keras.metrics.CategoricalAccuracy)
    inner.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    expected = inner.evaluate(x, one_hot, verbose=0)
    for same in (y, one_hot):
        np.testing.assert_allclose(model.evaluate(x, same, verbose=0), expected, rtol=1e-5)
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])  # a new step, for labels of another rank
    np.testing.assert_allclose(model.evaluate(x, y[:, None], verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose([history["val_loss"][-1], history["val_accuracy"][-1]], expected, rtol=1e-5)


def test_sparse_labels_where_nothing_encodes_stay_sparse(rng):
    x, y = pictures(rng, COUNT), rng.integers(0, 3, COUNT)
    model = kerasaug.AugmentedModel(classifier(), flip())
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, verbose=0)
    assert isinstance(model.metrics[1].metrics[0], keras.metrics.SparseCategoricalAccuracy)


def two_heads(as_dict):
    inputs = keras.Input(SHAPE, name="photo")
    other = keras.Input((2,), name="meta")
    features = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(inputs))
    features = keras.layers.Concatenate()([features, other])
    heads = [keras.layers.Dense(3, "softmax", name=name)(features) for name in ("kind", "colour")]
    outputs = dict(zip(("kind", "colour"), heads, strict=True)) if as_dict else heads
    return keras.Model({"photo": inputs, "meta": other}, outputs)


@pytest.mark.parametrize("as_dict", [True, False])
def test_dict_inputs_and_several_heads(rng, as_dict):
    x = {"photo": pictures(rng, COUNT), "meta": rng.normal(size=(COUNT, 2)).astype("float32")}
    y = {"kind": rng.integers(0, 3, COUNT), "colour": rng.integers(0, 3, COUNT)}
    inner, keys = two_heads(as_dict), {"images": "photo", "labels": ["kind", "colour"]}
    losses = {"kind": "categorical_crossentropy", "colour": "categorical_crossentropy"}
    model = kerasaug.AugmentedModel(inner, MIX(num_classes=3), keys=keys)
    model.compile("sgd", losses, metrics={"kind": ["accuracy"], "colour": ["accuracy"]})
    model.fit(x, y, batch_size=COUNT, verbose=0)
    one_hot = {name: np.eye(3)[value] for name, value in y.items()}
    inner.compile("sgd", losses, metrics={"kind": ["accuracy"], "colour": ["accuracy"]})
    expected = inner.evaluate(x, one_hot, verbose=0, return_dict=True)
    got = model.evaluate(x, y, verbose=0, return_dict=True)
    assert {"kind_accuracy", "colour_accuracy"} <= set(got)
    for name, value in got.items():
        assert value == pytest.approx(expected[name], rel=1e-5), name

    matrix = mixture(x["photo"], None)
    model.pipeline.generator.state.assign(MIX().generator.state)
    images, labels, _ = model.augment((x, y))
    assert images["meta"] is x["meta"], "what is no image passes as it is"
    np.testing.assert_allclose(
        numpy(images["photo"]).reshape(COUNT, -1), matrix @ x["photo"].reshape(COUNT, -1), rtol=1e-4
    )
    for name in y:
        np.testing.assert_allclose(numpy(labels[name]), matrix @ one_hot[name], rtol=1e-4, atol=1e-6)


# -- where targets are


def test_names_of_kinds_are_found_in_x_and_y():
    masks = (LEFT_HALF > 0).astype("int32")
    both = {"images": LEFT_HALF, "segmentation_masks": masks, "id": np.arange(COUNT)}
    for batch in ((both,), ({"images": LEFT_HALF}, {"segmentation_masks": masks})):
        x, y, _ = model_of(flip()).augment(batch)
        images, moved = numpy(x["images"]), numpy((y or x)["segmentation_masks"])
        assert 0 < (images[:, 0, 0, 0] == 0).sum() < COUNT, "some are flipped, some are not"
        np.testing.assert_array_equal(moved, (images > 0).astype("int32"))
        assert moved.dtype == "int32"
    assert list(both) == ["images", "segmentation_masks", "id"]
    assert both["images"] is LEFT_HALF


def test_a_y_that_is_the_mask():
    masks = (LEFT_HALF > 0).astype("uint8")
    for pipeline in (flip(), kerasaug.Pipeline([layers.CutMix()], seed=2)):
        model = model_of(pipeline, keys={"segmentation_masks": "y"})
        x, y, _ = numpy(model.augment((LEFT_HALF, masks)))
        np.testing.assert_array_equal(y, (x > 0).astype("uint8"))


def test_a_y_that_is_the_boxes():
    boxes = np.tile(np.float32([[[0, 0, 4, 8], [1, 1, 2, 2]]]), (COUNT, 1, 1))
    y = {"boxes": boxes, "labels": np.tile(np.int32([[3003, 1]]), (COUNT, 1))}
    model = model_of(flip(bounding_box_format="xyxy"), keys={"bounding_boxes": "y"})
    x, moved, _ = numpy(model.augment((LEFT_HALF, y)))
    flipped = x[:, 0, 0, 0] == 0
    expected = np.where(flipped[:, None, None], np.float32([[[4, 0, 8, 8], [6, 1, 7, 2]]]), boxes)
    assert 0 < flipped.sum() < COUNT
    np.testing.assert_allclose(moved["boxes"], expected, atol=1e-4)
    np.testing.assert_array_equal(moved["labels"], y["labels"])


def test_the_labels_of_boxes_are_no_labels_of_images():
    y = {"boxes": np.zeros((COUNT, 1, 4), "float32"), "labels": np.arange(COUNT, dtype="int32")[:, None]}
    mix = kerasaug.Pipeline([layers.MixUp(alpha=1.0, bounding_box_format="xyxy")], seed=7)
    _, mixed, _ = numpy(model_of(mix, keys={"bounding_boxes": "y"}).augment((LEFT_HALF, y)))
    assert mixed["labels"].shape == (COUNT, 2)
    np.testing.assert_array_equal(mixed["labels"][:, :1], y["labels"], "a class is not blended with another")
    assert set(np.unique(mixed["labels"])) <= {-1.0, *y["labels"].ravel()}


def test_tuples():
    Pair = namedtuple("Pair", ["mask", "number"])
    masks, number = (LEFT_HALF > 0).astype("int32"), np.arange(COUNT)
    for y in ((masks, number), [masks, number], Pair(masks, number)):
        x, moved, _ = model_of(flip(), keys={"segmentation_masks": 0}).augment((LEFT_HALF, y))
        assert type(moved) is type(y)
        np.testing.assert_array_equal(numpy(moved[0]), (numpy(x) > 0).astype("int32"))
        assert moved[1] is number


def test_labels_in_y_come_before_an_input_of_that_name(rng):
    x = {"images": pictures(rng, COUNT), "labels": np.arange(COUNT)}
    y = np.eye(COUNT, dtype="float32")
    for given in (y, {"labels": y}):
        inputs, labels, _ = model_of(MIX()).augment((x, given))
        assert inputs["labels"] is x["labels"]
        labels = labels["labels"] if isinstance(given, dict) else labels
        np.testing.assert_allclose(numpy(labels), mixture(x["images"], y), rtol=1e-4)


def test_the_pipelines_own_keys_may_differ(rng):
    x = {"photo": pictures(rng, COUNT)}
    pipeline = kerasaug.Pipeline([layers.MixUp(alpha=1.0)], seed=7, keys={"images": "image", "labels": "class"})
    batch = x, {"species": np.eye(COUNT, dtype="float32")}
    _, y, _ = model_of(pipeline, keys={"images": "photo", "labels": "species"}).augment(batch)
    np.testing.assert_allclose(numpy(y["species"]), mixture(x["photo"], None), rtol=1e-4)


def test_a_dict_in_fit_keeps_its_other_inputs(rng):
    inputs = {"images": keras.Input(SHAPE), "scale": keras.Input((1,))}
    mean = keras.layers.GlobalAveragePooling2D()(inputs["images"])
    scaled = keras.layers.Multiply()([mean, inputs["scale"]])
    head = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    x = {"images": pictures(rng, COUNT), "scale": rng.uniform(1, 2, (COUNT, 1)).astype("float32")}
    model = augmented(inner=keras.Model(inputs, head(scaled)), loss=climb)
    model.fit(x, np.zeros(COUNT), batch_size=COUNT, verbose=0)
    expected = np.mean((x["images"].mean(axis=(1, 2, 3)) + 25.5) * x["scale"][:, 0])
    assert weight_of(model) == pytest.approx(expected, rel=1e-5)


# -- errors


@pytest.mark.parametrize(
    ("keys", "batch", "message"),
    [
        ({"images": "photo"}, ({"image": 0}, 0), r"images under the name 'photo'.*\['image'\].*y with no keys"),
        ({"labels": ["a", "b"]}, (LEFT_HALF, {"a": 0, "c": 0}), r"labels under the name 'b'.*\['a', 'c'\]"),
        ({"segmentation_masks": 2}, (LEFT_HALF, (0, 0)), r"segmentation_masks under the name 2.*2 entries"),
        ({"labels": "y"}, (LEFT_HALF,), r"labels under the name 'y'.*y with nothing"),
        (None, ({"image": LEFT_HALF}, 0), r"finds no images.*\['image'\].*keys=\{'images'"),
        (None, ((LEFT_HALF, LEFT_HALF), 0), r"finds no images.*2 entries"),
    ],
)
def test_a_wrong_name_lists_what_is_there(keys, batch, message):
    with pytest.raises(ValueError, match=rf"AugmentedModel.*{message}"):
        model_of(brighten(), keys).augment(batch)


def test_an_unknown_kind():
    with pytest.raises(ValueError, match=r"keys to name some of \['images', .*\['label'\]"):
        model_of(brighten(), {"label": "y"})


@pytest.mark.parametrize(
    ("keys", "y", "left"),
    [
        (None, {"class": LEFT_HALF}, r"the keys \['class'\]"),
        (None, {"class": LEFT_HALF, "segmentation_masks": LEFT_HALF}, r"the keys \['class'\]"),
        (None, (LEFT_HALF, LEFT_HALF), r"entries \[0, 1\]"),
        ({"segmentation_masks": 0}, (LEFT_HALF, LEFT_HALF), r"entries \[1\]"),
    ],
)
def test_labels_that_should_be_mixed_must_be_found(keys, y, left):
    with pytest.raises(ValueError, match=rf"finds no labels in y, which holds {left}.*keys=\{{'labels'"):
        model_of(MIX(), keys).augment((LEFT_HALF, y))


def test_ragged_data_is_refused():
    tf = pytest.importorskip("tensorflow")
    ragged = {"boxes": tf.ragged.constant([[[0.0, 0, 1, 1]], []], ragged_rank=1, inner_shape=(4,))}
    with pytest.raises(ValueError, match=r"ragged tensor at 'boxes'.*kerasaug\.densify_boxes"):
        augmented().fit(LEFT_HALF[:2], ragged)
