"""Regions against plain slices and counting."""

import math

import numpy as np
from keras.ops import convert_to_numpy, convert_to_tensor

from kerasaug.ops import regions

SIZE = (7, 10)


def tensor(values):
    return convert_to_tensor(np.array(values, "float32"))


def test_a_rectangle_is_a_slice():
    boxes = [(0, 0, 10, 7), (2, 3, 5, 4), (9, 6, 10, 7), (4, 2, 4, 6)]
    expected = np.zeros((len(boxes), *SIZE), bool)
    for i, (left, top, right, bottom) in enumerate(boxes):
        expected[i, top:bottom, left:right] = True
    np.testing.assert_array_equal(convert_to_numpy(regions.rectangle(tensor(boxes), SIZE)), expected)


def test_a_square_around_a_centre_is_cut_off_at_the_frame():
    # centre pixel, extent -> left, top, right, bottom, counted by hand on a 10 x 7 image
    cases = [
        ((5, 3), (4, 2), (3, 2, 7, 4)),
        ((5, 3), (3, 5), (4, 1, 7, 6)),
        ((0, 0), (4, 3), (0, 0, 2, 2)),
        ((9, 6), (5, 5), (7, 4, 10, 7)),
        ((4, 4), (0, 6), (4, 1, 4, 7)),
        ((4, 4), (10, 7), (0, 1, 9, 7)),
    ]
    centres = [((x + 0.5) / SIZE[1], (y + 0.5) / SIZE[0]) for (x, y), _, _ in cases]
    boxes = regions.clipped_square(tensor(centres), tensor([extent for _, extent, _ in cases]), SIZE)
    np.testing.assert_array_equal(convert_to_numpy(boxes), [box for _, _, box in cases])


def test_extents_are_floored():
    boxes = regions.clipped_square(tensor([[0.55, 0.5]]), tensor([[3.99, 1.01]]), SIZE)
    np.testing.assert_array_equal(convert_to_numpy(boxes), [[4, 3, 7, 4]])


def test_coverage_counts_pixels(rng):
    region = rng.random((3, *SIZE)) < 0.4
    low = rng.uniform(-2, 5, (3, 6, 2))
    corners = np.concatenate([low, low + rng.uniform(0.2, 7, (3, 6, 2))], axis=-1).astype("float32")
    expected = np.zeros((3, 6))
    for i, j in np.ndindex(3, 6):
        left, top = (max(math.floor(v), 0) for v in corners[i, j, :2])
        right, bottom = math.ceil(corners[i, j, 2]), math.ceil(corners[i, j, 3])
        pixels = region[i, top : max(bottom, 0), left : max(right, 0)]
        expected[i, j] = pixels.mean() if pixels.size else 0.0
    found = convert_to_numpy(regions.covered(convert_to_tensor(region), tensor(corners)))
    np.testing.assert_allclose(found, expected, atol=1e-6)
