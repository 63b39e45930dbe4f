"""Rows of padding come back as they were, also where -1 in every column would be a box of some size."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy

from kerasaug.boxes import FORMATS
from kerasaug.layers import RandomTranslation


@pytest.mark.parametrize("box_format", FORMATS)
def test_padding_is_no_box_that_moves(box_format):
    layer = RandomTranslation(1.0, 1.0, bounding_box_format=box_format, fill_mode="constant")
    boxes = np.full((1, 2, 4), -1.0, "float32")
    data = {
        "images": np.zeros((1, 6, 8, 1), "float32"),
        "bounding_boxes": {"boxes": boxes, "labels": np.full((1, 2), -1)},
    }
    found = layer.apply(data, {"height": np.array([0.5]), "width": np.array([0.5])})["bounding_boxes"]
    np.testing.assert_array_equal(convert_to_numpy(found["boxes"]), boxes)
    np.testing.assert_array_equal(convert_to_numpy(found["labels"]), -1)
