import numpy as np
import pytest
from keras.ops import convert_to_numpy
from scipy import stats

from kerasaug.layers import MixUp

PARTNER = np.array([2, 0, 1, 3], "int32")
SHARE = np.array([0.7, 0.25, 1.0, 0.4], "float32")
PARAMS = {"partner": PARTNER, "share": SHARE}
SIZE = (5, 6)


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (4, *SIZE, 3), dtype="uint8")


def mixed(values, share=SHARE):
    weight = share.astype("float64").reshape(-1, *[1] * (values.ndim - 1))
    return weight * values + (1 - weight) * values[PARTNER]


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_images(images, dtype):
    found = convert_to_numpy(MixUp(dtype=dtype).apply(images, PARAMS))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, mixed(images), atol=1e-3 if dtype == "float32" else 0.501)


def test_labels_integers_soft_and_real(images, rng):
    soft = rng.dirichlet(np.ones(5), 4).astype("float32")
    sparse = np.array([3, 0, 4, 4])
    one_hot = np.eye(5)[sparse]
    real = rng.normal(size=(4,)).astype("float32")
    for labels, expected in ((soft, soft), (sparse, one_hot), (sparse[:, None], one_hot), (real, real)):
        found = MixUp(num_classes=5).apply({"images": images, "labels": labels}, PARAMS)["labels"]
        np.testing.assert_allclose(convert_to_numpy(found), mixed(expected), atol=1e-6)


def test_labels_of_several_heads_and_sample_weights(images, rng):
    labels = {"a": rng.random((4, 3)).astype("float32"), "b": np.array([1, 0, 1, 1])}
    weights = rng.random(4).astype("float32")
    data = {"images": images, "labels": labels, "sample_weight": weights}
    found = MixUp(num_classes=2).apply(data, PARAMS)
    np.testing.assert_allclose(convert_to_numpy(found["labels"]["a"]), mixed(labels["a"]), atol=1e-6)
    np.testing.assert_allclose(convert_to_numpy(found["labels"]["b"]), mixed(np.eye(2)[labels["b"]]), atol=1e-6)
    np.testing.assert_allclose(convert_to_numpy(found["sample_weight"]), mixed(weights), atol=1e-6)


@pytest.mark.parametrize("shape", [SIZE, (*SIZE, 2)])
def test_masks_are_the_stronger_image_s(images, rng, shape):
    masks = rng.integers(0, 9, (4, *shape)).astype("int32")
    found = MixUp().apply({"images": images, "segmentation_masks": masks}, PARAMS)["segmentation_masks"]
    np.testing.assert_array_equal(convert_to_numpy(found), masks[[0, 0, 2, 3]])  # 0.25: the partner's


def test_boxes_of_both_images(images):
    boxes = np.arange(32, dtype="float32").reshape(4, 2, 4)
    labels = np.array([[1, 2], [3, -1], [4, 5], [6, 7]])
    data = {"images": images, "bounding_boxes": {"boxes": boxes, "labels": labels}}
    found = MixUp(bounding_box_format="xywh").apply(data, PARAMS)["bounding_boxes"]
    # The third image is all its own; the fourth is its own partner, and no box is there twice.
    expected = [[1, 2, 4, 5], [3, -1, 1, 2], [4, 5, -1, -1], [6, 7, -1, -1]]
    np.testing.assert_array_equal(convert_to_numpy(found["labels"]), expected)
    found = convert_to_numpy(found["boxes"])
    assert found.shape == (4, 4, 4)
    np.testing.assert_array_equal(found[:, :2], boxes)
    np.testing.assert_array_equal(found[:2, 2:], boxes[PARTNER[:2]])
    np.testing.assert_array_equal(found[2:, 2:], -1.0)


def test_channels_first(images, rng):
    masks = rng.integers(0, 9, (4, 1, *SIZE)).astype("int32")
    first = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    found = MixUp(data_format="channels_first").apply({"images": first, "segmentation_masks": masks}, PARAMS)
    np.testing.assert_allclose(convert_to_numpy(found["images"]), mixed(first), atol=1e-3)
    np.testing.assert_array_equal(convert_to_numpy(found["segmentation_masks"]), masks[[0, 0, 2, 3]])


def test_who_is_not_chosen_keeps_everything(images, rng):
    labels, weights = rng.random((4, 3)).astype("float32"), rng.random(4).astype("float32")
    chosen = np.array([True, False, True, False])
    data = {"images": images, "labels": labels, "sample_weight": weights}
    found = MixUp().apply(data, {**PARAMS, "chosen": chosen})
    share = np.where(chosen, SHARE, 1.0)
    for name, atol in (("images", 1e-3), ("labels", 1e-6), ("sample_weight", 1e-6)):
        np.testing.assert_allclose(convert_to_numpy(found[name]), mixed(data[name], share), atol=atol)
        np.testing.assert_array_equal(convert_to_numpy(found[name])[~chosen], data[name][~chosen])


def test_draws():
    drawn = MixUp(0.4).draw(np.zeros((20_000, 1, 1, 1), "uint8"), seed=1)
    np.testing.assert_array_equal(np.sort(convert_to_numpy(drawn["partner"])), np.arange(20_000))
    x = np.linspace(0.001, 0.999, 999)
    empirical = np.searchsorted(np.sort(convert_to_numpy(drawn["share"])), x) / 20_000
    assert np.abs(empirical - stats.beta.cdf(x, 0.4, 0.4)).max() < 1.95 / np.sqrt(20_000)
