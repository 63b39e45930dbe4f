"""The benchmark runs, measures what it names, and writes what it prints."""

import json

import keras
import numpy as np
import pytest

from kerasaug.benchmark import recipe
from kerasaug.benchmark.timing import in_turns
from kerasaug.cli import main


def test_both_recipes_are_the_same_layers_on_the_same_batch():
    ours, theirs = recipe.pipeline().layers, recipe.keras_in_turn().layers
    assert [type(layer).__name__ for layer in ours] == [type(layer).__name__ for layer in theirs]
    assert len(ours) == 8
    data = recipe.batch(4, 8)
    assert data["images"].shape == (4, 8, 8, 3)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(data["labels"]).sum(axis=1), 1.0)


def test_contenders_take_turns_after_a_first_call():
    calls = []
    figures = in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3)
    assert calls == ["a", "b"] + ["a", "a", "b", "b"] * 3  # of each pair, the second is timed
    assert set(figures) == {"a", "b"}


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="the benchmark times compiled functions")
def test_the_command_prints_ratios_and_writes_figures(tmp_path, capsys):
    out = tmp_path / "figures.json"
    assert main(["benchmark", "--batch-size", "2", "--image-size", "32", "--rounds", "1", "--out", str(out)]) == 0
    report = json.loads(out.read_text())
    places = report["milliseconds"]
    assert report["shape"] == [2, 32, 32, 3]
    assert places["compiled train step"].keys() == {"kerasaug", "one pass"}
    function = places["jax.jit" if keras.backend.backend() == "jax" else "tf.function"]
    assert all(function[name] > 0 for name in ("kerasaug", "Keras", "one pass"))
    assert "times faster" in " ".join(capsys.readouterr().out.split())
