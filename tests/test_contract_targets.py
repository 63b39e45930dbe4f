"""Targets move with the pixels, in every layout and format."""

import keras
import numpy as np
import pytest
from cases import every_case
from contract_tools import assert_same, sample, targets, to_numpy, uncompiled
from hypothesis import given, settings
from hypothesis import strategies as st
from painted import RADIUS, centroid, painted

from kerasaug import Pipeline
from kerasaug import layers as L

FORMATS = [
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
]


@every_case("masks")
def test_masks_hold_no_value_that_was_not_there(case):
    layer = case.shared()
    data = sample(layer.mixes)
    masks = np.stack([to_numpy(layer(data)["segmentation_masks"]) for _ in range(3)])
    assert masks.dtype == "int32"
    assert set(np.unique(masks)) <= {0, 1, 3, 257}


@every_case("channels first")
@uncompiled()
def test_channels_first_is_channels_last_transposed(case):
    last, first = case.shared(), case.layer(data_format="channels_first")
    data = targets(sample(last.mixes))
    data["segmentation_masks"] = data["segmentation_masks"][..., None]
    params = last.draw(data, seed=3)

    def turned(data, axes):
        return {**data, **{name: np.transpose(data[name], axes) for name in ("images", "segmentation_masks")}}

    for one in ("apply", "infer"):
        expected, result = (
            to_numpy(layer.apply(batch, params) if one == "apply" else layer(batch, training=False))
            for layer, batch in ((last, data), (first, turned(data, (0, 3, 1, 2))))
        )
        assert_same(turned(result, (0, 2, 3, 1)), expected, atol=1e-3)
    shape = turned(data, (0, 3, 1, 2))["images"].shape
    assert first.compute_output_shape(shape) == tuple(first(turned(data, (0, 3, 1, 2)))["images"].shape)


@every_case("formats")
@uncompiled()
def test_all_box_formats_agree(case):
    data = targets(sample(case.shared().mixes))
    params = case.shared().draw(data, seed=3)
    expected = to_numpy(case.shared().apply(data, params))
    after = expected["images"].shape[1:3]
    for name in FORMATS:
        before = {**data, "bounding_boxes": _converted(data["bounding_boxes"], "xyxy", name, (8, 10))}
        result = case.layer(bounding_box_format=name).apply(before, params)
        boxes = _converted(to_numpy(result["bounding_boxes"]), name, "xyxy", after)
        assert_same(boxes, expected["bounding_boxes"], atol=1e-4)


def _converted(boxes, source, target, size):
    """By Keras's own function; padding stays -1 in every format."""
    moved = to_numpy(keras.utils.bounding_boxes.convert_format(boxes["boxes"], source, target, *size))
    padding = boxes["labels"][..., None] == -1
    return {**boxes, "boxes": np.where(padding, np.float32(-1), moved)}


@every_case("padding")
def test_padding_stays_padding(case):
    layer = case.shared()
    data = sample(layer.mixes)
    boxes = to_numpy(layer(data)["bounding_boxes"])
    np.testing.assert_array_equal(boxes["boxes"][boxes["labels"] == -1], -1)
    moves_up = any(isinstance(op, L.MaxNumBoundingBoxes) for op in layer.ops())
    if not moves_up:
        assert boxes["labels"][0, 1] == -1
    for value in data["bounding_boxes"].values():
        value[:] = -1
    assert all((value == -1).all() for value in to_numpy(layer(data)["bounding_boxes"]).values())


def _warps(**own):
    own |= {"fill_mode": "constant", "bounding_box_format": "xyxy"}
    return [
        L.RandomFlip(**own),
        L.RandomRotation(0.1, **own),
        L.RandomZoom(0.2, 0.2, **own),
        L.RandomTranslation(0.2, 0.2, **own),
        L.RandomShear(0.2, 0.2, **own),
        L.RandomCrop(30, 36, **own),
    ]


HEIGHT, WIDTH = 36, 44
FRAMES = [L.CenterCrop(30, 36, bounding_box_format="xyxy"), L.Resizing(54, 55, bounding_box_format="xyxy")]
PAINTED = [*_warps(), *FRAMES, Pipeline(_warps())]


