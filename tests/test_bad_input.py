"""Input that a layer cannot augment gives one error: which layer, what was expected, what was received, what to do."""

import re

import cases
import keras
import numpy as np
import pytest
from contract_tools import assert_same, images, sample, to_numpy, uncompiled
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasaug
from kerasaug import layers as L

OPS = pytest.mark.parametrize("case", cases.CASES, ids=str)
BOX = {"boxes": [[0.0, 0.0, 4.0, 4.0]], "labels": [1]}


def _says(error, *parts):
    """The message holds what was expected and received, and each of `parts`."""
    message = str(error.value)
    for part in ("expects", "Received", *parts):
        assert part in message, message


def _masks(height, width):
    return np.zeros((4, height, width), "int32")


@OPS
@pytest.mark.parametrize("shape", [(), (8,), (8, 10), (2, 4, 8, 10, 3)])
def test_images_of_another_rank(case, shape):
    layer = case.shared()
    with pytest.raises(ValueError) as error:
        layer(np.zeros(shape, "float32"))
    _says(error, layer.name, "rank 3 (one image) or 4", str(shape))


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
    _says(error, "RandomFlip (name='mine')", "numbers", f"dtype={data.dtype.name}", "onvert")


@pytest.mark.parametrize("data", ["cat.png", None, True])
def test_what_is_no_tensor_at_all(data):
    with pytest.raises((TypeError, ValueError)) as error:
        L.RandomFlip(name="mine")(data)
    _says(error, "RandomFlip (name='mine')", "images")


@pytest.mark.parametrize("key", ["image", "x"])
def test_a_dict_without_images(key):
    with pytest.raises(ValueError) as error:
        L.RandomFlip(name="mine")({key: images(), "label": np.arange(4)})
    _says(error, "RandomFlip (name='mine')", "'images'", f"{key}", "keys={'images'")


def test_images_that_are_none():
    with pytest.raises(TypeError) as error:
        L.RandomFlip()({"images": None})
    _says(error, "RandomFlip", "images", "NoneType")


@settings(max_examples=20, deadline=None, derandomize=True)
@given(count=st.integers(1, 9).filter(lambda count: count != 4), kind=st.sampled_from(["labels", "sample_weight"]))
def test_targets_of_another_number_of_samples(count, kind):
    with pytest.raises(ValueError) as error:
        L.RandomFlip()({"images": images(), kind: np.zeros(count, "float32")})
    _says(error, "RandomFlip", f"as many {kind} as images", f"{count} {kind}, 4 images")


@pytest.mark.parametrize("kind", ["segmentation_masks", "keypoints"])
def test_targets_of_another_rank(kind):
    with pytest.raises(ValueError) as error:
        L.RandomFlip()({"images": images(), kind: np.zeros((4, 2), "float32")})
    _says(error, "RandomFlip", f"{kind} of rank", "(4, 2)")


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


@pytest.mark.parametrize("layer", [L.RandomFlip(), L.MixUp(), L.RandomErasing(max_covered=0.5)], ids=lambda x: x.name)
def test_boxes_without_a_format(layer):
    boxes = {name: np.stack([value] * 4) for name, value in BOX.items()}
    with pytest.raises(ValueError) as error:
        layer({"images": images(), "bounding_boxes": boxes})
    assert layer.name in str(error.value)
    assert "bounding_box_format='xyxy'" in str(error.value)


@pytest.mark.parametrize(
    "boxes",
    [
        np.zeros((4, 1, 4)),
        {"boxes": np.zeros((4, 1, 4))},
        {"boxes": np.zeros((4, 1, 5)), "labels": np.zeros((4, 1))},
        {"boxes": np.zeros((4, 4)), "labels": np.zeros((4,))},
        {"boxes": np.zeros((4, 2, 4)), "labels": np.zeros((4, 1))},
        {"boxes": np.zeros((4, 2, 4)), "labels": np.zeros((4,))},
        {"boxes": np.zeros((3, 2, 4)), "labels": np.zeros((3, 2))},
    ],
)
def test_malformed_boxes(boxes):
    with pytest.raises(ValueError) as error:
        L.RandomFlip(bounding_box_format="xyxy")({"images": images(), "bounding_boxes": boxes})
    _says(error, "RandomFlip")


@pytest.mark.parametrize("way", ["dense", "lists", "ragged"])
@pytest.mark.parametrize("name", ["boxes", "labels"])
def test_boxes_that_cannot_hold_padding(name, way):
    """A box that is dropped would come back as one of class 255."""
    boxes = {"boxes": np.ones((4, 1, 4), "int32"), "labels": np.ones((4, 1), "int32")}
    boxes[name] = boxes[name].astype("uint8")
    if way == "lists":
        boxes = {key: list(value) for key, value in boxes.items()}
    if way == "ragged":
        tf = pytest.importorskip("tensorflow")
        boxes = {key: tf.RaggedTensor.from_tensor(value) for key, value in boxes.items()}
    for layer in (L.RandomFlip(bounding_box_format="xyxy"), L.MaxNumBoundingBoxes(3)):
        with pytest.raises(TypeError) as error:
            layer({"images": images(), "bounding_boxes": boxes})
        _says(error, layer.name, name, "dtype=uint8", "int32")


