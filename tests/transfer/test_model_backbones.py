"""load_backbone on models of the user's own: objects, files, cuts."""

import keras
import numpy as np
import pytest
from quick_networks import outputs, quick_initializers, same

from kerasaug.transfer import build_classifier, fine_tune, layer_groups, load_backbone
from kerasaug.transfer.recipe import Recipe

layers = keras.layers
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3)).astype("uint8")


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with quick_initializers():
        yield


def classifier(name="net"):
    images = keras.Input((16, 16, 3))
    x = layers.Rescaling(1 / 255)(images)
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="low")(x)
    gate = layers.GlobalAveragePooling2D(keepdims=True, name="squeeze")(x)
    x = layers.Multiply(name="gated")([x, layers.Conv2D(4, 1, activation="sigmoid", name="excite")(gate)])
    x = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu", name="high")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(images, layers.Dense(3, activation="softmax", name="top")(x), name=name)


@pytest.fixture(scope="module")
def net():
    return classifier()


def maps(model, layer):
    """The oracle: Keras's own way to a layer's output."""
    return outputs(keras.Model(model.input, model.get_layer(layer).output), IMAGES)


@pytest.mark.parametrize(("cut", "layer"), [("auto", "high"), ("gated", "gated"), ("pool", "pool")])
def test_cut_of_a_flat_model(net, cut, layer):
    loaded = load_backbone(net, cut=cut)
    same(outputs(loaded, IMAGES), maps(net, layer))
    assert loaded.get_layer("low") is net.get_layer("low")  # shared


def test_a_second_head_on_probabilities_is_loud(net):
    with pytest.warns(UserWarning, match=r"'net' returns probabilities.*cut='auto'"):
        assert load_backbone(net) is net


@pytest.mark.parametrize("around", ["functional", "sequential", "twice"])
def test_cut_inside_nested_models(net, around):
    body = load_backbone(net, cut="auto")
    if around == "sequential":
        outer = keras.Sequential([keras.Input((16, 16, 3)), body, layers.Flatten(), layers.Dense(2)])
    else:
        build_classifier(body, 4)  # another model that calls the same body
        outer = build_classifier(body, 2)
    if around == "twice":
        outer = keras.Sequential([keras.Input((16, 16, 3)), layers.Dropout(0.5), outer])
    same(outputs(load_backbone(outer, cut="auto"), IMAGES), maps(net, "high"))
    same(outputs(load_backbone(outer, cut="gated"), IMAGES), maps(net, "gated"))
    same(outputs(load_backbone(outer, cut=f"{body.name}/gated"), IMAGES), maps(net, "gated"))


def test_cut_of_vectors_maps_and_applications():
    dense = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a"), layers.Dense(2, name="b")])
    assert load_backbone(dense, cut="auto").output_shape == (None, 3)
    convolutions = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3), layers.Conv2D(2, 3)])
    assert load_backbone(convolutions, cut="auto") is convolutions
    mobilenet = load_backbone("mobilenet", None, (32, 32, 3), cut="conv_pw_2_relu", pooling="avg", alpha=0.25)
    assert mobilenet.output_shape == (None, 32)
    assert "preprocessing" in [layer.name for layer in mobilenet.layers]


def test_where_to_cut_is_checked(net):
    with pytest.raises(ValueError, match=r"'net' has no layer called 'hihg'.*Did you mean high"):
        load_backbone(net, cut="hihg")
    two = keras.Sequential([keras.Input((16, 16, 3)), classifier("one"), layers.Reshape((1, 1, 3))])
    three = keras.Model(two.inputs, layers.Add()([two(two.inputs[0]), classifier("other")(two.inputs[0])]))
    with pytest.raises(ValueError, match=r"which are 2: .*one/high.*other/high"):
        load_backbone(three, cut="high")
    flat = keras.Sequential([keras.Input((4,)), layers.Activation("relu")])
    with pytest.raises(ValueError, match="no pooling, Flatten or Dense layer"):
        load_backbone(flat, cut="auto")

    class Subclassed(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match="Pass the name of its last layer"):
        load_backbone(Subclassed(), cut="auto", input_shape=(4,))


def test_preprocessing_pooling_and_shape(net):
    body = load_backbone(net, cut="auto")
    same(
        outputs(load_backbone(body, preprocess="torch", pooling="max"), IMAGES),
        outputs(body, keras.applications.imagenet_utils.preprocess_input(IMAGES.astype("float32"), mode="torch")).max(
            (1, 2)
        ),
    )
    halving = load_backbone(body, preprocess=layers.Rescaling(0.5))
    same(outputs(halving, IMAGES), outputs(body, IMAGES / 2))
    assert load_backbone(body, input_shape=(16, 16, 3)) is body
    with pytest.raises(ValueError, match=r"to be that of .*\(16, 16, 3\).*Received: \(32, 32, 3\)"):
        load_backbone(body, input_shape=(32, 32, 3))
    model = build_classifier(halving, 2)
    assert [group.name for group in layer_groups(model)] == ["stride2", "stride4", "head"]


