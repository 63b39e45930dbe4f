"""Whatever Keras's layers can be made with and called on, these take, with results of the same shape."""

import keras
import numpy as np
import pytest
from contract_tools import BACKEND, images, to_numpy, uncompiled
from keras_layers import ARGUMENTS, BATCH, HEIGHT, KERAS, OURS, WIDTH, each, make

needs_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="op by op, JAX takes minutes")
SINGLE = [name for name in ARGUMENTS if name != "Pipeline"]  # Keras's Pipeline takes layers and a name alone
MIXES = ("CutMix", "MixUp")
WAYS = {
    "nested lists": lambda layer: layer(images(BATCH, HEIGHT, WIDTH).tolist()),
    "float64": lambda layer: layer(images(BATCH, HEIGHT, WIDTH).astype("float64")),
    "no training": lambda layer: layer(images(BATCH, HEIGHT, WIDTH), training=False),
    "one image": lambda layer: layer(images(BATCH, HEIGHT, WIDTH)[0]),
}
# Where Keras raises, or does not crop.
NOT_IN_KERAS = {"nested lists": ("RandomGrayscale", "RandomPerspective"), "no training": ("RandomCrop",)}


@needs_tensorflow
@pytest.mark.parametrize("way", WAYS)
@each()
@uncompiled()
def test_ways_to_call(name, way):
    if name in MIXES and way == "one image":
        return  # Keras mixes the image with itself; here a batch is asked for
    ours = to_numpy(WAYS[way](make(OURS, name, **ARGUMENTS[name][0])))
    if name not in NOT_IN_KERAS.get(way, ()):
        assert ours.shape == to_numpy(WAYS[way](make(KERAS, name, **ARGUMENTS[name][0]))).shape
    assert ours.dtype == "float32"


def _dict():
    boxes = np.tile(np.array([[[1, 1, 5, 5], [2, 3, 6, 7]]], "float32"), (BATCH, 1, 1))
    return {
        "images": images(BATCH, HEIGHT, WIDTH),
        "labels": np.eye(BATCH, dtype=bool),
        "segmentation_masks": np.ones((BATCH, HEIGHT, WIDTH, 1), bool),
        "bounding_boxes": {"boxes": boxes, "labels": np.ones((BATCH, 2), "float32")},
        "other": np.arange(BATCH, dtype="float32"),
    }


@needs_tensorflow
@each(SINGLE)
@uncompiled()
def test_dicts_with_every_target_booleans_among_them(name):
    layer = make(OURS, name, **ARGUMENTS[name][0], bounding_box_format="xyxy")
    result = to_numpy(layer(_dict(), training=True))
    assert set(result) == set(_dict())
    assert result["segmentation_masks"].dtype == bool
    np.testing.assert_array_equal(result["other"], np.arange(BATCH))


@each(SINGLE)
def test_arguments_of_every_layer(name):
    """What the base classes of Keras's layers take."""
    for source in (KERAS, OURS):
        common = {"bounding_box_format": "rel_xyxy", "name": "mine", "trainable": False, "dtype": "float16"}
        layer = make(source, name, **ARGUMENTS[name][0], data_format="channels_first", **common)
        config = layer.get_config()
        assert (config["data_format"], config["bounding_box_format"]) == ("channels_first", "rel_xyxy")
        assert (layer.name, layer.trainable, layer.compute_dtype) == ("mine", False, "float16")


@each([name for name in SINGLE if name.startswith(("Random", "Mix", "Cut", "Rand", "Aug", "Solar"))])
def test_negative_seeds(name):
    """Modulo 2**31, so that every backend holds them; twice the same one draws the same."""
    first, again = (make(OURS, name, **{**ARGUMENTS[name][0], "seed": -1}) for _ in range(2))
    assert first.seed == again.seed == 2**31 - 1
    np.testing.assert_array_equal(to_numpy(first.generator.state), to_numpy(again.generator.state))


@each()
def test_shapes_are_told_as_keras_tells_them(name):
    if name == "Pipeline":  # Keras's does not
        return
    ours, theirs = (make(source, name, **ARGUMENTS[name][0]) for source in (OURS, KERAS))
    for shape in ((None, HEIGHT, WIDTH, 3), (HEIGHT, WIDTH, 3), (2, None, None, 3)):
        assert tuple(ours.compute_output_shape(shape)) == tuple(theirs.compute_output_shape(shape))


@each()
def test_a_symbolic_call(name):
    ours = make(OURS, name, **ARGUMENTS[name][0])
    spec = ours(keras.Input((HEIGHT, WIDTH, 3)))
    assert spec.shape[1:] == tuple(ours.compute_output_shape((None, HEIGHT, WIDTH, 3)))[1:]
    assert ours.supports_jit
