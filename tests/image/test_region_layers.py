"""Cutout and erasing against slices, and their noise against scipy."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy
from scipy import stats

from kerasaug import Pipeline
from kerasaug.layers import RandomCutout, RandomErasing

SIZE = (8, 10)


def floats(*values):
    return np.array(values, "float32")


def erase(images, rectangles, value):
    out = images.copy()
    for one, (left, top, right, bottom) in zip(out, rectangles, strict=True):
        one[top:bottom, left:right] = value
    return out


# centre (x, y) and extent (width, height) as fractions, on 10 x 8 pixels
CUTOUT = {
    "center": floats([0.55, 0.55], [0.05, 0.95], [0.99, 0.01], [0.5, 0.5]),
    "extent": floats([0.41, 0.51], [0.41, 0.51], [0.31, 0.64], [1.0, 0.0]),
}
# pixel (5, 4), 4 x 4; pixel (0, 7), 4 x 4; pixel (9, 0), 3 x 5; nothing, since its height is 0
CUT = [(3, 2, 7, 6), (0, 5, 2, 8), (8, 0, 10, 3), (0, 0, 0, 0)]

# corner as a fraction of the places there are; the extent is rounded
ERASING = {
    "erased": np.array([True, True, True, False]),
    "corner": floats([0.0, 0.0], [0.99, 0.99], [0.5, 0.3], [0.5, 0.5]),
    "extent": floats([0.34, 0.5], [0.5, 0.25], [0.76, 0.55], [0.5, 0.5]),
}
# 3 x 4 in the corner; 5 x 2 in the other; 8 x 4, one of 3 columns and the second of 5 rows; not erased
ERASED = [(0, 0, 3, 4), (5, 6, 10, 8), (1, 1, 9, 5), (0, 0, 0, 0)]

LAYERS = {
    "cutout": (lambda **kwargs: RandomCutout(1.0, 1.0, fill_value=7.0, **kwargs), CUTOUT, CUT),
    "erasing": (lambda **kwargs: RandomErasing(fill_value=7.0, **kwargs), ERASING, ERASED),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_exactly_the_rectangle_is_filled(rng, name, dtype):
    make, params, rectangles = LAYERS[name]
    images = rng.integers(10, 256, (4, *SIZE, 2)).astype(dtype)
    found = convert_to_numpy(make(dtype=dtype).apply(images, params))
    np.testing.assert_array_equal(found, erase(images, rectangles, 7))


@pytest.mark.parametrize("name", LAYERS)
def test_channels_first(rng, name):
    make, params, rectangles = LAYERS[name]
    images = rng.integers(10, 256, (4, *SIZE, 2)).astype("uint8")
    found = make(data_format="channels_first").apply(np.ascontiguousarray(images.transpose(0, 3, 1, 2)), params)
    np.testing.assert_array_equal(convert_to_numpy(found).transpose(0, 2, 3, 1), erase(images, rectangles, 7))


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("shape", [SIZE, (*SIZE, 1)])
def test_masks_only_where_asked(rng, name, shape):
    make, params, rectangles = LAYERS[name]
    masks = rng.integers(0, 9, (4, *shape)).astype("int32")
    data = {"images": np.zeros((4, *SIZE, 1), "float32"), "segmentation_masks": masks}
    np.testing.assert_array_equal(convert_to_numpy(make().apply(data, params)["segmentation_masks"]), masks)
    found = convert_to_numpy(make(mask_fill_value=255).apply(data, params)["segmentation_masks"])
    assert found.dtype == "int32"
    np.testing.assert_array_equal(found, erase(masks, rectangles, 255))


@pytest.mark.parametrize("name", LAYERS)
def test_boxes_covered_beyond_the_limit_are_dropped(name):
    make, params, rectangles = LAYERS[name]
    boxes = [[3.0, 2.0, 7.0, 6.0], [0.0, 4.0, 4.0, 8.0], [8.0, 0.0, 10.0, 8.0], [0.0, 0.0, 10.0, 8.0], [-1.0] * 4]
    labels = np.array([[1, 2, 3, 4, -1]] * 4)
    data = {
        "images": np.zeros((4, *SIZE, 1), "float32"),
        "bounding_boxes": {"boxes": np.array([boxes] * 4, "float32"), "labels": labels},
    }
    found = make(max_covered=0.3, bounding_box_format="xyxy").apply(data, params)["bounding_boxes"]
    expected = labels.copy()
    for i, (left, top, right, bottom) in enumerate(rectangles):
        hidden = np.zeros(SIZE)
        hidden[top:bottom, left:right] = 1
        for j, (x0, y0, x1, y1) in enumerate(np.array(boxes[:4], int)):
            if hidden[y0:y1, x0:x1].mean() > 0.3:
                expected[i, j] = -1
    assert -1 in expected[:3, :4]
    np.testing.assert_array_equal(convert_to_numpy(found["labels"]), expected)
    kept = np.where((expected == -1)[..., None], -1.0, np.array([boxes] * 4))
    np.testing.assert_array_equal(convert_to_numpy(found["boxes"]), kept)
    untouched = make(bounding_box_format="xyxy").apply(data, params)["bounding_boxes"]
    np.testing.assert_array_equal(convert_to_numpy(untouched["labels"]), labels)


def test_two_in_one_pass(rng):
    images = rng.integers(10, 256, (4, *SIZE, 2), dtype="uint8")
    pipeline = Pipeline([RandomCutout(1.0, 1.0, fill_value=7.0), RandomErasing(fill_value=3.0)])
    found = convert_to_numpy(pipeline.apply(images, {"layers": [CUTOUT, ERASING]}))
    np.testing.assert_array_equal(found, erase(erase(images, CUT, 7), ERASED, 3))


@pytest.mark.parametrize("value_range", [(0, 255), (-1.0, 1.0)])
@pytest.mark.parametrize("name", ["cutout", "erasing"])
def test_noise_is_normal_about_the_middle_of_the_range(value_range, name):
    kwargs = {"value_range": value_range, "seed": 1}
    whole = RandomErasing((1.0, 1.0), (1.0, 1.0), **kwargs)
    layer = whole if name == "erasing" else RandomCutout(1.0, 1.0, "gaussian_noise", **kwargs)
    images = np.full((2, 50, 60, 3), value_range[1], "float32")
    params = dict(layer.draw(images, seed=2))
    if name == "cutout":
        params["center"] = floats([0.5, 0.5], [0.5, 0.5])
    noise = (convert_to_numpy(layer.apply(images, params)) - value_range[0]) / (value_range[1] - value_range[0])
    # normal, a quarter of the range wide, clipped at two deviations
    density = stats.norm(0.5, 0.25)
    inner = np.linspace(0.02, 0.98, 97)
    empirical = np.searchsorted(np.sort(noise.ravel()), inner) / noise.size
    assert np.abs(empirical - density.cdf(inner)).max() < 0.01 + 1.95 / np.sqrt(noise.size)
    assert noise.min() == pytest.approx(0.0, abs=1e-6)
    assert noise.max() == pytest.approx(1.0, abs=1e-6)
    assert noise.mean() == pytest.approx(0.5, abs=0.01)
    assert noise.std() == pytest.approx(np.clip(density.rvs(10**6, random_state=0), 0, 1).std(), abs=0.01)
    limit = 4 / np.sqrt(noise[0].size)
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < limit
    assert abs(np.corrcoef(noise[0, :, :, 0].ravel(), noise[0, :, :, 1].ravel())[0, 1]) < 2 * limit
    assert abs(np.corrcoef(noise[0, :-1].ravel(), noise[0, 1:].ravel())[0, 1]) < 2 * limit


@pytest.mark.parametrize("name", ["cutout", "erasing"])
def test_a_pixel_gets_the_same_noise_in_either_layout(rng, name):
    images = rng.uniform(0, 255, (2, 9, 7, 3)).astype("float32")
    make = RandomErasing if name == "erasing" else lambda **kwargs: RandomCutout(0.8, 0.8, "gaussian_noise", **kwargs)
    last, first = make(data_format="channels_last"), make(data_format="channels_first")
    params = {**last.draw(images, seed=3), **({"erased": np.ones(2, bool)} if name == "erasing" else {})}
    expected = convert_to_numpy(last.apply(images, params))
    assert (expected != images).any(axis=(1, 2, 3)).all()
    found = convert_to_numpy(first.apply(images.transpose(0, 3, 1, 2), params))
    np.testing.assert_array_equal(found.transpose(0, 2, 3, 1), expected)


def test_cutout_draws():
    drawn = RandomCutout((0.2, 0.4), 0.3).draw(np.zeros((20_000, 1, 1, 1), "uint8"), seed=1)
    width, height = convert_to_numpy(drawn["extent"]).T
    np.testing.assert_allclose(width, 0.3, rtol=1e-6)
    assert stats.kstest(height, stats.uniform(0.2, 0.2).cdf).pvalue > 1e-3
    for axis in convert_to_numpy(drawn["center"]).T:
        assert stats.kstest(axis, "uniform").pvalue > 1e-3


def test_erasing_draws():
    drawn = RandomErasing(1.0, (0.04, 0.36)).draw(np.zeros((20_000, 1, 1, 1), "uint8"), seed=1)
    assert stats.binomtest(int(convert_to_numpy(drawn["erased"]).sum()), 20_000, 0.5).pvalue > 1e-3
    for axis in convert_to_numpy(drawn["extent"]).T:
        assert stats.kstest(axis**2, stats.uniform(0.04, 0.32).cdf).pvalue > 1e-3
    always = RandomErasing((1.0, 1.0)).draw(np.zeros((1000, 1, 1, 1), "uint8"), seed=1)
    assert convert_to_numpy(always["erased"]).all()


def test_erasing_reaches_every_place_equally():
    corners = np.random.default_rng(3).random((6000, 2)).astype("float32")
    params = {"erased": np.ones(6000, bool), "corner": corners, "extent": np.full((6000, 2), 0.5, "float32")}
    found = convert_to_numpy(RandomErasing(fill_value=1.0).apply(np.zeros((6000, 4, 6, 1), "uint8"), params))[..., 0]
    first = found.reshape(6000, -1).argmax(axis=1)  # 2 x 3 in 4 x 6: rows 0..2, columns 0..3
    assert set(np.unique(first)) == {row * 6 + column for row in range(3) for column in range(4)}
    assert stats.chisquare(np.unique(first, return_counts=True)[1]).pvalue > 1e-3


def test_an_erasing_of_one_constant_for_each_channel(rng):
    images = rng.uniform(0, 255, (2, 8, 10, 3)).astype("float32")
    constants = (1.0, 2.0, 3.0)
    layer = RandomErasing((1.0, 1.0), (1.0, 1.0), constants)
    expected = np.broadcast_to(np.array(constants, "float32"), images.shape)
    np.testing.assert_array_equal(convert_to_numpy(layer(images)), expected)
    first = RandomErasing((1.0, 1.0), (1.0, 1.0), list(constants), data_format="channels_first")
    found = convert_to_numpy(first(images.transpose(0, 3, 1, 2)))
    np.testing.assert_array_equal(found, expected.transpose(0, 3, 1, 2))
    with pytest.raises(ValueError, match=r"RandomErasing.* expects images of 3 channels.* Received: 4 channels"):
        layer(np.zeros((2, 8, 10, 4), "float32"))
