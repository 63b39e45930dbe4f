"""Input that a layer cannot augment gives one error: which layer, what was expected, what was received, what to do."""

import re

import cases
import keras
import numpy as np
import pytest
from contract_tools import assert_same, images, sample, to_numpy, uncompiled
from hypothesis import given, settings
from hypothesis import strategies as st
from messages import says

import kerasaug
from kerasaug import layers as L

OPS = pytest.mark.parametrize("case", cases.IMAGE_CASES, ids=str)


def _masks(height, width):
    return np.zeros((4, height, width), "int32")


@OPS
@pytest.mark.parametrize("shape", [(), (8,), (8, 10), (2, 4, 8, 10, 3)])
def test_images_of_another_rank(case, shape):
    layer = case.shared()
    with pytest.raises(ValueError) as error:
        layer(np.zeros(shape, "float32"))
    says(error, layer.name, "rank 3 (one image) or 4", str(shape))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(rank=st.integers(0, 7).filter(lambda rank: rank not in (3, 4)), inside=st.booleans())
def test_images_of_any_wrong_rank(rank, inside):
    data = np.zeros((1,) * rank, "float32")
    with pytest.raises(ValueError, match=r"RandomFlip .*expects images of rank 3"):
        L.RandomFlip()({"images": data} if inside else data)


@pytest.mark.parametrize(
    "data", [np.array([["a.png"]]), np.zeros((2, 4, 4, 3), "bool"), np.zeros((2, 4, 4, 3), "complex64")]
)
def test_images_that_are_no_numbers(data):
    with pytest.raises(TypeError) as error:
        L.RandomFlip(name="mine")(data)
    says(error, "RandomFlip (name='mine')", "numbers", f"dtype={data.dtype.name}", "onvert")


@pytest.mark.parametrize("data", ["cat.png", None, True])
def test_what_is_no_tensor_at_all(data):
    with pytest.raises((TypeError, ValueError)) as error:
        L.RandomFlip(name="mine")(data)
    says(error, "RandomFlip (name='mine')", "images")


@pytest.mark.parametrize("key", ["image", "x"])
def test_a_dict_without_images(key):
    with pytest.raises(ValueError) as error:
        L.RandomFlip(name="mine")({key: images(), "label": np.arange(4)})
    says(error, "RandomFlip (name='mine')", "'images'", f"{key}", "keys={'images'")


def test_images_that_are_none():
    with pytest.raises(TypeError) as error:
        L.RandomFlip()({"images": None})
    says(error, "RandomFlip", "images", "NoneType")


@settings(max_examples=20, deadline=None, derandomize=True)
@given(count=st.integers(1, 9).filter(lambda count: count != 4), kind=st.sampled_from(["labels", "sample_weight"]))
def test_targets_of_another_number_of_samples(count, kind):
    with pytest.raises(ValueError) as error:
        L.RandomFlip()({"images": images(), kind: np.zeros(count, "float32")})
    says(error, "RandomFlip", f"as many {kind} as images", f"{count} {kind}, 4 images")


@pytest.mark.parametrize("kind", ["segmentation_masks", "keypoints"])
def test_targets_of_another_rank(kind):
    with pytest.raises(ValueError) as error:
        L.RandomFlip()({"images": images(), kind: np.zeros((4, 2), "float32")})
    says(error, "RandomFlip", f"{kind} of rank", "(4, 2)")


@pytest.mark.parametrize("cls", [L.MixUp, L.CutMix])
def test_integer_labels_without_a_number_of_classes(cls):
    layer = cls()
    with pytest.raises(ValueError) as error:
        layer({"images": images(), "labels": np.arange(4)})
    message = str(error.value)
    assert layer.name in message
    assert "integers of shape (4,)" in message
    assert "num_classes" in message


@pytest.mark.parametrize("cls", [L.MixUp, L.CutMix])
def test_one_sample_cannot_be_mixed(cls):
    with pytest.raises(ValueError, match=rf"{cls.__name__}.* was given one sample\. Batch the data first"):
        cls()(images()[0])


@pytest.mark.parametrize("cls", [L.MixUp, L.CutMix])
def test_keypoints_cannot_be_mixed(cls):
    with pytest.raises(ValueError, match=rf"{cls.__name__}.*cannot mix keypoints"):
        cls()({"images": images(), "keypoints": np.zeros((4, 1, 2), "float32")})


