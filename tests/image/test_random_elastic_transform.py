"""Elastic transforms against scipy, which reads by the same field."""

import numpy as np
import pytest
from contract_tools import BACKEND, to_numpy
from keras.ops import convert_to_numpy, convert_to_tensor
from scipy import ndimage, stats

from kerasaug.backend import compile_stage
from kerasaug.layers import RandomElasticTransform

MODES = {
    "reflect": "reflect",
    "mirror": "mirror",
    "constant": "grid-constant",
    "wrap": "grid-wrap",
    "nearest": "nearest",
}
SIZE = (40, 56)
WHOLE = {"factor": (1.0, 1.0), "scale": (1.0, 1.0), "seed": 3, "bounding_box_format": "xyxy"}


def fields_of(layer, params, size=SIZE):
    tensors = {name: convert_to_tensor(value) for name, value in params.items()}
    return convert_to_numpy(_jitted(lambda params: layer.field(params, size))(tensors)).astype("float64")


def _jitted(function):
    """JAX runs single operations so slowly for the first time that it had better compile."""
    return compile_stage(function) if BACKEND == "jax" else function


def read(image, field, order, mode, value):
    """One image (height, width, channels), by its field (2, height, width)."""
    ys, xs = np.mgrid[: image.shape[0], : image.shape[1]]
    where = [ys + field[1], xs + field[0]]
    channels = [ndimage.map_coordinates(image[..., c], where, None, order, MODES[mode], value) for c in range(2)]
    return np.stack(channels, axis=-1)


@pytest.mark.parametrize("fill_mode", MODES)
def test_images_and_masks_are_read_by_one_field(rng, fill_mode):
    layer = RandomElasticTransform(**WHOLE, fill_mode=fill_mode, fill_value=9.5, mask_fill_value=7)
    images = rng.integers(0, 256, (3, *SIZE, 2)).astype("float32")
    masks = rng.integers(0, 5, (3, *SIZE, 2)).astype("int32")
    params = layer.draw(images)
    found = to_numpy(layer.apply({"images": images, "segmentation_masks": masks}, params))
    for i, field in enumerate(fields_of(layer, params)):
        expected = read(images[i].astype("float64"), field, 1, fill_mode, 9.5)
        np.testing.assert_allclose(found["images"][i], expected, atol=5e-3)
        np.testing.assert_array_equal(found["segmentation_masks"][i], read(masks[i], field, 0, fill_mode, 7))


def test_nearest_is_scipy_s_and_clipped_to_the_value_range(rng):
    images = rng.integers(0, 256, (2, *SIZE, 2), dtype="uint8")
    layer = RandomElasticTransform(**WHOLE, interpolation="nearest", value_range=(0, 100))
    params = layer.draw(images)
    found = convert_to_numpy(layer.apply(images, params))
    expected = [
        read(image, field, 0, "reflect", 0) for image, field in zip(images, fields_of(layer, params), strict=True)
    ]
    np.testing.assert_array_equal(found, np.minimum(expected, 100))


def test_channels_first_moves_alike(rng):
    images = rng.uniform(0, 255, (2, *SIZE, 2)).astype("float32")
    last, first = RandomElasticTransform(**WHOLE), RandomElasticTransform(**WHOLE, data_format="channels_first")
    params = last.draw(images)
    turned = first.apply(np.ascontiguousarray(images.transpose(0, 3, 1, 2)), params)
    expected = convert_to_numpy(last.apply(images, params))
    np.testing.assert_allclose(convert_to_numpy(turned).transpose(0, 2, 3, 1), expected, atol=1e-3)


@pytest.mark.parametrize("size", [(40, 56), (64, 30)])
@pytest.mark.parametrize("scale", [0.4, 1.0])
def test_the_scale_is_a_part_of_the_longer_side(size, scale):
    """Keras's 0.1 of it, of noise that a Gaussian leaves 1/(2√π) of."""
    layer = RandomElasticTransform((1.0, 1.0), (scale, scale), seed=1)
    fields = fields_of(layer, layer.draw(np.zeros((200, 1, 1, 1), "uint8")), size)
    assert fields.std() == pytest.approx(scale * 0.1 * max(size) / (2 * np.sqrt(np.pi)), rel=0.03)


def test_draws():
    images = np.zeros((20_000, 1, 1, 1), "uint8")
    drawn = to_numpy(RandomElasticTransform((0.2, 0.6), (0.3, 0.8)).draw(images, seed=1))
    assert stats.binomtest(int(drawn["chosen"].sum()), 20_000, 0.4).pvalue > 1e-3
    assert stats.kstest(drawn["scale"], stats.uniform(0.3, 0.5).cdf).pvalue > 1e-3
    assert len(np.unique(drawn["key"], axis=0)) == 20_000
    default = to_numpy(RandomElasticTransform().draw(images, seed=1))
    assert stats.kstest(default["scale"], "uniform").pvalue > 1e-3
    assert stats.binomtest(int(default["chosen"].sum()), 20_000, 0.5).pvalue > 1e-3


