"""Values that no pixel, box or label has: what `kerasaug.Augmentation` promises of each, layer by layer."""

import cases
import keras
import numpy as np
import pytest
from contract_tools import assert_same, images, sample, targets, to_numpy, uncompiled
from hypothesis import given
from hypothesis import strategies as st
from strategies import BATCH, HEIGHT, WIDTH, examples, refuses

from kerasaug import layers as L

JAX = keras.backend.backend() == "jax"  # which compiles every op for each shape: a minute for each number of channels
OPS = pytest.mark.parametrize("case", cases.IMAGE_CASES, ids=str)
BAD = [np.nan, np.inf, -np.inf, 3e38, -3e38]
GEOMETRIC = pytest.mark.parametrize("case", [one for one in cases.IMAGE_CASES if one.shared().geometric], ids=str)
MIXES = pytest.mark.parametrize("make", [L.MixUp, L.CutMix], ids=lambda cls: cls.__name__)


def _partners(params, i):
    """The samples that are mixed into sample `i`, where any are."""
    found = keras.tree.flatten_with_path(to_numpy(params))
    return {int(one) for path, value in found if path[-1] == "partner" for one in np.ravel(value[i])}


def _spoiled(data, kind, row, bad):
    """A copy in which one row of one target holds `bad`."""
    data = {**data, "bounding_boxes": dict(data["bounding_boxes"])}
    home = data["bounding_boxes"] if kind == "boxes" else data
    home[kind] = home[kind].copy()
    home[kind][row, ...] = bad
    return data


@OPS
@examples(4)
@given(data=st.data())
@uncompiled()
def test_what_is_wrong_with_one_sample_stays_within_it(case, data):
    layer = case.shared()
    kinds = ["images", "labels", "sample_weight", "boxes"] + ([] if layer.mixes else ["keypoints"])
    kind, bad = data.draw(st.sampled_from(kinds)), data.draw(st.sampled_from(BAD))
    row = data.draw(st.integers(0, BATCH - 1))
    right = targets(sample(layer.mixes))
    params = layer.draw(right, seed=data.draw(st.integers(0, 3)))
    expected = to_numpy(layer.apply(right, params))
    result = to_numpy(layer.apply(_spoiled(right, kind, row, bad), params))
    others = [i for i in range(BATCH) if i != row and row not in _partners(params, i)]
    for (path, one), other in zip(keras.tree.flatten_with_path(result), keras.tree.flatten(expected), strict=True):
        assert one.shape == other.shape, path
        assert one.dtype == other.dtype, path
        np.testing.assert_array_equal(one[others], other[others], err_msg=str(path))


def _boxes(rows):
    boxes = np.tile(np.asarray(rows, "float32"), (BATCH, 1, 1))
    return {"images": images(), "bounding_boxes": {"boxes": boxes, "labels": np.ones(boxes.shape[:2], "int32")}}


odd = st.sampled_from([np.nan, np.inf, -np.inf, -1e30, 1e30, -5.0, 0.0, 2.0, 4.5, 8.0, 10.0, 100.0])
rows_of_boxes = st.lists(st.tuples(odd, odd, odd, odd), min_size=3, max_size=3)


@OPS
@examples(4)
@given(rows=rows_of_boxes, seed=st.integers(0, 9))
@uncompiled()
def test_a_box_stays_as_it_is_or_lies_upright_in_the_image_or_is_dropped(case, rows, seed):
    layer, data = case.shared(), _boxes(rows)
    result = to_numpy(layer.apply(data, layer.draw(data, seed=seed)))
    boxes, labels = result["bounding_boxes"]["boxes"], result["bounding_boxes"]["labels"]
    height, width = result["images"].shape[1:3]
    before = {row.tobytes() for row in data["bounding_boxes"]["boxes"].reshape(-1, 4)}
    np.testing.assert_array_equal(boxes[labels == -1], -1)
    for box in boxes[labels != -1]:
        left, top, right, bottom = box
        upright = 0 <= left < right <= width and 0 <= top < bottom <= height
        assert upright or box.tobytes() in before, box


NOWHERE = [[bad if i == j else side for j, side in enumerate((2, 1, 6, 7))] for i in range(4) for bad in BAD[:3]]


def _dropped(layer):
    data = _boxes(NOWHERE)
    result = to_numpy(layer.apply(data, layer.draw(data, seed=3))["bounding_boxes"])
    assert_same(result, {"boxes": np.full_like(result["boxes"], -1), "labels": np.full_like(result["labels"], -1)})


@GEOMETRIC
@uncompiled()
def test_a_moved_box_that_is_nowhere_is_dropped(case):
    _dropped(case.shared())