@pytest.mark.parametrize("layer", [L.RandomFlip(), L.MixUp(), L.RandomErasing()], ids=lambda layer: layer.name)
def test_masks_of_another_size(layer):
    with pytest.raises(ValueError) as error:
        layer({"images": images(), "segmentation_masks": _masks(10, 8)})
    says(error, layer.name, "(8, 10)", "(10, 8)")


@pytest.mark.parametrize("layer", [L.RandomSaturation(0.5), L.RandomColorJitter(hue_factor=0.1)], ids=lambda x: x.name)
def test_colour_that_needs_rgb(layer):
    with pytest.raises(ValueError) as error:
        layer(images()[..., :1])
    says(error, layer.name, "RGB", "(4, 8, 10, 1)")


@OPS
@uncompiled()
def test_an_empty_batch_comes_back_empty(case):
    layer = case.shared()
    data = {name: value for name, value in sample(layer.mixes).items() if name != "file"}
    none = keras.tree.map_structure(lambda value: value[:0], data)
    result = to_numpy(layer(none))
    expected = to_numpy(layer(data))
    assert_same(result, keras.tree.map_structure(lambda value: value[:0], expected))


@OPS
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@uncompiled()
def test_a_bad_image_spoils_no_other(case, bad):
    layer = case.shared()
    data = images()
    params = {**layer.draw(data, seed=2)}
    expected = to_numpy(layer.apply(data, params))
    data[1] = bad
    result = to_numpy(layer.apply(data, params))
    others = [i for i in range(4) if i != 1 and 1 not in _partners(params, i)]
    assert others
    np.testing.assert_array_equal(result[others], expected[others])


def _partners(params, i):
    """The samples that are mixed into sample `i`, where any are."""
    found = keras.tree.flatten_with_path(to_numpy(params))
    return {int(one) for path, value in found if path[-1] == "partner" for one in np.ravel(value[i])}


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: L.RandomRotation("a lot"), "factor='a lot'"),
        (lambda: L.RandomRotation(True), "factor=True"),
        (lambda: L.RandomRotation((0.1, 0.2, 0.3)), "factor=(0.1, 0.2, 0.3)"),
        (lambda: L.RandomRotation(2.0), "factor=2.0"),
        (lambda: L.RandomRotation(0.1, fill_mode="mirror"), "fill_mode='mirror'"),
        (lambda: L.RandomZoom(-1.0), "height_factor=-1.0"),
        (lambda: L.RandomBrightness(float("nan")), "factor=nan"),
        (lambda: L.RandomBrightness(0.1, value_range=(255, 0)), "value_range=(255, 0)"),
        (lambda: L.RandomCrop(0, 4), "height=0"),
        (lambda: L.RandomCrop(4, 4.5), "width=4.5"),
        (lambda: L.RandomFlip("sideways"), "mode='sideways'"),
        (lambda: L.RandomFlip(p=1.5), "p=1.5"),
        (lambda: L.RandomFlip(strength=-1.0), "strength=-1.0"),
        (lambda: L.RandomFlip(data_format="first"), "data_format='first'"),
        (lambda: L.RandomCutout(1.5, 0.5), "height_factor=1.5"),
        (lambda: L.RandomErasing(scale=(0.1, 2.0)), "scale=(0.1, 2.0)"),
        (lambda: L.MixUp(alpha=0), "alpha=0"),
        (lambda: L.CutMix(factor=-1.0), "factor=-1.0"),
        (lambda: L.CutMix(num_classes=0), "num_classes=0"),
        (lambda: L.Solarization(threshold_factor="x"), "threshold_factor='x'"),
        (lambda: L.RandomFlip(keys={"picture": "image"}), "='picture'"),
    ],
)
def test_bad_arguments(make, argument):
    with pytest.raises((TypeError, ValueError)) as error:
        make()
    says(error, argument)
    assert re.match(r"[A-Z]\w+ ", str(error.value)), "the message begins with the layer's name"


def test_a_pipeline_of_other_layers():
    with pytest.raises(TypeError) as error:
        kerasaug.Pipeline([L.RandomFlip(), keras.layers.RandomFlip()])
    says(error, "Pipeline", "kerasaug layers")


def test_layers_that_disagree():
    with pytest.raises(ValueError) as error:
        kerasaug.Pipeline([L.RandomFlip(bounding_box_format="xyxy"), L.RandomZoom(0.1, bounding_box_format="xywh")])
    says(error, "Pipeline", "bounding_box_format", "xywh")


def test_no_layers():
    data = images()
    assert_same(to_numpy(kerasaug.Pipeline([])(data)), data)
