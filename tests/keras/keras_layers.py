"""Every image layer that `keras.layers` has, with argument sets to make it with, there and here."""

from typing import Any

import keras
import pytest

import kerasaug

KERAS: Any = keras.layers
OURS: Any = kerasaug.layers

ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "AugMix": [
        {},
        {"value_range": (0, 1), "num_chains": 2, "chain_depth": 1, "factor": 0.2, "alpha": 0.5},
        {"all_ops": False, "interpolation": "nearest", "seed": 1},
    ],
    "AutoContrast": [{}, {"value_range": (0.0, 1.0)}],
    "CenterCrop": [{"height": 6, "width": 8}, {"height": 12, "width": 6}],
    "ContrastLimitedAdaptiveHistogramEqualization": [
        {"tile_grid_size": (2, 2)},
        {"value_range": [0.0, 1.0], "clip_limit": 2.0, "tile_grid_size": (2, 5)},
    ],
    "CutMix": [{}, {"factor": (0.5, 1.0), "seed": 2}],
    "Equalization": [{}, {"value_range": [0.0, 1.0], "bins": 64}],
    "MaxNumBoundingBoxes": [{"max_number": 3}, {"max_number": 1, "fill_value": -2}],
    "MixUp": [{}, {"alpha": 0.4, "seed": 3}],
    "Pipeline": [{"layers": ["RandomFlip", "RandomBrightness"]}, {"layers": ["RandomCrop"], "name": "mine"}],
    "RandAugment": [{}, {"value_range": (0, 1), "num_ops": 1, "factor": (0.1, 0.3), "interpolation": "nearest"}],
    "RandomBrightness": [{"factor": 0.2}, {"factor": [-0.1, 0.4], "value_range": (0.0, 1.0), "seed": 4}],
    "RandomColorDegeneration": [{"factor": 0.5}, {"factor": (0.2, 0.9), "value_range": [0.0, 1.0], "seed": 5}],
    "RandomColorJitter": [
        {},
        {"brightness_factor": 0.2, "contrast_factor": 0.3, "saturation_factor": (0.4, 0.6), "hue_factor": 0.1},
        {"value_range": (0, 1), "brightness_factor": (-0.1, 0.2), "seed": 6},
    ],
    "RandomContrast": [{"factor": 0.3}, {"factor": (0.2, 0.5), "value_range": (0, 1), "seed": 7}],
    "RandomCrop": [{"height": 6, "width": 8}, {"height": 12, "width": 20, "seed": 8}],
    "RandomElasticTransform": [
        {},
        {"factor": 0.5, "scale": (0.2, 0.6), "interpolation": "nearest", "fill_mode": "constant", "fill_value": 3.0},
        {"fill_mode": "mirror", "value_range": (0, 1), "seed": 9},
    ],
    "RandomErasing": [
        {},
        {"factor": (0.5, 1.0), "scale": (0.1, 0.2), "fill_value": 3.0, "value_range": (0, 1), "seed": 10},
        {"fill_value": (1.0, 2.0, 3.0)},
    ],
    "RandomFlip": [{}, {"mode": "horizontal", "seed": 11}, {"mode": "vertical"}],
    "RandomGaussianBlur": [{}, {"factor": 0.5, "kernel_size": (3, 5), "sigma": (0.2, 0.8), "value_range": (0, 1)}],
    "RandomGrayscale": [{}, {"factor": 1.0}],
    "RandomHue": [{"factor": 0.2}, {"factor": (0.1, 0.4), "value_range": [0.0, 1.0], "seed": 12}],
    "RandomInvert": [{}, {"factor": (0.2, 0.7), "value_range": (0.0, 1.0), "seed": 13}],
    "RandomPerspective": [{}, {"factor": (0.5, 1.0), "scale": 0.3, "interpolation": "nearest", "fill_value": 2.0}],
    "RandomPosterization": [{"factor": 4}, {"factor": (2, 6), "value_range": [0.0, 1.0], "seed": 14}],
    "RandomRotation": [
        {"factor": 0.1},
        {"factor": (-0.2, 0.3), "fill_mode": "constant", "interpolation": "nearest", "fill_value": 7.0, "seed": 15},
        {"factor": 0.0, "fill_mode": "wrap"},
    ],
    "RandomSaturation": [{"factor": 0.4}, {"factor": (0.3, 0.8), "value_range": [0.0, 1.0], "seed": 16}],
    "RandomSharpness": [{"factor": 0.5}, {"factor": (0.2, 0.9), "value_range": [0.0, 1.0], "seed": 17}],
    "RandomShear": [
        {},
        {"x_factor": 0.2, "y_factor": (0.1, 0.3)},
        {"x_factor": (0.0, 0.4), "interpolation": "nearest", "fill_mode": "constant", "fill_value": 1.0, "seed": 18},
    ],
    "RandomTranslation": [
        {"height_factor": 0.2, "width_factor": 0.1},
        {"height_factor": (-0.1, 0.3), "width_factor": 0.0, "fill_mode": "nearest", "interpolation": "nearest"},
        {
            "height_factor": (0.2, 0.2),
            "width_factor": (0.1, 0.1),
            "fill_mode": "constant",
            "fill_value": 3.0,
            "seed": 21,
        },
    ],
    "RandomZoom": [
        {"height_factor": 0.2, "interpolation": "nearest"},
        {
            "height_factor": (0.1, 0.4),
            "width_factor": (-0.2, 0.0),
            "fill_mode": "constant",
            "fill_value": 2.0,
            "seed": 19,
        },
    ],
    "Resizing": [
        {"height": 4, "width": 20},
        {"height": 7, "width": 6, "interpolation": "bicubic", "antialias": True},
        {"height": 6, "width": 12, "crop_to_aspect_ratio": True, "interpolation": "nearest"},
        {"height": 6, "width": 12, "pad_to_aspect_ratio": True, "fill_value": 9.0},
        {"height": 5, "width": 5, "interpolation": "lanczos3", "antialias": True},
        {"height": 5, "width": 5, "interpolation": "lanczos5", "fill_mode": "constant"},
    ],
    "Solarization": [{}, {"addition_factor": 0.3, "threshold_factor": (0.2, 0.8), "value_range": [0, 1], "seed": 20}],
}
BATCH, HEIGHT, WIDTH = 4, 8, 10
_INSIDE = {"RandomFlip": {}, "RandomBrightness": {"factor": 0.2}, "RandomCrop": {"height": 6, "width": 8}}
SHARED = sorted(set(ARGUMENTS) & set(OURS.__all__))  # those that this version has


def make(source: Any, name: str, /, **arguments: Any) -> Any:
    """The layer of that name from `keras.layers` or `kerasaug.layers`."""
    if name == "Pipeline":
        arguments["layers"] = [getattr(source, one)(**_INSIDE[one]) for one in arguments["layers"]]
    return getattr(source, name)(**arguments)


def each(names: Any = SHARED) -> Any:
    """Runs a test with every name of a shared layer, or with those given that are shared."""
    return pytest.mark.parametrize("name", [name for name in names if name in SHARED])


def each_set(names: Any = SHARED) -> Any:
    """Runs a test with every name and each of its argument sets."""
    pairs = [(name, i) for name in names if name in SHARED for i in range(len(ARGUMENTS[name]))]
    sets = [pytest.param(name, ARGUMENTS[name][i], id=f"{name}-{i}") for name, i in pairs]
    return pytest.mark.parametrize(("name", "arguments"), sets)


def value_range(arguments: dict[str, Any]) -> tuple[float, float]:
    """Lowest and highest value of the images that the arguments are for."""
    low, high = arguments.get("value_range", (0, 255))
    return low, high
