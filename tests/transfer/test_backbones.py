"""load_backbone against keras.applications, without building more networks than need be."""

import json
import types
import zipfile

import keras
import numpy as np
import pytest

from kerasaug.transfer import build_classifier, load_backbone
from kerasaug.transfer.backbones import application_names, find_application
from kerasaug.transfer.preprocessing import mode_of, preprocessed

FAMILIES = sorted(
    name
    for name, module in vars(keras.applications).items()
    if isinstance(module, types.ModuleType) and hasattr(module, "preprocess_input") and name != "imagenet_utils"
)


@pytest.fixture(autouse=True)
def quick_initializers(monkeypatch):
    """NumPy draws the weights: JAX would compile one random function for every shape in a network."""
    draw = np.random.default_rng(0)

    def call(self, shape, dtype=None):
        return keras.ops.convert_to_tensor(draw.normal(0, 0.1, shape).astype(dtype or "float32"))

    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", call)


@pytest.fixture
def half_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(policy)


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (2, 32, 32, 3)).astype("uint8")


def thin_mobilenet(**kwargs):
    return load_backbone("mobilenet", **{"weights": None, "input_shape": (32, 32, 3), "alpha": 0.25} | kwargs)


@pytest.fixture
def tiny(monkeypatch):
    """Stands in for MobileNet, and records what it is called with."""
    calls = []

    def MobileNet(weights, include_top, input_shape, pooling, width=4):
        calls.append({"weights": weights, "include_top": include_top, "pooling": pooling})
        inputs = keras.Input(input_shape)
        x = keras.layers.Conv2D(width, 3, strides=2, name="conv")(inputs)
        return keras.Model(inputs, keras.layers.BatchNormalization(name="bn")(x), name="tiny")

    monkeypatch.setattr(keras.applications, "MobileNet", MobileNet)
    return calls


# -- names


def test_every_application_resolves_to_a_known_family():
    names = application_names()
    assert {"MobileNetV2", "ResNet50", "EfficientNetB0", "MobileNetV3Small", "ConvNeXtTiny", "NASNetLarge"} <= set(
        names
    )
    constructors = {
        name for name, member in vars(keras.applications).items() if callable(member) and not name.startswith("_")
    }
    assert set(names) == constructors
    for name in names:
        public, constructor, family = find_application(name)
        assert (public, constructor) == (name, getattr(keras.applications, name))
        assert mode_of(family) in ("caffe", "torch", "tf", "none")


@pytest.mark.parametrize(
    ("given", "name"),
    [("mobilenet_v2", "MobileNetV2"), ("EFFICIENTNETB0", "EfficientNetB0"), ("res-net 50 v2", "ResNet50V2")],
)
def test_names_in_any_spelling(given, name):
    assert find_application(given)[0] == name


def test_unknown_names():
    with pytest.raises(ValueError, match=r"mobilenetv9.*Did you mean MobileNet"):
        load_backbone("mobilenetv9")
    with pytest.raises(ValueError, match=r"'zzz'.*Known names: ConvNeXtBase"):
        load_backbone("zzz")
    with pytest.raises(ValueError, match="preprocess=False"):
        mode_of("hologram_net")


# -- preprocessing


@pytest.mark.parametrize("family", FAMILIES)
def test_preprocessing_equals_the_family_own(family, images, rng):
    inputs = keras.Input((32, 32, 3))
    model = keras.Model(inputs, preprocessed(inputs, mode_of(family)))
    oracle = getattr(keras.applications, family).preprocess_input
    fractions = rng.uniform(0, 255, images.shape).astype("float32")
    for batch in (images, fractions):
        np.testing.assert_allclose(
            model.predict(batch, verbose=0), oracle(batch.astype("float32")), rtol=1e-5, atol=1e-4
        )


@pytest.mark.parametrize("mode", ["caffe", "torch", "tf"])
def test_preprocessing_in_half_precision_and_after_saving(mode, half_precision, tmp_path, rng):
    batch = rng.uniform(0, 255, (2, 8, 8, 3)).astype("float32")
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, preprocessed(inputs, mode))
    expected = keras.applications.imagenet_utils.preprocess_input(batch.copy(), mode=mode)
    np.testing.assert_allclose(model.predict(batch, verbose=0), expected, rtol=1e-5, atol=1e-4)
    model.save(tmp_path / "model.keras")
    config = zipfile.ZipFile(tmp_path / "model.keras").read("config.json").decode()
    assert json.loads(config)
    assert "kerasaug" not in config  # stock Keras is enough to load it
    assert "Lambda" not in config
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded.predict(batch, verbose=0), model.predict(batch, verbose=0))


