"""What goes wrong around the ops of Keras 3.15: dtypes, graphs, dicts, configs. Fails there, passes here."""

import keras
import numpy as np
import pytest
from contract_tools import to_numpy
from defects import defect, ramp, run, square

tf = pytest.importorskip("tensorflow")


def _targets():
    """What bfloat16 cannot hold: a class, a mask's value, a box's edge."""
    return {
        "images": np.zeros((2, 2, 1200, 3), "float32"),
        "labels": np.array([3003, 1], "int32"),
        "segmentation_masks": np.full((2, 2, 1200, 1), 257, "int32"),
        "bounding_boxes": {
            "boxes": np.full((2, 1, 4), [0.0, 0.0, 1001.0, 2.0], "float32"),
            "labels": np.zeros((2, 1), "int32"),
        },
    }


@pytest.mark.parametrize("kind", ["labels", "segmentation_masks", "bounding_boxes"])
@defect()
def test_half_precision_is_for_images(layers, kind):
    layer = layers.RandomBrightness(0.1, dtype="mixed_bfloat16", bounding_box_format="xyxy")
    data = _targets()
    result = to_numpy(next(iter(tf.data.Dataset.from_tensors(data).map(layer))))
    for value, expected in zip(keras.tree.flatten(result[kind]), keras.tree.flatten(data[kind]), strict=True):
        assert value.dtype == expected.dtype
        np.testing.assert_array_equal(value, expected)


@defect(tf.errors.UnimplementedError)
def test_names_of_files_can_be_mapped_along(layers):
    data = {"images": np.zeros((2, 4, 4, 3), "float32"), "file": np.array(["a.png", "b.png"])}
    batch = next(iter(tf.data.Dataset.from_tensors(data).map(layers.RandomBrightness(0.1))))
    assert batch["file"].numpy().tolist() == [b"a.png", b"b.png"]


_HALF = {
    "CutMix": {},
    "RandomElasticTransform": {},
    "RandomErasing": {},
    "RandomGaussianBlur": {"factor": (1.0, 1.0), "sigma": (0.5, 1.0)},
}


@pytest.mark.parametrize("name", _HALF)
@defect(ValueError)
def test_float16_in_a_graph(layers, name):
    layer = getattr(layers, name)(**_HALF[name], dtype="float16")
    batch = next(iter(tf.data.Dataset.from_tensors(ramp().astype("float16")).map(layer)))
    assert batch.dtype == "float16"


@defect(ValueError)
def test_bfloat16_in_a_graph(layers):
    dataset = tf.data.Dataset.from_tensors(tf.cast(ramp(), "bfloat16"))
    assert next(iter(dataset.map(layers.CutMix(dtype="bfloat16")))).dtype == "bfloat16"


@pytest.mark.parametrize(("name", "factor"), [("RandomSaturation", 0.5), ("RandomContrast", 0.5)])
@defect((ValueError, tf.errors.InvalidArgumentError))
def test_bytes(layers, name, factor):
    assert run(getattr(layers, name)(factor), ramp().astype("uint8")).dtype == "float32"


@pytest.mark.parametrize(("name", "factor"), [("RandomBrightness", 0.1), ("RandomGrayscale", 1.0)])
@defect()
def test_results_of_bytes_have_the_compute_dtype(layers, name, factor):
    assert run(getattr(layers, name)(factor), ramp().astype("uint8")).dtype == "float32"


_SIZES = {
    "CutMix": {},
    "RandomCrop": {"height": 4, "width": 4},
    "RandomElasticTransform": {},
    "RandomErasing": {},
    "RandomPerspective": {},
}


@pytest.mark.parametrize("name", _SIZES)
@defect(TypeError)
def test_images_of_unknown_size(layers, name):
    signature = tf.TensorSpec((None, None, None, 3), "float32")
    dataset = tf.data.Dataset.from_generator(lambda: iter([ramp()]), output_signature=signature)
    assert next(iter(dataset.map(getattr(layers, name)(**_SIZES[name])))).shape[0] == 2


@defect()
def test_a_model_that_is_called_does_not_augment(layers):
    model = keras.Sequential(
        [keras.Input((8, 10, 3)), layers.RandomBrightness((0.2, 0.2)), keras.layers.Rescaling(1.0)]
    )
    np.testing.assert_allclose(to_numpy(model(ramp())), model.predict(ramp(), verbose=0), atol=1e-3)


@pytest.mark.parametrize(("name", "arguments"), [("RandomFlip", {}), ("RandomCrop", {"height": 4, "width": 4})])
@defect()
def test_the_callers_dict_is_left_alone(layers, name, arguments):
    data = {"images": ramp(), "segmentation_masks": np.zeros((2, 8, 10, 1), "float32")}
    images = data["images"]
    getattr(layers, name)(**arguments)(data, training=True)
    assert data["images"] is images


@defect(AttributeError)
def test_grayscale_takes_a_dict(layers):
    result = run(layers.RandomGrayscale(1.0), {"images": ramp(), "labels": np.zeros((2, 3), "float32")})
    assert np.ptp(result["images"], axis=-1).max() < 1e-3


@defect(ValueError)
def test_equalization_follows_a_layer_in_a_model(layers):
    """Keras's returns the symbolic tensor that it was given, which closes a cycle."""
    x = inputs = keras.Input((8, 10, 3))
    for layer in (keras.layers.Rescaling(1.0), layers.Equalization(), keras.layers.Flatten()):
        x = layer(x)
    assert keras.Model(inputs, x).output_shape == (None, 240)


@defect(KeyError)
def test_grayscale_saves_its_seed(layers):
    assert layers.RandomGrayscale(0.5, seed=7).get_config()["seed"] == 7


@defect(KeyError)
def test_max_num_bounding_boxes_saves_its_filling(layers):
    assert layers.MaxNumBoundingBoxes(3, fill_value=-2).get_config()["fill_value"] == -2


@defect(tf.errors.FailedPreconditionError)
def test_colour_jitter_of_channels_first(layers):
    layer = layers.RandomColorJitter(saturation_factor=(0.0, 0.0), data_format="channels_first")
    result = run(layer, ramp().transpose(0, 3, 1, 2))
    np.testing.assert_allclose(result[:, 0], result[:, 1], atol=1e-3)


@defect()
def test_colour_jitter_draws_before_it_transforms(layers):
    """What is drawn can be looked at, and applied again."""
    layer = layers.RandomColorJitter(brightness_factor=0.2)
    draw = getattr(layer, "draw", None) or layer.get_random_transformation
    assert draw(ramp())


def _lists():
    return {"boxes": [np.zeros((1, 4), "float32"), np.ones((3, 4), "float32")], "labels": [np.ones(1), np.ones(3)]}


def _ragged():
    return {name: tf.ragged.constant([one.tolist() for one in rows], ragged_rank=1) for name, rows in _lists().items()}


@pytest.mark.parametrize("made", [_lists, _ragged], ids=["lists", "ragged"])
@defect(ValueError)
def test_boxes_of_images_that_have_different_numbers(layers, made):
    layer = layers.RandomFlip(bounding_box_format="xyxy")
    result = run(layer, {"images": ramp(), "bounding_boxes": made()})["bounding_boxes"]
    assert result["boxes"].shape == (2, 3, 4)


@defect()
def test_a_box_may_be_of_whole_pixels(layers):
    data = square(2, 20, 30)
    data["bounding_boxes"]["boxes"] = data["bounding_boxes"]["boxes"].astype("int32")
    result = run(layers.RandomTranslation(0.1, 0.1, bounding_box_format="xyxy"), data)
    assert result["bounding_boxes"]["boxes"].dtype == "int32"
