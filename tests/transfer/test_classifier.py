"""build_classifier on small backbones."""

import keras
import numpy as np
import pytest

from kerasaug.transfer import build_classifier


def backbone(pooled=False):
    images = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, name="conv")(images)
    return keras.Model(images, keras.layers.GlobalMaxPooling2D()(x) if pooled else x)


@pytest.fixture
def images(rng):
    return rng.uniform(0, 255, (2, 8, 8, 3)).astype("float32")


@pytest.mark.parametrize(("pooling", "reduce"), [("avg", np.mean), ("max", np.max), ("flatten", None)])
def test_output_is_dense_of_pooled_features(images, pooling, reduce):
    features = backbone()
    model = build_classifier(features, 3, pooling=pooling, activation=None)
    maps = features.predict(images, verbose=0)
    vectors = maps.reshape(2, -1) if reduce is None else reduce(maps, axis=(1, 2))
    kernel, bias = model.get_layer("head").get_weights()
    np.testing.assert_allclose(model.predict(images, verbose=0), vectors @ kernel + bias, rtol=1e-4, atol=1e-4)


def test_vectors_need_no_pooling_and_default_sums_to_one(images):
    model = build_classifier(backbone(pooled=True), 5, name="mine")
    assert model.name == "mine"
    np.testing.assert_allclose(model.predict(images, verbose=0).sum(-1), 1.0, rtol=1e-5)


@pytest.mark.parametrize(
    ("classes", "given", "used"),
    [(1, "softmax", "sigmoid"), (1, None, "linear"), (3, "softmax", "softmax"), (3, "sigmoid", "sigmoid")],
)
def test_activation(classes, given, used):
    model = build_classifier(backbone(), classes, activation=given)
    assert model.layers[-1].activation is keras.activations.get(used)


def test_dropout_is_left_out_at_zero():
    kinds = [type(layer) for layer in build_classifier(backbone(), 3, dropout=0).layers]
    assert keras.layers.Dropout not in kinds
    assert build_classifier(backbone(), 3, dropout=0.4).get_layer("head_dropout").rate == 0.4


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_head_is_float32_in_half_precision(images, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = build_classifier(backbone(), 3)
    finally:
        keras.config.set_dtype_policy(before)
    assert model.get_layer("head").compute_dtype == "float32"
    assert model.predict(images, verbose=0).dtype == "float32"


class Shout(keras.layers.Layer):
    """An augmentation anyone can see."""

    def call(self, images, training=None):
        return images * 100.0 if training else images


def test_augmentation_acts_in_training_only(images):
    features = backbone()
    plain = build_classifier(features, 3, dropout=0, activation=None)
    loud = build_classifier(features, 3, augmentation=Shout(), dropout=0, activation=None)
    loud.set_weights(plain.get_weights())
    np.testing.assert_array_equal(loud.predict(images, verbose=0), plain.predict(images, verbose=0))
    trained = keras.ops.convert_to_numpy(loud(images, training=True))
    np.testing.assert_allclose(trained, plain.predict(images * 100, verbose=0), rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_classes": 0}, "num_classes"),
        ({"num_classes": 2, "pooling": "sum"}, "'sum'"),
        ({"num_classes": 2, "dropout": 1.0}, r"\[0, 1\)"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_classifier(backbone(), **arguments)


def test_bad_backbone():
    sequences = keras.Sequential([keras.Input((8, 3)), keras.layers.Conv1D(4, 3)])
    with pytest.raises(ValueError, match=r"rank 4.*\(None, 6, 4\)"):
        build_classifier(sequences, 2)
