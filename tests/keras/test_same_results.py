"""The same values as Keras where nothing is drawn, and the same distribution where something is."""

import inspect

import numpy as np
import pytest
from contract_tools import BACKEND, uncompiled
from defects import run
from keras_layers import ARGUMENTS, KERAS, OURS, make

pytestmark = pytest.mark.skipif(BACKEND != "tensorflow", reason="the contract compares the backends with each other")
HEIGHT, WIDTH = 12, 16


def smooth(batch=1, low=0.0, high=255.0, height=HEIGHT, width=WIDTH):
    """The same image many times: whole levels that change slowly, so that interpolations agree."""
    ys, xs = np.mgrid[:height, :width] / 4.0
    waves = np.stack([np.sin(xs) + np.cos(ys), np.cos(xs - ys), np.sin(xs + 0.5 * ys)], axis=-1)
    levels = np.round(25.0 + 204.0 * (waves - waves.min()) / np.ptp(waves))
    return np.tile((low + (high - low) * levels / 255.0).astype("float32"), (batch, 1, 1, 1))


def everywhere(images):
    """All there is."""
    return images


def inside(images):
    """Without the border, which Keras's filters darken."""
    return images[:, 3:-3, 3:-3]


def colours(images):
    """How far a pixel's channels lie apart: Keras's grey is the brightest channel, and here it is the luminance."""
    return np.ptp(images, axis=-1, keepdims=True)


FIXED = [  # what draws nothing, or between equal bounds: name, arguments, what to look at, tolerance in grey levels
    ("AutoContrast", {}, everywhere, 0.01),
    ("CenterCrop", {"height": 6, "width": 9}, everywhere, 0.01),
    ("CenterCrop", {"height": 7, "width": 8}, everywhere, 0.01),
    ("CenterCrop", {"height": 20, "width": 30}, everywhere, 0.05),
    ("CenterCrop", {"height": 20, "width": 10}, everywhere, 0.05),
    ("RandomBrightness", {"factor": (0.2, 0.2)}, everywhere, 0.01),
    ("RandomBrightness", {"factor": (-0.3, -0.3)}, everywhere, 0.01),
    ("RandomColorDegeneration", {"factor": (0.4, 0.4)}, everywhere, 0.05),
    ("RandomColorJitter", {"brightness_factor": (0.1, 0.1)}, everywhere, 0.01),
    ("RandomColorJitter", {"saturation_factor": (0.3, 0.3)}, colours, 0.05),
    ("RandomColorJitter", {"hue_factor": (1.0, 1.0)}, everywhere, 0.05),
    ("RandomElasticTransform", {"factor": (0.0, 0.0)}, everywhere, 0.01),
    ("RandomErasing", {"factor": (1.0, 1.0), "scale": (1.0, 1.0), "fill_value": 0.5}, everywhere, 0.01),
    ("RandomGaussianBlur", {"factor": (1.0, 1.0), "sigma": (0.7, 0.7)}, inside, 0.05),
    ("RandomGaussianBlur", {"factor": (1.0, 1.0), "kernel_size": 5, "sigma": (1.0, 1.0)}, inside, 0.05),
    ("RandomGrayscale", {"factor": 1.0}, everywhere, 0.05),
    ("RandomGrayscale", {"factor": 0.0}, everywhere, 0.01),
    ("RandomHue", {"factor": (1.0, 1.0)}, everywhere, 0.05),
    ("RandomInvert", {"factor": (1.0, 1.0)}, everywhere, 0.01),
    ("RandomPerspective", {"factor": (1.0, 1.0), "scale": 0.0}, everywhere, 0.05),
    ("RandomRotation", {"factor": (0.5, 0.5)}, everywhere, 0.05),
    ("RandomRotation", {"factor": (0.1, 0.1), "fill_mode": "constant", "fill_value": 0.5}, everywhere, 0.2),
    ("RandomRotation", {"factor": (-0.1, -0.1), "fill_mode": "nearest"}, everywhere, 0.2),
    ("RandomSaturation", {"factor": (0.2, 0.2)}, colours, 0.05),
    ("RandomSharpness", {"factor": (0.8, 0.8)}, inside, 0.05),
    ("RandomShear", {"x_factor": (0.0, 0.0), "y_factor": (0.0, 0.0)}, everywhere, 0.05),
    ("RandomTranslation", {"height_factor": (0.25, 0.25), "width_factor": (-0.25, -0.25)}, everywhere, 0.05),
    ("RandomTranslation", {"height_factor": (0.5, 0.5), "width_factor": 0.0, "fill_mode": "wrap"}, everywhere, 0.05),
    ("RandomTranslation", {"height_factor": 0.0, "width_factor": (0.3, 0.3), "fill_mode": "constant"}, everywhere, 0.2),
    ("RandomZoom", {"height_factor": (-0.4, -0.4)}, everywhere, 0.2),
    (
        "RandomZoom",
        {"height_factor": (0.3, 0.3), "width_factor": (-0.2, -0.2), "fill_mode": "constant"},
        everywhere,
        0.2,
    ),
    ("Resizing", {"height": 7, "width": 30}, everywhere, 0.05),
    ("Resizing", {"height": 7, "width": 30, "interpolation": "nearest"}, everywhere, 0.01),
    ("Resizing", {"height": 20, "width": 20, "interpolation": "bicubic"}, everywhere, 0.1),
    ("Resizing", {"height": 5, "width": 6, "antialias": True}, everywhere, 0.1),
    ("Resizing", {"height": 9, "width": 9, "interpolation": "lanczos3"}, everywhere, 0.1),
    ("Resizing", {"height": 9, "width": 9, "interpolation": "lanczos5", "antialias": True}, everywhere, 0.1),
    ("Resizing", {"height": 8, "width": 8, "crop_to_aspect_ratio": True}, everywhere, 0.1),
    ("Resizing", {"height": 8, "width": 8, "pad_to_aspect_ratio": True, "fill_value": 0.5}, everywhere, 0.1),
    ("Solarization", {}, everywhere, 0.01),
]
SCALES = {"0 to 255": (0.0, 255.0), "0 to 1": (0.0, 1.0)}


