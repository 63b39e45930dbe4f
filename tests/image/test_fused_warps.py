"""A pipeline of warps is one resample by the product of their matrices."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy
from warp_oracles import SCIPY_MODES, flipped, sheared, shifted, turned, warp, zoomed_out

from kerasaug import Pipeline
from kerasaug.layers import RandomCrop, RandomFlip, RandomRotation, RandomShear, RandomTranslation, RandomZoom

SIZE = (10, 13)
FLIPS = np.array([[True, False], [False, True], [True, True]])
DEGREES, SHIFTS = [25.0, -70.0, 160.0], [(0.2, -0.1), (-0.33, 0.4), (0.0, 0.12)]
ZOOMS, SHEARS = [(0.4, -0.2), (-0.3, -0.3), (0.1, 0.6)], [(0.3, 0.0), (-0.2, 0.25), (0.0, -0.5)]


def floats(values):
    return np.array(values, "float32")


def recipe(fill_mode="reflect", **kwargs):
    common = {"fill_mode": fill_mode, "fill_value": 60.0}
    layers = [
        RandomFlip(),
        RandomRotation(0.5, **common),
        RandomZoom(1.0, 1.0, **common),
        RandomTranslation(1.0, 1.0, **common),
        RandomShear(1.0, 1.0, **common),
    ]
    params = [
        {"horizontal": FLIPS[:, 0], "vertical": FLIPS[:, 1]},
        {"angle": np.deg2rad(DEGREES).astype("float32")},
        {"height": floats(ZOOMS)[:, 0], "width": floats(ZOOMS)[:, 1]},
        {"height": floats(SHIFTS)[:, 0], "width": floats(SHIFTS)[:, 1]},
        {"x": floats(SHEARS)[:, 0], "y": floats(SHEARS)[:, 1]},
    ]
    return Pipeline(layers, **kwargs), {"layers": params}


def products():
    return [
        sheared(*SHEARS[i])
        @ shifted(SHIFTS[i][1] * SIZE[1], SHIFTS[i][0] * SIZE[0])
        @ zoomed_out(*ZOOMS[i])
        @ turned(DEGREES[i])
        @ flipped(*FLIPS[i])
        for i in range(3)
    ]


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_five_warps_are_one_scipy_call(rng, fill_mode, dtype):
    images = rng.integers(0, 256, (3, *SIZE, 3)).astype(dtype)
    pipeline, params = recipe(fill_mode)
    found = convert_to_numpy(pipeline.apply(images, params))
    np.testing.assert_allclose(found, warp(images, products(), fill_mode, 1, 60.0), atol=1e-2)


def test_a_crop_in_the_middle_changes_the_frame(rng):
    images = rng.uniform(0, 255, (1, *SIZE, 2)).astype("float32")
    rotation, crop, zoom = RandomRotation(0.5), RandomCrop(7, 8), RandomZoom(1.0, 1.0)
    params = [
        {"angle": np.deg2rad([31.0]).astype("float32")},
        {"top": floats([0.99]), "left": floats([0.0])},  # row 3 of 0..3, column 0 of 0..5
        {"height": floats([0.2]), "width": floats([-0.1])},
    ]
    found = convert_to_numpy(Pipeline([rotation, crop, zoom]).apply(images, {"layers": params}))
    # the crop's centre, from the image's: rows 3 + 3 - 4.5, columns 0 + 3.5 - 6
    moved = zoomed_out(0.2, -0.1) @ shifted(2.5, -1.5) @ turned(31.0)
    np.testing.assert_allclose(found, warp(images, [moved], size=(7, 8)), atol=1e-2)


def test_unfused_agrees_where_nothing_leaves_the_frame():
    ys, xs = np.mgrid[:24, :30].astype("float32")
    smooth = 100 * np.exp(-((xs - 15) ** 2 + (ys - 11) ** 2) / 18)[None, ..., None]
    params = {
        "layers": [
            {"angle": np.deg2rad([20.0]).astype("float32")},
            {"height": floats([0.05]), "width": floats([-0.06])},
        ]
    }
    layers = [RandomRotation(0.5), RandomTranslation(1.0, 1.0)]
    fused = convert_to_numpy(Pipeline(layers).apply(smooth, params))
    in_turn = convert_to_numpy(Pipeline(layers, fuse=False).apply(smooth, params))
    assert np.abs(fused - in_turn).max() < 3.0  # the second resample blurs a little more
    assert np.abs(fused - smooth).max() > 20.0


def test_different_fill_modes_are_two_passes(rng):
    images = rng.uniform(0, 255, (1, *SIZE, 2)).astype("float32")
    layers = [RandomTranslation(1.0, 1.0, "wrap"), RandomRotation(0.5, "nearest")]
    params = [{"height": floats([0.3]), "width": floats([0.0])}, {"angle": np.deg2rad([50.0]).astype("float32")}]
    found = convert_to_numpy(Pipeline(layers).apply(images, {"layers": params}))
    first = warp(images, [shifted(0.0, 0.3 * SIZE[0])], "wrap")
    np.testing.assert_allclose(found, warp(first, [turned(50.0)], "nearest"), atol=1e-2)
