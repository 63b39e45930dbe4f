"""load_backbone on KerasHub: presets saved here, backbones and tasks, against KerasHub's own image converter."""

import sys

import keras
import keras_hub
import numpy as np
import pytest
from quick_networks import outputs, quick_initializers, same

from kerasaug.transfer import build_classifier, freeze, layer_groups, load_backbone, unfreeze

models, layers = keras_hub.models, keras_hub.layers
SCALE, OFFSET = (1 / 50, 1 / 51, 1 / 52), (-2.0, -2.1, -2.2)
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype("uint8")


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with quick_initializers():
        yield


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    """A backbone, its converter, and the folder of a preset with both."""
    backbone = models.ResNetBackbone([64], [3], [64, 64], [1, 1], [1, 2], "basic_block")
    converter = layers.ResNetImageConverter(image_size=(16, 16), scale=SCALE, offset=OFFSET, antialias=True)
    return backbone, converter, saved(tmp_path_factory, backbone, converter)


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    backbone = models.ViTBackbone((16, 16, 3), (8, 8), 1, 2, 4, 4)
    return backbone, saved(tmp_path_factory, backbone, layers.ViTImageConverter((16, 16), 1 / 127.5, -1.0))


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    backbone = models.BertBackbone(20, 1, 1, 4, 4, max_sequence_length=8)
    return backbone, saved(tmp_path_factory, backbone)


def saved(factory, *parts):
    folder = factory.mktemp("preset")
    for part in parts:
        part.save_to_preset(str(folder))
    return folder


def expected(backbone, converter, images=IMAGES):
    plain = layers.ImageConverter(scale=converter.scale, offset=converter.offset)
    return outputs(backbone, np.asarray(plain(images.astype("float32"))))


@pytest.mark.parametrize("prefix", ["", "hub:"])
def test_preset_with_its_own_preprocessing(resnet, prefix):
    backbone, converter, folder = resnet
    loaded = load_backbone(f"{prefix}{folder}", input_shape=(32, 32, 3))
    assert loaded.input_shape == (None, 32, 32, 3)
    for images in (IMAGES, IMAGES.astype("float32")):
        same(outputs(loaded, images), expected(backbone, converter))


def test_pooling_random_weights_and_no_preprocessing(resnet):
    backbone, _, folder = resnet
    loaded = load_backbone(folder, input_shape=(32, 32, 3), preprocess=False, pooling="avg")
    maps = outputs(backbone, IMAGES / 255.0)
    same(outputs(loaded, IMAGES / 255.0), maps.mean((1, 2)))
    random = load_backbone(folder, weights=None, preprocess=False)
    assert [w.shape for w in random.weights] == [w.shape for w in backbone.weights]
    assert not np.allclose(random.get_weights()[0], backbone.get_weights()[0])


def test_weights_from_a_file(resnet, tmp_path):
    backbone, converter, folder = resnet
    other = load_backbone(folder, weights=None)
    other.save_weights(tmp_path / "other.weights.h5")
    loaded = load_backbone(folder, tmp_path / "other.weights.h5")
    same(outputs(loaded, IMAGES), outputs(other, IMAGES))
    assert not np.allclose(outputs(loaded, IMAGES), expected(backbone, converter))


def test_resizing_only_if_asked(resnet):
    backbone, converter, folder = resnet
    assert not [one for one in load_backbone(folder).layers if isinstance(one, keras.layers.Resizing)]
    loaded = load_backbone(folder, resize=True)
    assert loaded.input_shape == (None, None, None, 3)
    large = np.random.default_rng(1).integers(0, 256, (2, 40, 24, 3)).astype("float32")
    same(outputs(loaded, large), outputs(backbone, np.asarray(converter(large))))


def test_half_precision(resnet):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        loaded = load_backbone(resnet[2], input_shape=(32, 32, 3))
    finally:
        keras.config.set_dtype_policy(policy)
    assert loaded.layers[-1].compute_dtype == "bfloat16"
    seen = keras.Model(loaded.input, loaded.layers[-2].output)(IMAGES)
    np.testing.assert_allclose(seen, IMAGES * np.array(SCALE) + OFFSET, rtol=1e-5, atol=1e-5)


def test_cut_and_classifier(resnet, tmp_path):
    _, _, folder = resnet
    loaded = load_backbone(folder, input_shape=(32, 32, 3), cut="stack0_block0_out")
    assert loaded.output_shape == (None, 8, 8, 64)
    model = build_classifier(load_backbone(folder, input_shape=(32, 32, 3)), 3)
    assert [group.name for group in layer_groups(model)] == ["stride2", "stride4", "stride8", "head"]
    assert (freeze(model), len(model.trainable_variables)) == (["head"], 2)
    assert len(unfreeze(model)) == 4
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(outputs(again, IMAGES), outputs(model, IMAGES))