def _made(source, name, arguments, scale):
    """With the value range, where the layer takes one."""
    takes = "value_range" in inspect.signature(getattr(KERAS, name)).parameters
    return make(source, name, **arguments, **({"value_range": scale} if takes else {}))


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
@pytest.mark.parametrize(("name", "arguments", "look", "atol"), FIXED, ids=[row[0] for row in FIXED])
@uncompiled()
def test_what_draws_nothing_gives_the_values_of_keras(name, arguments, look, atol, scale):
    images = smooth(2, *scale)
    ours, theirs = (look(run(_made(source, name, arguments, scale), images)) for source in (OURS, KERAS))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=atol * (scale[1] - scale[0]) / 255.0)


@pytest.mark.parametrize(
    ("name", "arguments", "atol"),
    [
        ("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": (2, 2)}, 6.0),
        ("Equalization", {}, 5.0),
        ("RandomPosterization", {"factor": (3, 3)}, 0.01),
    ],
)
@uncompiled()
def test_tables_of_large_images_are_those_of_keras(name, arguments, atol):
    """Within what PIL and OpenCV do otherwise with the first level and the last, and with what a division leaves."""
    images = np.random.default_rng(0).uniform(20, 250, (1, 160, 160, 3)).round().astype("float32")
    ours, theirs = (run(make(source, name, **arguments), images) for source in (OURS, KERAS))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=atol)


