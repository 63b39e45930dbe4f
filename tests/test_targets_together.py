"""A painted square, its mask, its box and its keypoint are found together after every op and every policy."""

import keras
import numpy as np
import pytest
from contract_tools import to_numpy, uncompiled
from painted import RADIUS, SQUARE, centroid, painted

from kerasaug import Pipeline
from kerasaug import layers as L

HEIGHT, WIDTH, BATCH = 44, 60, 24
GROUND = 60.0
INSIDE = 2  # what masks hold there; beyond the frame it is 0
FORMATS = (
    *("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw"),
    *("rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"),
)
FILL = {"fill_mode": "constant", "fill_value": GROUND}


def _warps(**own):
    return [L.RandomFlip(**own), L.RandomRotation(0.1, **FILL, **own), L.RandomZoom(0.2, 0.2, **FILL, **own)]


MOVING = {
    "RandomFlip": lambda **own: L.RandomFlip(**own),
    "RandomRotation": lambda **own: L.RandomRotation(0.1, **FILL, **own),
    "RandomZoom": lambda **own: L.RandomZoom((-0.2, 0.3), (-0.3, 0.2), **FILL, **own),
    "RandomTranslation": lambda **own: L.RandomTranslation(0.2, 0.2, **FILL, **own),
    "RandomShear": lambda **own: L.RandomShear(0.2, 0.2, **FILL, **own),
    "RandomPerspective": lambda **own: L.RandomPerspective(1.0, 0.3, fill_value=GROUND, **own),
    "RandomCrop": lambda **own: L.RandomCrop(36, 40, **own),
    "CenterCrop": lambda **own: L.CenterCrop(36, 50, **own),
    "Resizing": lambda **own: L.Resizing(66, 80, **own),
    "RandomElasticTransform": lambda **own: L.RandomElasticTransform((1.0, 1.0), 0.25, **FILL, **own),
    "RandomApply": lambda **own: L.RandomApply(_warps(**own), p=0.7),
    "RandomChoice": lambda **own: L.RandomChoice(_warps(**own)),
    "RandomOrder": lambda **own: L.RandomOrder(_warps(**own)),
    "SomeOf": lambda **own: L.SomeOf(_warps(**own), (1, 3)),
    "RandAugment": lambda **own: L.RandAugment(num_ops=1, **FILL, **own),
    "RandAugment, paper": lambda **own: L.RandAugment(menu="paper", factor=(0.2, 0.5), **FILL, **own),
    "RandAugment, increasing": lambda **own: L.RandAugment(menu="increasing", num_ops=1, **FILL, **own),
    "TrivialAugmentWide": lambda **own: L.TrivialAugmentWide(**own),
    "AutoAugment": lambda **own: L.AutoAugment("svhn", **own),
    "UniformAugment": lambda **own: L.UniformAugment(**own),
    "Pipeline": lambda **own: Pipeline([*_warps(**own), L.RandomCrop(40, 44, **own)]),
}
STAYING = {
    "RandomBrightness": lambda **own: L.RandomBrightness(0.2, **own),
    "RandomContrast": lambda **own: L.RandomContrast(0.3, **own),
    "RandomSaturation": lambda **own: L.RandomSaturation((0.2, 0.7), **own),
    "RandomHue": lambda **own: L.RandomHue(0.5, **own),
    "RandomColorJitter": lambda **own: L.RandomColorJitter(brightness_factor=0.2, hue_factor=0.3, **own),
    "RandomColorDegeneration": lambda **own: L.RandomColorDegeneration(0.5, **own),
    "RandomGrayscale": lambda **own: L.RandomGrayscale(0.5, **own),
    "RandomInvert": lambda **own: L.RandomInvert(**own),
    "RandomPosterization": lambda **own: L.RandomPosterization(3, **own),
    "Solarization": lambda **own: L.Solarization(0.1, 0.9, **own),
    "AutoContrast": lambda **own: L.AutoContrast(**own),
    "Equalization": lambda **own: L.Equalization(**own),
    "ContrastLimitedAdaptiveHistogramEqualization": lambda **own: L.CLAHE(**own),
    "RandomSharpness": lambda **own: L.RandomSharpness(1.0, **own),
    "RandomGaussianBlur": lambda **own: L.RandomGaussianBlur((1.0, 1.0), 5, (1.0, 1.0), **own),
    "AugMix": lambda **own: L.AugMix(factor=(0.3, 0.7), chain_depth=1, **own),
    "RandomErasing": lambda **own: L.RandomErasing((1.0, 1.0), max_covered=0.0, **own),
    "RandomCutout": lambda **own: L.RandomCutout(0.3, 0.3, max_covered=0.0, **own),
    "MaxNumBoundingBoxes": lambda **own: L.MaxNumBoundingBoxes(1, **own),
}
LAYOUTS = ("channels_last", "channels_first")
CASES = [(name, layout) for name in (*MOVING, *STAYING) for layout in LAYOUTS]