def test_network_sees_what_its_family_feeds_it(images):
    backbone = thin_mobilenet()
    network = backbone.layers[-1]
    expected = network.predict(keras.applications.mobilenet.preprocess_input(images.astype("float32")), verbose=0)
    assert np.abs(expected).max() > 0
    for batch in (images, images.astype("float32")):
        np.testing.assert_allclose(backbone.predict(batch, verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_own_preprocessing_of_a_network_computes_in_float32(half_precision, images):
    backbone = load_backbone("MobileNetV3Small", None, (32, 32, 3), alpha=0.35, minimalistic=True)
    rescaling = next(layer for layer in backbone.layers if isinstance(layer, keras.layers.Rescaling))
    convolution = next(layer for layer in backbone.layers if isinstance(layer, keras.layers.Conv2D))
    assert (rescaling.compute_dtype, convolution.compute_dtype) == ("float32", "bfloat16")
    probe = keras.Model(backbone.inputs, rescaling.output)
    expected = images.astype("float32") / 127.5 - 1
    np.testing.assert_allclose(probe.predict(images, verbose=0), expected, rtol=1e-5, atol=1e-6)
    bare = load_backbone("MobileNetV3Small", None, (32, 32, 3), preprocess=False, alpha=0.35, minimalistic=True)
    assert not [layer for layer in bare.layers if isinstance(layer, keras.layers.Rescaling)]


def test_preprocess_false_and_pooling():
    backbone = thin_mobilenet(preprocess=False, pooling="avg")
    assert backbone.output_shape == (None, 256)
    assert not [layer for layer in backbone.layers if isinstance(layer, keras.layers.Rescaling)]


# -- weights


def test_imagenet_goes_through_keras(tiny):
    load_backbone("mobilenet", input_shape=(32, 32, 3), pooling="max")
    assert tiny == [{"weights": "imagenet", "include_top": False, "pooling": "max"}]


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras"])
@pytest.mark.parametrize("source", ["network", "backbone", "classifier"])
def test_weights_from_a_file(tiny, tmp_path, source, ending):
    backbone = load_backbone("mobilenet", None, (32, 32, 3))
    network = backbone.layers[-1]
    saved = {"network": network, "backbone": backbone, "classifier": build_classifier(backbone, 2)}[source]
    path = tmp_path / f"file{ending}"
    if ending == ".weights.h5":
        saved.save_weights(path)
    else:
        saved.save(path)
    if source == "classifier" and ending != ".keras":
        with pytest.raises(ValueError, match="include_top=False"):
            load_backbone("mobilenet", path, (32, 32, 3))
        return
    loaded = load_backbone("mobilenet", path, (32, 32, 3))
    assert tiny[-1]["weights"] is None
    for got, want in zip(loaded.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_weights_that_do_not_fit(tiny, tmp_path, ending):
    wide = load_backbone("mobilenet", None, (32, 32, 3), width=8)
    path = tmp_path / f"wide{ending}"
    (wide.save_weights if ending == ".weights.h5" else wide.save)(path)
    with pytest.raises(ValueError, match=r"load_backbone.*wide.*tiny"):
        load_backbone("mobilenet", path, (32, 32, 3))


def test_missing_and_unknown_files_are_seen_before_anything_is_built(tiny, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.h5"):
        load_backbone("mobilenet", tmp_path / "nowhere.h5")
    with pytest.raises(ValueError, match=r"'image_net'"):
        load_backbone("mobilenet", "image_net")
    assert tiny == []


def test_failed_download_says_how_to_give_a_file(monkeypatch):
    def MobileNet(**kwargs):
        raise Exception("URL fetch failure on https://example.org: None -- unreachable")

    monkeypatch.setattr(keras.applications, "MobileNet", MobileNet)
    with pytest.raises(ConnectionError, match=r"MobileNet.*unreachable.*weights='/path/to"):
        load_backbone("mobilenet")


# -- shapes


def test_shapes_keras_refuses_are_explained():
    with pytest.raises(ValueError, match=r"NASNetMobile refused input_shape=\(16, 16, 3\).*at least 32"):
        load_backbone("nasnetmobile", None, (16, 16, 3))
    with pytest.raises(ValueError, match=r"VGG16 is for 3 channels.*\(32, 32, 1\)"):
        load_backbone("vgg16", None, (32, 32, 1))
    with pytest.raises(ValueError, match=r"\(height, width, channels\).*\(32, 32\)"):
        load_backbone("vgg16", None, (32, 32))


def test_whole_classifier_is_saved_and_loaded(tmp_path, images):
    model = build_classifier(thin_mobilenet(), 3)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(images, verbose=0), model.predict(images, verbose=0))


@pytest.mark.parametrize("preprocess", ["torch", keras.layers.Rescaling(2.0)])
def test_no_preprocessing_on_top_of_a_networks_own(preprocess):
    with pytest.raises(ValueError, match="preprocess=True for EfficientNetB0, which holds"):
        load_backbone("EfficientNetB0", None, (32, 32, 3), preprocess=preprocess)


@pytest.mark.parametrize("which", ["weights", "source"])
def test_a_keras_file_that_is_none_is_said_to_be_so(which, tmp_path):
    (path := tmp_path / "bad.keras").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"bad.keras is no .keras file.*save it again"):
        load_backbone("MobileNet", path) if which == "weights" else load_backbone(path)