DRAWN = [  # name, arguments, what to look at: per-sample draws on which Keras and its documentation agree
    ("MixUp", {"alpha": 0.4}, everywhere),
    ("RandomBrightness", {"factor": 0.3}, everywhere),
    ("RandomBrightness", {"factor": (-0.1, 0.4)}, everywhere),
    ("RandomColorDegeneration", {"factor": (0.1, 0.9)}, everywhere),
    ("RandomColorJitter", {"brightness_factor": 0.2, "hue_factor": 0.3}, everywhere),
    ("RandomContrast", {"factor": (0.3, 0.3)}, everywhere),
    ("RandomContrast", {"factor": (0.1, 0.6)}, everywhere),
    ("RandomErasing", {"factor": (0.3, 0.8), "scale": (0.1, 0.3), "fill_value": 0.0}, everywhere),
    ("RandomErasing", {"fill_value": 0.0}, everywhere),
    ("RandomFlip", {"mode": "horizontal"}, everywhere),
    ("RandomFlip", {"mode": "vertical"}, everywhere),
    ("RandomGaussianBlur", {"factor": (0.2, 0.8), "sigma": (0.8, 0.8)}, inside),
    ("RandomGaussianBlur", {"sigma": (0.8, 0.8)}, inside),
    ("RandomGrayscale", {"factor": 0.4}, everywhere),
    ("RandomHue", {"factor": 0.5}, everywhere),
    ("RandomHue", {"factor": (0.2, 0.4)}, everywhere),
    ("RandomInvert", {}, everywhere),
    ("RandomInvert", {"factor": (0.2, 0.6)}, everywhere),
    ("RandomRotation", {"factor": 0.1}, everywhere),
    ("RandomRotation", {"factor": (0.0, 0.3), "fill_mode": "constant"}, everywhere),
    ("RandomSaturation", {"factor": (0.1, 0.6)}, colours),
    ("RandomSharpness", {"factor": 0.5}, inside),
    ("RandomSharpness", {"factor": (0.2, 0.9)}, inside),
    ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.1}, everywhere),
    ("RandomTranslation", {"height_factor": (0.0, 0.3), "width_factor": 0.0, "fill_mode": "constant"}, everywhere),
    ("RandomZoom", {"height_factor": 0.3}, everywhere),
    ("RandomZoom", {"height_factor": (-0.3, 0.0), "width_factor": (0.1, 0.4)}, everywhere),
    ("Solarization", {"threshold_factor": 0.8}, everywhere),
]
OTHERWISE = {  # what Keras draws differently from its documentation, or once for a batch: docs/keras.md says how
    "AugMix": "draws for the batch, by Python's generator",
    "CutMix": "draws for the batch",
    "MaxNumBoundingBoxes": "leaves images alone; its boxes have tests of their own",
    "Pipeline": "is its layers",
    "RandAugment": "draws for the batch",
    "RandomCrop": "draws for the batch",
    "RandomElasticTransform": "moves rows and columns by one field",
    "RandomPerspective": "leaves one corner where it is",
    "RandomPosterization": "never draws the upper bound",
    "RandomShear": "shears about a corner",
}


def test_every_layer_is_compared_with_keras_or_it_is_said_why_not():
    compared = {row[0] for row in (*FIXED, *DRAWN)} | {"ContrastLimitedAdaptiveHistogramEqualization", "Equalization"}
    assert compared | set(OTHERWISE) == set(ARGUMENTS)


def _features(images, before, look):
    """Of each sample: how much it changed, how bright it is, and how much its pixels spread."""
    images, before = look(images), look(before)
    axes = (1, 2, 3)
    return np.stack([np.abs(images - before).mean(axis=axes), images.mean(axis=axes), images.std(axis=axes)], axis=1)


@pytest.mark.parametrize(("name", "arguments", "look"), DRAWN, ids=[row[0] for row in DRAWN])
@uncompiled()
def test_what_is_drawn_has_the_distribution_of_keras(name, arguments, look):
    """Means and deviations of 400 samples of one image: within five standard errors, and 1 %."""
    images = smooth(400)
    if name == "MixUp":
        images[::2] = images[::2, ::-1]  # partners, half of which differ
    ours, theirs = (
        _features(run(make(source, name, **arguments, seed=3), images), images, look) for source in (OURS, KERAS)
    )
    for statistic, errors in ((np.mean, 1.0), (np.std, 2.0)):
        one, other = statistic(ours, axis=0), statistic(theirs, axis=0)
        error = np.sqrt((ours.var(axis=0) + theirs.var(axis=0)) / len(images))
        assert (np.abs(one - other) <= 5 * errors * error + 0.01 * np.abs(other)).all(), f"{one}; Keras: {other}"
    assert theirs[:, 0].max() > 0.3, "nothing changed"
