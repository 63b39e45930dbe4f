"""Warps of images whose channels are first, compiled; the contract compares them op by op."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy

from kerasaug.layers import RandomCrop, RandomFlip, RandomRotation, Resizing

LAYERS = {
    "a gather": (RandomRotation, (0.4,)),
    "a gather of one's own dtype": (RandomRotation, (0.4, "constant", "nearest")),
    "a gather of what a constant surrounds": (RandomRotation, (0.4, "constant", "bilinear", None, 7.5)),
    "a reversal": (RandomFlip, ()),
    "a copy": (RandomCrop, (5, 6)),
    "taps": (Resizing, (5, 12, "bicubic")),
}


@pytest.fixture(autouse=True, scope="module")
def uncompiled():
    """Not here: op by op, TensorFlow transposes."""


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("batch", [1, 4])
def test_every_channel_moves_as_its_image_does(name, batch, rng):
    layer, arguments = LAYERS[name]
    images = rng.uniform(0, 255, (batch, 9, 8, 3)).astype("float32")
    masks = rng.integers(0, 5, (batch, 9, 8, 2)).astype("int32")
    last, first = (layer(*arguments, data_format=one) for one in ("channels_last", "channels_first"))
    params = last.draw(images, seed=2)
    expected = last.apply({"images": images, "segmentation_masks": masks}, params)
    turned = {"images": images.transpose(0, 3, 1, 2), "segmentation_masks": masks.transpose(0, 3, 1, 2)}
    found = first.apply(turned, params)
    for key, value in expected.items():
        moved = convert_to_numpy(found[key]).transpose(0, 2, 3, 1)
        np.testing.assert_allclose(moved, convert_to_numpy(value), atol=1e-3)
