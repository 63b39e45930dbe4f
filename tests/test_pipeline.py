"""What a pipeline adds to its layers: stages, nesting, shared settings."""

import re
import textwrap
from pathlib import Path

import keras
import numpy as np
import pytest

import kerasaug

layers = kerasaug.layers
IMAGES = np.random.default_rng(0).uniform(0, 255, (64, 6, 8, 3)).astype("float32")


def _stages(pipeline):
    pipeline(IMAGES)
    return [[type(layer).__name__ for layer in stage.layers] for stage in pipeline._plan]


def test_neighbours_of_one_family_share_a_stage():
    pipeline = kerasaug.Pipeline(
        [
            layers.RandomFlip(),
            layers.RandomRotation(0.1, fill_mode="constant"),
            layers.RandomBrightness(0.1),
            layers.RandomContrast(0.1),
            layers.RandomZoom(0.1, fill_mode="constant"),
            layers.RandomShear(0.1, fill_mode="reflect"),
        ]
    )
    assert _stages(pipeline) == [
        ["RandomFlip", "RandomRotation"],
        ["RandomBrightness", "RandomContrast"],
        ["RandomZoom"],
        ["RandomShear"],
    ]


def test_nested_layers_fuse_with_their_neighbours_and_unfused_ones_do_not():
    nested = [layers.RandomRotation(0.1), kerasaug.Pipeline([layers.RandomZoom(0.1), layers.RandomShear(0.1)])]
    assert _stages(kerasaug.Pipeline(nested)) == [["RandomRotation", "RandomZoom", "RandomShear"]]
    assert _stages(kerasaug.Pipeline(nested, fuse=False)) == [["RandomRotation"], ["RandomZoom"], ["RandomShear"]]


def test_contrast_after_a_hue_has_a_pass_of_its_own():
    ops = [layers.RandomHue(0.5), layers.RandomBrightness(0.2), layers.RandomContrast(0.9), layers.RandomHue(0.5)]
    together, apart = (kerasaug.Pipeline(ops, fuse=fuse) for fuse in (True, False))
    assert _stages(together) == [["RandomHue", "RandomBrightness"], ["RandomContrast", "RandomHue"]]
    params = together.draw(IMAGES, seed=1)
    found, expected = (keras.ops.convert_to_numpy(one.apply(IMAGES, params)) for one in (together, apart))
    np.testing.assert_allclose(found, expected, atol=1e-2)


def test_a_region_shares_the_pass_of_the_colours_before_it():
    ops = [layers.RandomRotation(0.1), layers.RandomErasing(), layers.RandomContrast(0.1), layers.RandomErasing()]
    assert _stages(kerasaug.Pipeline(ops)) == [
        ["RandomRotation"],
        ["RandomErasing"],
        ["RandomContrast", "RandomErasing"],
    ]
    assert len(_stages(kerasaug.Pipeline(ops, fuse=False))) == 4


def test_sharing_a_pass_changes_nothing():
    ops = [layers.RandomContrast(0.9), layers.RandomErasing(), layers.RandomErasing(fill_value=3.0, p=0.5)]
    together, apart = (kerasaug.Pipeline(ops, fuse=fuse) for fuse in (True, False))
    params = together.draw(IMAGES, seed=1)
    results = [keras.ops.convert_to_numpy(one.apply(IMAGES, params)) for one in (together, apart)]
    np.testing.assert_allclose(*results, atol=1e-4)


def test_a_pipelines_probability_is_one_choice_for_all_of_its_layers():
    inner = [layers.RandomBrightness((0.1, 0.1)), layers.RandomBrightness((0.2, 0.2))]
    pipeline = kerasaug.Pipeline([kerasaug.Pipeline(inner, p=0.5)], seed=3)
    params = pipeline.draw(IMAGES)["layers"][0]["layers"]
    first, second = (keras.ops.convert_to_numpy(one["chosen"]) for one in params)
    np.testing.assert_array_equal(first, second)
    assert 20 <= first.sum() <= 44  # of 64 at a half: three deviations


def test_strengths_multiply():
    inner = layers.RandomBrightness((0.4, 0.4), strength=0.5)
    pipeline = kerasaug.Pipeline([kerasaug.Pipeline([inner], strength=0.5)], strength=0.5)
    params = pipeline.draw(IMAGES)["layers"][0]["layers"][0]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(params["brightness"]), 0.05, rtol=1e-6)


def test_layers_of_one_seed_draw_apart():
    pipeline = kerasaug.Pipeline([layers.RandomBrightness(1.0, seed=1), layers.RandomBrightness(1.0, seed=1)])
    first, second = (keras.ops.convert_to_numpy(one["brightness"]) for one in pipeline.draw(IMAGES, seed=5)["layers"])
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.4  # of 64 independent pairs: three deviations


def test_the_box_format_is_given_once():
    inner = kerasaug.Pipeline([layers.RandomZoom(0.1)])
    kerasaug.Pipeline([layers.RandomFlip(bounding_box_format="xywh"), inner])
    assert inner.layers[0].bounding_box_format == "xywh"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"layers": layers.RandomFlip()}, TypeError, "expects a list"),
        ({"layers": [keras.layers.RandomFlip()]}, TypeError, "expects a list of kerasaug layers"),
        (
            {"layers": [layers.RandomFlip(bounding_box_format="xyxy"), layers.RandomFlip(bounding_box_format="xywh")]},
            ValueError,
            "agree on bounding_box_format",
        ),
        ({"layers": [layers.RandomFlip(data_format="channels_first"), layers.RandomFlip()]}, ValueError, "agree on"),
    ],
)
def test_what_does_not_fit_together_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        kerasaug.Pipeline(**arguments)


def test_the_op_that_contributing_shows_works():
    text = (Path(__file__).parents[1] / ".github" / "CONTRIBUTING.md").read_text()
    block = textwrap.dedent(re.search(r"```python\n(.*?) *```", text, re.DOTALL).group(1))
    scope: dict = {}
    exec(
        "from kerasaug.arguments import as_range\nfrom kerasaug.backend import ops\n"
        "from kerasaug.registry import register\n"
        "from kerasaug.layers.image.warp.base import Warp\nfrom kerasaug.ops.matrix import translation\n" + block,
        scope,
    )
    moved = scope["RandomRoll"](0.5, fill_mode="wrap").apply(IMAGES, {"shift": np.full(64, 0.25, "float32")})
    np.testing.assert_allclose(keras.ops.convert_to_numpy(moved), np.roll(IMAGES, 2, axis=2), atol=1e-3)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow traces")
def test_ever_new_numbers_of_boxes_are_traced_but_a_few_times(monkeypatch):
    counts, infer = [], layers.MaxNumBoundingBoxes.infer

    def counted(self, fields):
        counts.append(1)
        return infer(self, fields)

    monkeypatch.setattr(layers.MaxNumBoundingBoxes, "infer", counted)
    layer = layers.MaxNumBoundingBoxes(4, bounding_box_format="xyxy")
    for count in range(1, 8):
        boxes = {"boxes": np.ones((count, count, 4), "float32"), "labels": np.ones((count, count), "int32")}
        found = layer({"images": np.zeros((count, 5, 6, 3), "float32"), "bounding_boxes": boxes})["bounding_boxes"]
        labels = keras.ops.convert_to_numpy(found["labels"])
        assert labels.shape == (count, 4)
        assert (labels == 1).sum() == count * min(count, 4)
    assert len(counts) <= 3
