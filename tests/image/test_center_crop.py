import cv2
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from warp_oracles import box_as

from kerasaug import Pipeline
from kerasaug.layers import CenterCrop, RandomFlip

both = pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])


def cropped(images, *target, training=True, **more):
    return convert_to_numpy(CenterCrop(*target, **more)(images, training=training))


@both
@pytest.mark.parametrize("size", [(9, 12), (8, 11)])
@pytest.mark.parametrize("target", [(4, 5), (5, 6), (8, 11)])
def test_the_centre_is_a_slice(rng, size, target, training):
    images = rng.integers(0, 256, (2, *size, 3), dtype="uint8")
    top, left = (size[0] - target[0]) // 2, (size[1] - target[1]) // 2
    found = cropped(images, *target, training=training, dtype="uint8")
    np.testing.assert_array_equal(found, images[:, top : top + target[0], left : left + target[1]])


@both
@pytest.mark.parametrize(
    ("target", "window"), [((14, 10), np.s_[:, 2:7]), ((5, 30), np.s_[3:4, :]), ((9, 11), np.s_[:, 0:9])]
)
def test_a_smaller_image_is_resized_from_the_largest_window(rng, target, window, training):
    """As OpenCV resizes that window alone."""
    images = rng.uniform(0, 255, (2, 8, 10, 3)).astype("float32")
    expected = [cv2.resize(one[window], target[::-1], interpolation=cv2.INTER_LINEAR) for one in images]
    np.testing.assert_allclose(cropped(images, *target, training=training), expected, atol=1e-2)


@both
@pytest.mark.parametrize("box_format", ["xyxy", "rel_yxyx", "center_xywh"])
def test_targets_follow(rng, box_format, training):
    masks = rng.integers(0, 9, (1, 9, 12)).astype("int32")
    boxes = [[2.0, 1.0, 8.0, 6.0], [0.0, 0.0, 1.0, 1.0]]
    data = {
        "images": np.zeros((1, 9, 12, 1), "float32"),
        "segmentation_masks": masks,
        "bounding_boxes": {
            "boxes": np.array([[box_as(box, box_format, (9, 12)) for box in boxes]], "float32"),
            "labels": np.array([[3, 4]]),
        },
        "keypoints": np.array([[[3.0, 2.0], [0.0, 8.0]]], "float32"),
    }
    found = CenterCrop(4, 5, bounding_box_format=box_format)(data, training=training)
    kept = box_as([0.0, 0.0, 5.0, 4.0], box_format, (4, 5))  # at row 2 and column 3
    np.testing.assert_allclose(convert_to_numpy(found["bounding_boxes"]["boxes"]), [[kept, [-1] * 4]], atol=1e-5)
    np.testing.assert_array_equal(convert_to_numpy(found["bounding_boxes"]["labels"]), [[3, -1]])
    np.testing.assert_allclose(convert_to_numpy(found["keypoints"]), [[[0, 0], [-3, 6]]], atol=1e-5)
    np.testing.assert_array_equal(convert_to_numpy(found["segmentation_masks"]), masks[:, 2:6, 3:8])


def test_fused_with_a_flip_it_is_the_same_slice(rng):
    images = rng.integers(0, 256, (2, 9, 12, 3), dtype="uint8")
    flip = {"horizontal": np.array([True, False]), "vertical": np.array([False, True])}
    pipeline = Pipeline([CenterCrop(4, 5), RandomFlip()], dtype="uint8")
    assert len(pipeline._stages(pipeline.leaves({"layers": [{}, flip]}))) == 1
    found = convert_to_numpy(pipeline.apply(images, {"layers": [{}, flip]}))
    middle = images[:, 2:6, 3:8]
    np.testing.assert_array_equal(found, [middle[0, :, ::-1], middle[1, ::-1]])


@both
@pytest.mark.parametrize("size", [(9, 12), (6, 4), (4, 5)])
def test_images_of_unknown_size_are_cropped_alike(rng, size, training):
    tf = pytest.importorskip("tensorflow")
    images = rng.uniform(0, 255, (2, *size, 3)).astype("float32")
    layer, signature = CenterCrop(4, 5), tf.TensorSpec((None, None, None, 3), "float32")
    dataset = tf.data.Dataset.from_generator(lambda: iter([images]), output_signature=signature)
    found = next(iter(dataset.map(lambda batch: layer(batch, training=training)))).numpy()
    np.testing.assert_allclose(found, cropped(images, 4, 5), atol=1e-2)