def test_a_box_format_that_keras_does_not_know():
    with pytest.raises(ValueError) as error:
        L.RandomFlip(bounding_box_format="corners")
    _says(error, "RandomFlip", "bounding_box_format", "'corners'", "'xyxy'")


@pytest.mark.parametrize("layer", [L.RandomFlip(), L.MixUp(), L.RandomErasing()], ids=lambda layer: layer.name)
def test_masks_of_another_size(layer):
    with pytest.raises(ValueError) as error:
        layer({"images": images(), "segmentation_masks": _masks(10, 8)})
    _says(error, layer.name, "(8, 10)", "(10, 8)")


@pytest.mark.parametrize("layer", [L.RandomSaturation(0.5), L.RandomColorJitter(hue_factor=0.1)], ids=lambda x: x.name)
def test_colour_that_needs_rgb(layer):
    with pytest.raises(ValueError) as error:
        layer(images()[..., :1])
    _says(error, layer.name, "RGB", "(4, 8, 10, 1)")


RAGGED = [
    (np.array([[0, 0, 4, 4], [1, 1, 3, 3]], "float32"), np.array([1, 2], "int32")),
    (np.zeros((0, 4), "float32"), np.zeros((0,), "int32")),
    (np.array([[2, 2, 6, 8]], "float32"), np.array([3003], "int32")),
    (np.array([[0, 1, 2, 3]], "float32"), np.array([4], "int32")),
]


def _dense():
    boxes, labels = np.full((4, 2, 4), -1, "float32"), np.full((4, 2), -1, "int32")
    for i, (one, classes) in enumerate(RAGGED):
        boxes[i, : len(one)], labels[i, : len(one)] = one, classes
    return {"boxes": boxes, "labels": labels}


def _flip(boxes):
    layer = L.RandomFlip("horizontal", bounding_box_format="xyxy")
    data = {"images": images(), "bounding_boxes": boxes}
    return layer.apply(data, layer.draw(data, seed=1))["bounding_boxes"]


def test_lists_of_boxes_become_dense():
    boxes = {"boxes": [one for one, _ in RAGGED], "labels": [classes for _, classes in RAGGED]}
    assert_same(_flip(boxes), _flip(_dense()))


def test_ragged_boxes_become_dense():
    tf = pytest.importorskip("tensorflow")
    boxes = {
        "boxes": tf.ragged.stack([one for one, _ in RAGGED]),
        "labels": tf.ragged.stack([classes for _, classes in RAGGED]),
    }
    assert_same(_flip(boxes), _flip(_dense()))


def test_ragged_boxes_can_be_mapped():
    tf = pytest.importorskip("tensorflow")
    boxes = {
        "boxes": tf.ragged.constant([one.tolist() for one, _ in RAGGED], ragged_rank=1, inner_shape=(4,)),
        "labels": tf.ragged.constant([classes.tolist() for _, classes in RAGGED]),
    }
    layer = L.RandomFlip("horizontal", bounding_box_format="xyxy")
    dataset = tf.data.Dataset.from_tensors({"images": images(), "bounding_boxes": boxes})
    result = next(iter(dataset.map(lambda data: layer.apply(data, layer.draw(data, seed=1)))))
    assert_same(to_numpy(result["bounding_boxes"]), _flip(_dense()))


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
@uncompiled()
def test_a_batch_without_a_single_box(case):
    layer = case.shared()
    boxes = {"boxes": np.zeros((4, 0, 4), "float32"), "labels": np.zeros((4, 0), "int32")}
    data = {"images": images(), "bounding_boxes": boxes}
    result = to_numpy(layer(data)["bounding_boxes"])
    if any(op.fits_boxes for op in layer.ops()):
        assert (result["labels"] == -1).all()
    else:
        assert_same(result, boxes)


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
    _says(error, argument)
    assert re.match(r"[A-Z]\w+ ", str(error.value)), "the message begins with the layer's name"


def test_a_pipeline_of_other_layers():
    with pytest.raises(TypeError) as error:
        kerasaug.Pipeline([L.RandomFlip(), keras.layers.RandomFlip()])
    _says(error, "Pipeline", "kerasaug layers")


def test_layers_that_disagree():
    with pytest.raises(ValueError) as error:
        kerasaug.Pipeline([L.RandomFlip(bounding_box_format="xyxy"), L.RandomZoom(0.1, bounding_box_format="xywh")])
    _says(error, "Pipeline", "bounding_box_format", "xywh")


def test_no_layers():
    data = images()
    assert_same(to_numpy(kerasaug.Pipeline([])(data)), data)
