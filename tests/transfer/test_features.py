"""extract_features against sub-models built by hand, over every kind of data, in memory and on disk."""

import keras
import numpy as np
import pytest
from feature_models import CLOSE, RANDOM, X, Y, classifier, layers, maps_of, of

from kerasaug.transfer import Features, layer_groups


@pytest.fixture(scope="module")
def model():
    return classifier()


@pytest.fixture(scope="module")
def maps(model):
    return maps_of(model)


def test_output_and_inner_layers_in_one_pass(model, maps):
    features, labels = of(model, (X, Y), ["stem", "net/stem_relu", model.get_layer("net"), "head"])
    assert list(features) == ["stem", "net/stem_relu", "net", "head"]
    np.testing.assert_allclose(features["stem"], maps["stem"], **CLOSE)
    np.testing.assert_allclose(features["net/stem_relu"], maps["stem_relu"], **CLOSE)
    np.testing.assert_allclose(features["net"], maps["body_relu"], **CLOSE)
    np.testing.assert_allclose(features["head"], model.predict(X, verbose=0), **CLOSE)
    np.testing.assert_array_equal(labels, Y)


def test_without_layers_and_labels(model):
    found = of(model, X)
    assert isinstance(found, Features)
    assert found.labels is None
    np.testing.assert_allclose(found.features, model.predict(X, verbose=0), **CLOSE)


def test_groups_end_with_their_last_map(model, maps):
    groups = layer_groups(model)
    features, _ = of(model, X, ["stride2", groups[1], "head"])
    np.testing.assert_allclose(features["stride2"], maps["stem_relu"], **CLOSE)  # the padding behind it left out
    np.testing.assert_allclose(features["stride4"], maps["body_relu"], **CLOSE)
    assert features["head"].shape == (7, 3)


def test_group_of_dense_layers_includes_the_activation():
    mlp = keras.Sequential([keras.Input((4,)), layers.Dense(5), layers.ReLU(), layers.Dense(2)])
    x = RANDOM.normal(size=(3, 4)).astype("float32")
    found = of(mlp, x, "block1").features
    np.testing.assert_allclose(found, np.maximum(x @ mlp.layers[0].get_weights()[0], 0), **CLOSE)


@pytest.mark.parametrize(("pooling", "reduce"), [("avg", np.mean), ("max", np.max)])
def test_pooling(model, maps, pooling, reduce):
    found = of(model, X, "stem", pooling=pooling).features
    np.testing.assert_allclose(found, reduce(maps["stem"], axis=(1, 2)), **CLOSE)


def test_flatten_and_dtype(model, maps):
    found = of(model, X, "stem", pooling="flatten", dtype="float16").features
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, maps["stem"].reshape(7, -1).astype("float16"))


def test_average_leaves_padding_out():
    text = keras.Sequential([keras.Input((5,), dtype="int32"), layers.Embedding(9, 2, mask_zero=True, name="words")])
    ids = np.array([[1, 2, 0, 0, 0], [3, 4, 5, 6, 7]])
    table = text.layers[0].get_weights()[0]
    found = of(text, ids, "words", pooling="avg").features
    np.testing.assert_allclose(found, [table[[1, 2]].mean(0), table[3:8].mean(0)], **CLOSE)
    highest = of(text, ids, "words", pooling="max").features
    np.testing.assert_allclose(highest, [table[[1, 2]].max(0), table[3:8].max(0)], **CLOSE)


def test_float16_means_do_not_overflow():
    wide = keras.Sequential([keras.Input((64, 64, 1)), layers.Activation("relu", dtype="float16", name="same")])
    found = of(wide, np.full((1, 64, 64, 1), 100, "float32"), "same", pooling="avg").features
    assert found.dtype == np.float16
    assert found.item() == 100  # the sum is 409600, and float16 ends at 65504


def test_bfloat16_comes_as_float32():
    half = keras.Sequential([keras.Input((4,)), layers.Dense(2, dtype="bfloat16")])
    assert of(half, np.ones((2, 4))).features.dtype == np.float32