def test_every_layer_that_does_not_mix_is_here():
    named = {type(make(data_format=None, bounding_box_format=None)).__name__ for make in (MOVING | STAYING).values()}
    of_tokens = {name for name in L.__all__ if getattr(L, name).__module__.startswith("kerasaug.layers.text.")}
    assert named | {"MixUp", "CutMix"} | of_tokens == set(L.__all__)


def _data(layout, box_format):
    """Squares at places of their own."""
    rng = np.random.default_rng(3)
    x, y = (rng.integers(RADIUS, size - RADIUS, BATCH) for size in (WIDTH, HEIGHT))
    data = painted(x, y, (HEIGHT, WIDTH), color=(220.0, 180.0, 140.0), ground=GROUND, inside=INSIDE)
    corners = data["bounding_boxes"]["boxes"]
    boxes = keras.utils.bounding_boxes.convert_format(corners, "xyxy", box_format, HEIGHT, WIDTH)
    images = np.transpose(data["images"], (0, 3, 1, 2)) if layout == "channels_first" else data["images"]
    return {**data, "images": images, "bounding_boxes": {**data["bounding_boxes"], "boxes": to_numpy(boxes)}}


@pytest.mark.parametrize(("name", "layout"), CASES, ids=lambda value: str(value))
def test_all_targets_are_found_together(name, layout):
    box_format = FORMATS[CASES.index((name, layout)) % len(FORMATS)]
    layer = (MOVING | STAYING)[name](data_format=layout, bounding_box_format=box_format)
    data = _data(layout, box_format)
    with uncompiled():
        moved = to_numpy(layer.apply(data, layer.draw(data, seed=5)))
    images, masks = moved["images"], moved["segmentation_masks"]
    images = np.transpose(images, (0, 2, 3, 1)) if layout == "channels_first" else images
    boxes = keras.utils.bounding_boxes.convert_format(
        moved["bounding_boxes"]["boxes"], box_format, "xyxy", *masks.shape[1:]
    )
    loose = 0.6 if name == "RandomElasticTransform" else 0.0  # it bends a square
    found = [
        _together(image, mask, box, point, label, loose)
        for image, mask, box, point, label in zip(
            images,
            masks,
            to_numpy(boxes)[:, 0],
            moved["keypoints"][:, 0],
            moved["bounding_boxes"]["labels"][:, 0],
            strict=True,
        )
    ]
    assert sum(one is not None for one in found) >= BATCH // 6, "too few squares stayed inside to say anything"
    assert sum(bool(one) for one in found) >= BATCH // 8, "too few squares could be told from what is around them"
    if name in STAYING:
        np.testing.assert_array_equal(moved["keypoints"], data["keypoints"])
        np.testing.assert_array_equal(masks, data["segmentation_masks"])


def _together(image, mask, box, point, label, loose):
    """Checks one sample; whether its pixels were seen too, or `None` where the square is hidden or at the edge."""
    x, y = np.round(point).astype(int)
    reach = 3 * RADIUS
    height, width = mask.shape
    if label == -1 or not (reach <= x < width - reach and reach <= y < height - reach):
        return None
    window = (slice(y - reach, y + reach + 1), slice(x - reach, x + reach + 1))
    origin = point - (x - reach, y - reach)
    np.testing.assert_allclose(centroid(mask[window] == SQUARE), origin, atol=0.75 + loose)
    np.testing.assert_allclose((box[:2] + box[2:] - 1) / 2, point, atol=0.35 + loose)
    ys, xs = np.nonzero(mask == SQUARE)
    assert xs.min() + 1.5 > box[0]
    assert xs.max() - 0.5 < box[2]
    assert ys.min() + 1.5 > box[1]
    assert ys.max() - 0.5 < box[3]
    if (mask[window] == 0).any():
        return False  # what lies beyond the frame may look like anything
    around = np.median(image[window][:2].reshape(-1, 3), axis=0)
    weights = np.abs(image[window] - around).sum(axis=-1)
    if weights.max() < 20 or (weights[[0, -1]] > 5).any() or (weights[:, [0, -1]] > 5).any():
        return False  # an op that made both alike, or another edge
    np.testing.assert_allclose(centroid(weights), origin, atol=0.35 + loose)
    return True
