"""Targets return to where they were."""

import keras
import numpy as np
import pytest

import kerasaug

layers = kerasaug.layers


def _waves(height, width):
    y, x = np.mgrid[0:height, 0:width]
    return (100 + 50 * (np.sin(x / 5) + np.cos(y / 7)))[None, :, :, None].repeat(3, -1).repeat(4, 0).astype("float32")


def test_a_pipeline_of_warps_is_undone_and_colours_stay():
    images = _waves(32, 40)
    sample = {
        "images": images,
        "keypoints": np.tile(np.array([[[20.0, 15.0]]], "float32"), (4, 1, 1)),
        "bounding_boxes": {
            "boxes": np.tile(np.array([[[15.0, 10.0, 25.0, 20.0]]], "float32"), (4, 1, 1)),
            "labels": np.ones((4, 1), "int32"),
        },
    }
    pipeline = kerasaug.Pipeline(
        [
            layers.RandomFlip(),
            layers.RandomTranslation(0.1, 0.1),
            layers.RandomZoom(0.1),
            layers.RandomBrightness((0.1, 0.1)),
        ],
        bounding_box_format="xyxy",
        seed=2,
    )
    params = pipeline.draw(sample)
    moved = pipeline.apply(sample, params)
    back = keras.tree.map_structure(keras.ops.convert_to_numpy, pipeline.invert(moved, params))
    assert not np.allclose(keras.ops.convert_to_numpy(moved["keypoints"]), sample["keypoints"], atol=0.5)
    np.testing.assert_allclose(back["keypoints"], sample["keypoints"], atol=1e-4)
    np.testing.assert_allclose(back["bounding_boxes"]["boxes"], sample["bounding_boxes"]["boxes"], atol=1e-4)
    inside = np.s_[:, 8:-8, 8:-8]
    np.testing.assert_allclose(back["images"][inside], images[inside] + 25.5, atol=1.0)


def test_a_crop_returns_to_its_place():
    images = _waves(12, 14)
    crop = layers.RandomCrop(6, 8, fill_mode="constant")
    params = {"top": np.full(4, 0.0, "float32"), "left": np.full(4, 0.999, "float32")}
    back = keras.ops.convert_to_numpy(crop.invert(crop.apply(images, params), params, size=(12, 14)))
    expected = np.zeros_like(images)
    expected[:, :6, 6:] = images[:, :6, 6:]
    np.testing.assert_array_equal(back, expected)


@pytest.mark.parametrize("names", [["RandomFlip", "MixUp"], ["Solarization"]])
def test_what_cannot_be_undone_says_so(names):
    pipeline = kerasaug.Pipeline([getattr(layers, name)() for name in names])
    images = _waves(8, 8)
    with pytest.raises(TypeError, match="cannot be inverted"):
        pipeline.invert(images, pipeline.draw(images))


@pytest.mark.parametrize("make", [lambda: layers.RandomElasticTransform(1.0), lambda: layers.RandAugment()])
def test_what_displaces_or_chooses_is_not_left_out_in_silence(make):
    pipeline = kerasaug.Pipeline([layers.RandomRotation(0.1), make()])
    images = np.zeros((2, 8, 8, 3), "float32")
    with pytest.raises(TypeError, match=r"cannot be inverted: .* and none that mixes, displaces or chooses"):
        pipeline.invert(images, pipeline.draw(images))