def test_several_inputs_outputs_and_a_shared_layer():
    first, second = keras.Input((4,), name="first"), keras.Input((4,), name="second")
    shared = layers.Dense(2, name="shared")
    ends = {"sum": layers.Add()([shared(first), shared(second)]), "left": shared(first)}
    siamese = keras.Model({"first": first, "second": second}, ends)
    x = {"first": RANDOM.normal(size=(5, 4)), "second": RANDOM.normal(size=(5, 4))}
    kernel = shared.get_weights()[0]
    features, labels = of(siamese, (x, {"a": Y[:5], "b": Y[:5] + 1}))
    np.testing.assert_allclose(features["sum"], (x["first"] + x["second"]) @ kernel, **CLOSE)
    np.testing.assert_allclose(features["left"], x["first"] @ kernel, **CLOSE)
    np.testing.assert_array_equal(labels["b"], Y[:5] + 1)
    parts = of(siamese, x, "shared").features
    assert set(parts) == {"shared/0", "shared/1", "shared/2"}
    listed = keras.Model([first, second], layers.Subtract()([first, second]))
    difference = of(listed, [x["first"], x["second"]]).features
    np.testing.assert_allclose(difference, x["first"] - x["second"], **CLOSE)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(3, name="first"), layers.Dense(2)
        self.spare = layers.Dense(1, name="spare")

    def build(self, shape):
        self.first.build(shape)
        self.second.build((None, 3))

    def call(self, x):
        return self.second(self.first(x))


def test_subclassed_models_show_their_attributes():
    own = Subclassed()
    x = RANDOM.normal(size=(4, 5)).astype("float32")
    own(x)
    found = of(own, x, "first").features
    np.testing.assert_allclose(found, x @ own.first.get_weights()[0], **CLOSE)
    with pytest.raises(ValueError, match="'spare', which it does not call"):
        of(own, x, "spare")


def test_inference_mode_and_nothing_left_behind(model):
    before = [np.array(weight) for weight in model.get_weights()]
    flags = [layer.trainable for layer in model.layers]
    net = model.get_layer("net")
    found = [of(model, X, ["drop", "stem_bn"]).features["drop"] for _ in range(2)]
    np.testing.assert_array_equal(*found)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert [layer.trainable for layer in model.layers] == flags
    assert all("call" not in vars(layer) for layer in net.layers)


class Rows(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return X[3 * index : 3 * index + 3], Y[3 * index : 3 * index + 3]


def tf_dataset():
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(3)


def torch_loader():
    import torch

    rows = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    return torch.utils.data.DataLoader(rows, batch_size=3)


KINDS = {
    "weighted": lambda: (X, Y, np.ones(7)),
    "tf.data": tf_dataset,
    "tf.data of unknown size": lambda: tf_dataset().filter(lambda x, y: True),
    "PyDataset": lambda: Rows(),
    "torch": torch_loader,
    "generator": lambda: (Rows()[i] for i in range(3)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_data_of_every_kind(kind, model, maps, tmp_path):
    if kind == "torch":
        pytest.importorskip("torch")
    for out in (None, tmp_path / "features"):
        features, labels = of(model, KINDS[kind](), "stem", out=out)
        np.testing.assert_allclose(features, maps["stem"], **CLOSE)
        np.testing.assert_array_equal(labels, Y)


def test_steps_end_endless_data(model):
    with pytest.raises(ValueError, match=r"endless ones\. Pass `steps`"):
        of(model, tf_dataset().repeat())
    features, labels = of(model, tf_dataset().repeat(), steps=4)
    assert len(features) == 10
    np.testing.assert_array_equal(labels, [*Y, *Y[:3]])


def test_a_linear_classifier_learns_from_them(model):
    from sklearn.linear_model import LogisticRegression

    features, labels = of(model, (X, Y), "stem", pooling="flatten")
    assert LogisticRegression(C=100).fit(features, labels).score(features, labels) == 1