@pytest.mark.parametrize("layer", PAINTED, ids=lambda layer: type(layer).__name__)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(x=st.integers(RADIUS, WIDTH - RADIUS - 1), y=st.integers(RADIUS, HEIGHT - RADIUS - 1), seed=st.integers(0, 999))
def test_a_painted_square_its_mask_its_box_and_its_keypoint_move_together(layer, x, y, seed):
    data = painted([x], [y], (HEIGHT, WIDTH), color=200.0, ground=0.0)
    moved = to_numpy(layer.apply(data, layer.draw(data, seed=seed)))
    image, mask = moved["images"][0, ..., 0], moved["segmentation_masks"][0]
    height, width = mask.shape
    point, box = moved["keypoints"][0, 0], moved["bounding_boxes"]["boxes"][0, 0]
    reach = 3 * RADIUS  # a square, turned, sheared and enlarged, reaches no farther
    if (point > reach).all() and (point < (width - reach, height - reach)).all():
        np.testing.assert_allclose(centroid(image), point, atol=0.2)
        np.testing.assert_allclose(centroid(mask), point, atol=0.7)
        np.testing.assert_allclose((box[:2] + box[2:] - 1) / 2, point, atol=0.01)
    if moved["bounding_boxes"]["labels"][0, 0] == -1:
        assert image.max() < 200.0
    else:
        ys, xs = np.nonzero(image > 100.0)
        assert ((xs + 1 > box[0]) & (xs < box[2]) & (ys + 1 > box[1]) & (ys < box[3])).all()
    outside = (point < -reach).any() or (point > (width + reach, height + reach)).any()
    assert not outside or (moved["bounding_boxes"]["labels"] == -1).all()


def _both(make, data):
    fused, single = Pipeline(make(), seed=1), Pipeline(make(), seed=1, fuse=False)
    with uncompiled():
        params = fused.draw(data, seed=3)
        return to_numpy(fused.apply(data, params)), to_numpy(single.apply(data, params))


def test_fused_colors_equal_single_ones_where_nothing_clips():
    def make():
        return [
            L.RandomBrightness(0.1),
            L.RandomContrast(0.2),
            L.RandomSaturation((0.4, 0.6)),
            L.RandomColorJitter(brightness_factor=0.1, contrast_factor=0.1, hue_factor=0.1),
            L.RandomBrightness(0.05),
        ]

    data = np.random.default_rng(0).uniform(110, 150, (4, 8, 10, 3)).astype("float32")
    fused, single = _both(make, data)
    np.testing.assert_allclose(fused, single, atol=1e-3)
    assert np.abs(fused - data).max() > 5


def test_fused_warps_equal_single_ones_where_nothing_leaves_the_frame():
    """Bilinear interpolation of a ramp is exact, so resampling twice is too, away from the border."""

    def make():
        return [L.RandomFlip(), L.RandomRotation(0.1), L.RandomZoom((-0.2, 0.0)), L.RandomShear(0.1, 0.1)]

    ys, xs = np.mgrid[:48, :48].astype("float32")
    ramp = np.stack([100 + xs, 100 + ys, 100 + xs - ys], axis=-1)
    data = {"images": np.repeat(ramp[None], 4, axis=0), "keypoints": np.full((4, 1, 2), 20.0, "float32")}
    fused, single = _both(make, data)
    middle = (slice(None), slice(20, 28), slice(20, 28))
    np.testing.assert_allclose(fused["images"][middle], single["images"][middle], atol=1e-2)
    np.testing.assert_allclose(fused["keypoints"], single["keypoints"], atol=1e-3)
    assert np.abs(fused["images"] - data["images"])[middle].max() > 1


def test_fused_regions_tones_and_exact_warps_equal_single_ones():
    def make():
        return [
            L.RandomFlip(),
            L.RandomCrop(6, 7),
            L.Solarization(0.1, (0.3, 0.7)),
            L.Solarization(threshold_factor=(0.1, 0.9)),
            L.RandomErasing((1.0, 1.0)),
            L.RandomCutout(0.4, 0.4, fill_mode="gaussian_noise"),
        ]

    data = targets(sample(mixes=False))
    fused, single = _both(make, {name: data[name] for name in ("images", "segmentation_masks", "keypoints")})
    assert_same(fused, single, atol=1e-3)