def test_a_moved_box_that_is_nowhere_is_dropped_by_compiled_ops():
    """Of which the minimum of a NaN and a number is the number."""
    _dropped(L.RandomRotation((-0.1, 0.1), bounding_box_format="xyxy", seed=7))
    data = _boxes(NOWHERE)
    mixed = L.CutMix((1.0, 1.0), bounding_box_format="xyxy", seed=7)
    appended = to_numpy(mixed.apply(data, mixed.draw(data, seed=3))["bounding_boxes"])["labels"][:, len(NOWHERE) :]
    np.testing.assert_array_equal(appended, -1)


@GEOMETRIC
@uncompiled()
def test_a_box_the_wrong_way_round_is_moved_as_its_frame(case):
    layer = case.shared()
    right, wrong = _boxes([[2, 1, 6, 7]] * 3), _boxes([[6, 1, 2, 7], [2, 7, 6, 1], [6, 7, 2, 1]])
    params = layer.draw(right, seed=3)
    assert_same(layer.apply(wrong, params), layer.apply(right, params))


@GEOMETRIC
@uncompiled()
def test_keypoints_that_are_nowhere_stay_so(case):
    layer = case.shared()
    points = np.array([[[np.nan, 1], [2, np.nan], [3, 4]]] * BATCH, "float32")
    data = {"images": images(), "keypoints": points}
    moved = to_numpy(layer.apply(data, layer.draw(data, seed=3))["keypoints"])
    assert np.isnan(moved[:, :2]).any(axis=-1).all()
    assert np.isfinite(moved[:, 2]).all()


DTYPES = ["int8", "uint8", "int32", "uint32", "int64", "uint64"]


@MIXES
@examples(40)
@given(data=st.data(), dtype=st.sampled_from(DTYPES), classes=st.sampled_from([1, 3, 300]), column=st.booleans())
@uncompiled()
def test_a_class_that_there_is_not_is_a_row_of_zeros(make, data, dtype, classes, column):
    limits = np.iinfo(dtype)
    numbers = [0, 1, classes - 1, classes, -1, limits.min, limits.max, 2**32 + 1, 2**31, 256, 300]
    drawn = [data.draw(st.sampled_from([n for n in numbers if limits.min <= n <= limits.max])) for _ in range(BATCH)]
    labels = np.array(drawn, dtype)[:, None] if column else np.array(drawn, dtype)
    result = to_numpy(make(num_classes=classes)({"images": images(), "labels": labels}, training=False)["labels"])
    assert_same(result, np.array([[float(n == i) for i in range(classes)] for n in drawn], "float32"))


@OPS
@pytest.mark.parametrize("size", [(1, 10)] if JAX else [(1, 10), (1, 1)], ids=str)
@uncompiled()
def test_images_of_one_row_or_column(case, size):
    layer = case.shared()
    for data in (images(2, *size), images(2, *size) * 0):
        result = to_numpy(layer(data))
        assert result.shape == tuple(layer.compute_output_shape(data.shape))
        assert np.isfinite(result).all()


@OPS
@pytest.mark.parametrize("channels", [5] if JAX else [1, 2, 4, 5])
@uncompiled()
def test_images_of_any_number_of_channels(case, channels):
    layer, data = case.shared(), np.repeat(images()[..., :1], channels, axis=-1)
    if any(getattr(op, "needs_rgb", False) for op in layer.ops()):
        with refuses("RGB", f"(4, 8, 10, {channels})"):
            layer(data)
        return
    result = to_numpy(layer(data))
    assert result.shape == tuple(layer.compute_output_shape(data.shape))
    assert np.isfinite(result).all()


NO_MASKS = (L.RandomFlip, L.AugMix)  # which fill none
MASK_FILLS = [one for one in cases.IMAGE_CASES if hasattr(one.shared(), "mask_fill_value") and one.make not in NO_MASKS]


@pytest.mark.parametrize("case", MASK_FILLS, ids=str)
@pytest.mark.parametrize(
    ("dtype", "value"), [("uint8", -1), ("uint8", 256), ("int8", 128), ("int32", 0.5), ("int32", 2**31)]
)
def test_a_filling_that_masks_cannot_hold(case, dtype, value):
    shared = case.shared()
    mode = {"fill_mode": "constant"} if shared.geometric or "fill_mode" in shared.get_config() else {}
    layer = case.layer(mask_fill_value=value, **mode)
    masks = np.zeros((BATCH, HEIGHT, WIDTH), dtype)
    with refuses(layer.name, f"mask_fill_value={value}", dtype):
        layer({"images": images(), "segmentation_masks": masks})


@pytest.mark.parametrize("value", [-1, 256, 0.5])
@uncompiled()
def test_a_filling_that_images_cannot_hold(value):
    layer = L.RandomRotation(0.1, fill_mode="constant", fill_value=value, interpolation="nearest")
    with refuses(layer.name, f"fill_value={value}", "uint8"):
        layer(images().astype("uint8"))
    assert np.isfinite(to_numpy(layer(images()))).all()