def test_half_the_strength_moves_half_as_far(rng):
    params = [
        RandomElasticTransform(**WHOLE, strength=one).draw(np.zeros((200, 1, 1, 1)), seed=1) for one in (0.5, 1.0)
    ]
    half, whole = (fields_of(RandomElasticTransform(**WHOLE), one) for one in params)
    np.testing.assert_allclose(half, 0.5 * whole, atol=1e-5)


def painted(rng, count, radius=4, size=(96, 120)):
    """Squares of one colour, their masks, boxes, and the keypoints in their middle."""
    centers = rng.integers((16, 16), (size[1] - 16, size[0] - 16), (count, 2))
    images = np.zeros((count, *size, 1), "float32")
    for image, (x, y) in zip(images, centers, strict=True):
        image[y - radius : y + radius + 1, x - radius : x + radius + 1] = 200.0
    boxes = np.concatenate([centers - radius, centers + radius + 1], axis=1)[:, None].astype("float32")
    return {
        "images": images,
        "segmentation_masks": (images[..., 0] > 0).astype("int32"),
        "bounding_boxes": {"boxes": boxes, "labels": np.ones((count, 1), "int32")},
        "keypoints": centers[:, None].astype("float32"),
    }


def test_a_painted_square_its_mask_its_box_and_its_keypoint_move_together(rng):
    data = painted(rng, 40)
    layer = RandomElasticTransform(**WHOLE)
    params = {**layer.draw(data), "scale": np.repeat(np.array([0.3, 0.6], "float32"), 20)}
    moved = to_numpy(layer.apply(data, params))
    fields = fields_of(layer, params, data["images"].shape[1:3])
    assert np.abs(moved["keypoints"] - data["keypoints"]).max() > 4
    for i, box in enumerate(moved["bounding_boxes"]["boxes"][:, 0]):
        ys, xs = np.nonzero(moved["segmentation_masks"][i])
        frame = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
        np.testing.assert_allclose(box, frame, atol=1.1)
        ys, xs = np.nonzero(moved["images"][i, ..., 0] > 100.0)
        np.testing.assert_allclose(box, [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], atol=1.1)
        x, y = moved["keypoints"][i, 0].astype("float64")
        origin = [c + ndimage.map_coordinates(fields[i, j], [[y], [x]], order=1)[0] for j, c in enumerate((x, y))]
        np.testing.assert_allclose(origin, data["keypoints"][i, 0], atol=0.05)


def test_what_is_not_chosen_keeps_every_bit(rng):
    data = painted(rng, 4)
    data["images"][1, 0, 0], data["images"][3, 5, 5], data["images"][1, 3, 3] = np.nan, 999.0, np.inf
    layer = RandomElasticTransform(**WHOLE)
    found = to_numpy(layer.apply(data, {**layer.draw(data), "chosen": np.array([True, False, True, False])}))
    for name in ("images", "segmentation_masks", "keypoints"):
        np.testing.assert_array_equal(found[name][1::2], data[name][1::2])
        assert (found[name][0::2] != data[name][0::2]).any()
    np.testing.assert_array_equal(found["bounding_boxes"]["boxes"][1::2], data["bounding_boxes"]["boxes"][1::2])


def test_boxes_that_leave_become_padding_and_padding_stays(rng):
    layer = RandomElasticTransform(**WHOLE)
    boxes = [[0.0, 0.0, 0.01, 0.01], [-1.0] * 4, [10.0, 10.0, 30.0, 30.0], [np.nan, 1.0, 2.0, 3.0]]
    labels = np.array([[1, -1, 2, 3]] * 40)
    data = {"images": np.zeros((40, *SIZE, 1)), "bounding_boxes": {"boxes": np.array([boxes] * 40), "labels": labels}}
    found = to_numpy(layer.apply(data, layer.draw(data)))["bounding_boxes"]
    assert set(found["labels"][:, 0]) == {-1, 1}
    assert (found["labels"][:, 1:] == [-1, 2, -1]).all()
    assert (found["boxes"][found["labels"] == -1] == -1).all()
    corner = found["boxes"][:, 0][found["labels"][:, 0] == 1]
    assert (corner >= 0).all()


def test_strength_acts_once():
    layers = [RandomElasticTransform((1.0, 1.0), scale=(1.0, 1.0), strength=one) for one in (0.5, 1.0)]
    half, whole = (to_numpy(layer.draw(np.zeros((64, 1, 1, 1), "uint8"), seed=1)) for layer in layers)
    assert half["chosen"].all()
    np.testing.assert_allclose(half["scale"], whole["scale"] / 2)
