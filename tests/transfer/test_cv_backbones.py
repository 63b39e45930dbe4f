"""load_backbone on KerasCV: presets saved here, and backbones."""

import json
import sys

import keras
import keras_cv
import numpy as np
import pytest
from quick_networks import outputs, quick_initializers, same

from kerasaug.transfer import build_classifier, layer_groups, load_backbone

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype("uint8")


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with quick_initializers():
        yield


def resnet(include_rescaling):
    return keras_cv.models.ResNetBackbone(
        stackwise_filters=[8, 16],
        stackwise_blocks=[1, 1],
        stackwise_strides=[1, 2],
        include_rescaling=include_rescaling,
        input_shape=(32, 32, 3),
    )


@pytest.fixture(scope="module")
def bare():
    return resnet(False)


@pytest.fixture(scope="module")
def preset(bare, tmp_path_factory):
    """A folder as KerasCV writes it."""
    folder = tmp_path_factory.mktemp("cv")
    config = keras.saving.serialize_keras_object(bare) | {"weights": "model.weights.h5"}
    (folder / "config.json").write_text(json.dumps(config))
    bare.save_weights(folder / "model.weights.h5")
    return folder


@pytest.mark.parametrize("prefix", ["", "cv:"])
def test_preset_with_its_rescaling(bare, preset, prefix):
    loaded = load_backbone(f"{prefix}{preset}")
    same(outputs(loaded, IMAGES), outputs(bare, IMAGES / 255.0))
    names = [group.name for group in layer_groups(build_classifier(loaded, 3))]
    assert names == ["stride2", "stride4", "stride8", "head"]


def test_shape_weights_pooling_and_other_preprocessing(bare, preset, tmp_path):
    assert load_backbone(preset, input_shape=(64, 48, 3)).output_shape == (None, 8, 6, 64)
    random = load_backbone(preset, weights=None)
    assert not np.allclose(random.get_weights()[0], bare.get_weights()[0])
    random.save_weights(tmp_path / "random.weights.h5")
    again = load_backbone(preset, tmp_path / "random.weights.h5", pooling="max")
    same(outputs(again, IMAGES), outputs(random, IMAGES).max((1, 2)))
    loaded = load_backbone(preset, preprocess="tf")
    same(outputs(loaded, IMAGES), outputs(bare, IMAGES / 127.5 - 1))
    same(outputs(load_backbone(preset, preprocess=False), IMAGES / 9), outputs(bare, IMAGES / 9))


def test_backbones(bare):
    same(outputs(load_backbone(bare), IMAGES), outputs(bare, IMAGES / 255.0))
    holding = resnet(True)
    assert load_backbone(holding) is holding
    with pytest.raises(ValueError, match="include_rescaling=False"):
        load_backbone(holding, preprocess="torch")
    assert load_backbone(bare, preprocess=False) is bare
    with pytest.raises(ValueError, match=r"\(32, 32, 3\).*Received: \(64, 64, 3\)"):
        load_backbone(bare, input_shape=(64, 64, 3))


def test_names():
    with pytest.raises(ValueError, match=r"no preset called 'resnet51'.*cv:resnet50"):
        load_backbone("cv:resnet51")
    with pytest.raises(ValueError, match=r"'resnet50' has no pretrained weights.*\['resnet50_imagenet'\]"):
        load_backbone("cv:resnet50")


def test_no_network(monkeypatch):
    def unreachable(*args, **kwargs):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(keras_cv.models.ResNetBackbone, "from_preset", unreachable)
    with pytest.raises(ConnectionError, match=r"'resnet50_imagenet' could not be downloaded"):
        load_backbone("cv:resnet50_imagenet")


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_cv", None)
    with pytest.raises(ImportError, match=r"pip install 'kerasaug\[cv\]'"):
        load_backbone("cv:resnet50_imagenet")
