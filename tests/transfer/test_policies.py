"""The named policies: what they may do to a picture, and the ways to give one."""

import json

import keras
import numpy as np
import pytest

import kerasaug
from kerasaug.transfer import policy
from kerasaug.transfer.policies import pipeline_from, policy_config


def kinds(pipeline):
    return {type(layer).__name__ for layer in pipeline.layers}


def test_what_each_holds():
    assert policy("none") is None
    warps = {"RandomRotation", "RandomZoom", "RandomTranslation", "RandomShear"}
    assert kinds(policy("geometry")) == warps
    assert "RandomFlip" in kinds(policy("light"))
    assert not {"MixUp", "CutMix", "RandomErasing"} & kinds(policy("light"))
    assert {"MixUp", "CutMix", "RandomErasing", *warps} <= kinds(policy("strong", num_classes=3))
    assert {layer.num_classes for layer in policy("strong", 3).layers if layer.needs_batch} == {3}


@pytest.mark.parametrize("num_classes", [None, 1])
def test_nothing_is_mixed_without_classes(num_classes):
    assert not policy("strong", num_classes).mixes


def test_flips_are_horizontal_only():
    for name in ("light", "strong"):
        (flip,) = (layer for layer in policy(name).layers if type(layer).__name__ == "RandomFlip")
        assert flip.mode == "horizontal"


@pytest.mark.parametrize(("name", "channels"), [("light", 3), ("strong", 1)])
def test_pictures_stay_in_range(name, channels, rng):
    images = rng.uniform(0, 255, (4, 12, 12, channels)).astype("float32")
    batch = {"images": images, "labels": np.array([0, 1, 0, 1])}
    out = keras.ops.convert_to_numpy(policy(name, num_classes=2, channels=channels)(batch)["images"])
    assert out.shape == images.shape
    assert out.min() >= 0
    assert out.max() <= 255
    assert not np.array_equal(out, images)


@pytest.mark.parametrize(("channels", "hue"), [(3, (0.0, 0.05)), (1, None)])
def test_only_coloured_pictures_change_hue(channels, hue):
    (jitter,) = (one for one in policy("strong", channels=channels).layers if type(one).__name__ == "RandomColorJitter")
    assert jitter.hue_factor == hue


def test_geometry_keeps_left_and_right_and_grey():
    """A picture that is dark on the left stays so, and what is grey stays grey."""
    images = np.zeros((32, 24, 24, 3), "float32")
    images[:, :, 12:] = 200.0
    out = keras.ops.convert_to_numpy(policy("geometry")(images))
    assert (out[:, :, 18:].mean(axis=(1, 2, 3)) > out[:, :, :6].mean(axis=(1, 2, 3)) + 50).all()
    np.testing.assert_allclose(out.max(axis=-1), out.min(axis=-1), atol=1e-3)


def test_unknown_names():
    with pytest.raises(ValueError, match=r"one of \['none', 'geometry', 'light', 'strong'\].*'lite'. Did you mean 'li"):
        policy("lite")
    with pytest.raises(ValueError, match=r"Received: 'xyz'\.$"):
        policy_config("xyz", 2)


def test_a_file(tmp_path):
    pipeline = kerasaug.Pipeline([kerasaug.layers.RandomRotation(0.2)], p=0.5)
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(keras.saving.serialize_keras_object(pipeline)))
    for given in (path, str(path)):
        made = pipeline_from(policy_config(given, 2))
        assert made.p == 0.5
        assert made.layers[0].factor == (-0.2, 0.2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"mine\.json is not JSON"),
        ("[]", r"mine\.json cannot be rebuilt|is no kerasaug layer"),
        ("{}", r"mine\.json cannot be rebuilt|is no kerasaug layer"),
        (json.dumps(keras.saving.serialize_keras_object(keras.layers.Flatten())), "no kerasaug layer but Flatten"),
    ],
)
def test_a_file_that_holds_no_pipeline(tmp_path, content, message):
    path = tmp_path / "mine.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        policy_config(str(path), 2)


def test_other_things(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no policy file at .*there"):
        policy_config(str(tmp_path / "there.json"), 2)
    with pytest.raises(TypeError, match="Received: Flatten"):
        policy_config(keras.layers.Flatten(), 2)
    assert policy_config(None, 2) is None
    assert policy_config("none", 2) is None