def test_backbones_and_tasks(resnet):
    backbone, converter, _ = resnet
    with pytest.raises(ValueError, match=r"expected `preprocess` for 'res_net.*ImageConverter"):
        load_backbone(backbone)
    same(outputs(load_backbone(backbone, preprocess=converter), IMAGES), expected(backbone, converter))
    preprocessor = models.ResNetImageClassifierPreprocessor(image_converter=converter)
    task = models.ResNetImageClassifier(backbone=backbone, num_classes=3, preprocessor=preprocessor)
    same(outputs(load_backbone(task), IMAGES), expected(backbone, converter))
    assert load_backbone(backbone, preprocess=False) is backbone


def test_vision_transformer(vit):
    backbone, folder = vit
    tokens = outputs(backbone, IMAGES[:, :16, :16] / 127.5 - 1)
    same(outputs(load_backbone(folder, pooling="token"), IMAGES[:, :16, :16]), tokens[:, 0])
    same(outputs(load_backbone(folder, pooling="max"), IMAGES[:, :16, :16]), tokens.max(1))
    assert load_backbone(folder, resize=True, input_shape=(48, 32, 3), pooling="avg").output_shape == (None, 4)
    with pytest.raises(ValueError, match=r"refused with.*\(32, 32, 3\).*resize=True"):
        load_backbone(folder, input_shape=(32, 32, 3))


def test_text_backbone(bert):
    backbone, folder = bert
    loaded = load_backbone(folder)
    tokens = {
        "token_ids": np.array([[1, 2, 3, 0]]),
        "segment_ids": np.zeros((1, 4), int),
        "padding_mask": np.array([[1, 1, 1, 0]]),
    }
    got, want = outputs(loaded, tokens), outputs(backbone, tokens)
    assert sorted(got) == sorted(want) == ["pooled_output", "sequence_output"]
    for name in want:
        same(got[name], want[name])
    for wrong in ({"input_shape": (32, 32, 3)}, {"preprocess": "torch"}, {"resize": True}):
        with pytest.raises(ValueError, match=rf"takes .*token_ids.*Received: {next(iter(wrong))}"):
            load_backbone(folder, **wrong)
    with pytest.raises(ValueError, match=r"takes .*token_ids.*`pooling`"):
        load_backbone(folder, pooling="avg")


def test_preset_without_an_image_converter(resnet, tmp_path):
    resnet[0].save_to_preset(str(tmp_path))
    with pytest.raises(ValueError, match=r"does not say how its images are preprocessed.*preprocess=False"):
        load_backbone(tmp_path)
    same(
        outputs(load_backbone(tmp_path, preprocess="tf"), IMAGES),
        outputs(resnet[0], IMAGES / 127.5 - 1),
    )


def test_converter_that_does_more_is_refused(resnet, monkeypatch):
    class Patches(layers.ImageConverter):
        def call(self, inputs):
            return inputs[:, ::2]

    monkeypatch.setattr(layers.ImageConverter, "from_preset", lambda preset: Patches())
    with pytest.raises(ValueError, match=r"preprocessed by Patches.*preprocess=False"):
        load_backbone(resnet[2])


def test_unknown_presets():
    with pytest.raises(ValueError, match=r"no preset called 'resnet_19_imagenet'.*hub:resnet_18_imagenet"):
        load_backbone("hub:resnet_19_imagenet")
    with pytest.raises(ValueError, match=r"Did you mean hub:resnet_18_imagenet"):
        load_backbone("resnet_18_imagenet")


class ConnectError(Exception):
    """As httpx has it, which KerasHub turns into a `ValueError` about a missing config.json."""


def unreachable(preset, **kwargs):
    try:
        raise ConnectError("no route to host")
    except ConnectError:
        raise ValueError(f"Preset {preset} has no config.json.")  # noqa: B904


@pytest.mark.parametrize("name", ["hub:resnet_18_imagenet", "hf://keras/resnet", "kaggle://keras/resnet/keras/a"])
def test_no_network(name, monkeypatch):
    monkeypatch.setattr(models.Backbone, "from_preset", unreachable)
    with pytest.raises(ConnectionError, match=r"could not be downloaded.*save_to_preset\(folder\).*pass its path"):
        load_backbone(name)


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(ImportError, match=r"pip install 'kerasaug\[hub\]'"):
        load_backbone("hub:resnet_18_imagenet")