def test_model_without_an_input():
    model = keras.Sequential([layers.Conv2D(2, 3)])
    with pytest.raises(ValueError, match=r"pass `input_shape=\(height, width, channels\)`"):
        load_backbone(model)
    assert load_backbone(model, input_shape=(8, 8, 3)).output_shape == (None, 6, 6, 2)


def test_weights_for_a_model(net, tmp_path):
    net.save_weights(tmp_path / "net.weights.h5")
    other = classifier()
    other.set_weights([weight + 1 for weight in other.get_weights()])
    loaded = load_backbone(other, tmp_path / "net.weights.h5", cut="auto")
    same(outputs(loaded, IMAGES), maps(net, "high"))


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_files(net, tmp_path, ending):
    path = tmp_path / f"net{ending}"
    net.save(path)
    same(outputs(load_backbone(path, cut="auto"), IMAGES), maps(net, "high"))
    same(outputs(load_backbone(str(path), cut="low", pooling="avg"), IMAGES), maps(net, "low").mean((1, 2)))


def test_what_is_no_model(net, tmp_path):
    net.save_weights(tmp_path / "net.weights.h5")
    (tmp_path / "broken.keras").write_bytes(b"PK")
    (tmp_path / "folder").mkdir()
    for path, error, message in (
        (tmp_path / "nowhere.keras", FileNotFoundError, r"nothing at .*nowhere\.keras"),
        ("some/where", FileNotFoundError, "nothing at .*some/where"),
        (tmp_path / "net.weights.h5", ValueError, "Weights alone go into `weights`"),
        (tmp_path / "broken.keras", ValueError, r"broken\.keras is no \.keras file"),
        (tmp_path / "folder", ValueError, r"SavedModel \(saved_model\.pb\) or a preset \(config\.json\)"),
        (7, TypeError, "name of a network, a path, or a keras.Model. Received: int"),
        ("mobilenetv9", ValueError, "Did you mean MobileNet"),
    ):
        with pytest.raises(error, match=message):
            load_backbone(path)
    for wrong, message in (
        ({"pooling": "mean"}, "`pooling` to be None or one of"),
        ({"preprocess": "imagenet"}, "`preprocess` to be True, False, one of"),
        ({"weights": "image_net"}, "`weights` to be 'imagenet'"),
    ):
        with pytest.raises(ValueError, match=message):
            load_backbone(net, **wrong)
    with pytest.raises(TypeError, match=r"takes no further arguments. Received: alpha"):
        load_backbone(net, alpha=0.5)
    with pytest.raises(ValueError, match=r"returns tokens \(rank 3\) for pooling='token'"):
        load_backbone("mobilenet", None, (32, 32, 3), pooling="token", alpha=0.25)


def test_fine_tune_by_path(net, tmp_path):
    path = tmp_path / "net.keras"
    net.save(path)
    labels = np.arange(8) % 2
    images = np.random.default_rng(1).integers(0, 256, (8, 16, 16, 3)).astype("uint8")
    recipe = fine_tune(
        str(path),
        (images, labels),
        image_size=16,
        backbone_args={"cut": "auto"},
        epochs=0,
        policy="none",
        verbose=0,
    ).recipe
    assert (recipe.backbone, recipe.backbone_args) == (str(path.resolve()), {"cut": "auto"})
    assert Recipe.from_dict(recipe.to_dict()).backbone == recipe.backbone


# -- EfficientNet's statistics


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras"])
def test_published_weights_of_efficientnet_in_a_file(monkeypatch, tmp_path, ending):
    """Keras's files hold deviations where the layer takes variances; only `weights="imagenet"` sets that right."""

    def EfficientNetB0(weights, include_top, input_shape, pooling):
        images = keras.Input(input_shape)
        x = layers.Normalization()(layers.Rescaling(1 / 255)(images))
        return keras.Model(images, layers.Conv2D(4, 3, name="stem")(x), name="tiny")

    monkeypatch.setattr(keras.applications, "EfficientNetB0", EfficientNetB0)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    published = EfficientNetB0(None, False, (16, 16, 3), None)
    published.set_weights([mean, std, np.array(0), *published.get_weights()[3:]])
    path = tmp_path / f"published{ending}"
    (published.save_weights if ending == ".weights.h5" else published.save)(path)
    loaded = load_backbone("efficientnetb0", path, (16, 16, 3))
    want = outputs(keras.Sequential([published.get_layer("stem")]), (IMAGES / 255 - mean) / std)
    same(outputs(loaded, IMAGES), want)
    loaded.save(tmp_path / "again.keras")  # corrected once, not twice
    same(outputs(load_backbone("efficientnetb0", tmp_path / "again.keras", (16, 16, 3)), IMAGES), want)


def test_statistics_in_half_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with keras.StatelessScope(initialize_variables=False):
            backbone = load_backbone("EfficientNetV2B0", None, (32, 32, 3))
    finally:
        keras.config.set_dtype_policy(policy)
    normalization = next(layer for layer in backbone.layers if isinstance(layer, layers.Normalization))
    images = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3))
    seen = outputs(keras.Model(backbone.input, normalization.output), images)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    np.testing.assert_allclose(seen, (images / 255 - mean) / std, rtol=1e-5, atol=1e-5)
