"""A tiny run of the whole: what the report holds, that its figures agree, and what is never imported."""

import inspect
import io
import json
import os
import re
import subprocess
import sys

import keras
import pytest
from rich.console import Console

from kerasaug.benchmark import Settings, run
from kerasaug.benchmark.plot import bars_of
from kerasaug.benchmark.sections import tpu
from kerasaug.benchmark.tables import remarks, tables
from kerasaug.benchmark.ways import ways

BACKEND = keras.backend.backend()
pytestmark = pytest.mark.skipif(BACKEND == "torch", reason="the benchmark times compiled functions")
SETTINGS = Settings(batch_size=4, image_size=32, rounds=2, only=("recipe",), peers=("keras",), quick=True)


@pytest.fixture(scope="module")
def report(short_recipe):
    said = []
    found = run(SETTINGS, said.append)
    assert said[1:] == ["recipe"]
    return found


def test_the_report_survives_json(report):
    assert json.loads(json.dumps(report)) == report
    assert report.keys() == {
        "schema", "quick", "backend", "machine", "settings", "peers", "started", "floor", "recipe", "train_step",
        "seconds", "bars",
    }  # fmt: skip


def test_it_says_what_was_measured_where(report):
    assert (report["schema"], report["quick"], report["backend"]) == (1, True, BACKEND)
    assert report["settings"]["batch_size"] == 4
    versions = report["machine"]["versions"]
    assert versions["keras"] == keras.version()
    assert {"kerasaug", "python", "numpy", BACKEND} <= versions.keys()
    assert report["machine"]["threads"] >= 1
    assert report["machine"]["device"]
    assert report["peers"]["keras"] == f"version {keras.version()}"
    assert report["peers"]["albumentations"] == "not chosen"
    assert report["started"].endswith("+00:00")


def test_the_recipe_was_timed_in_every_place(report):
    places = {(row["contender"], row["place"]) for row in report["recipe"]}
    mapped = {"dataset.map", "dataset.map, in parallel"} if BACKEND == "tensorflow" else set()
    for contender in ("kerasaug", "Keras"):
        assert {place for name, place in places if name == contender} == set(ways()) | mapped
    assert ("kerasaug, uint8 in and out", report["floor"]["place"]) in places


def test_figures_agree_with_each_other(report):
    floor = report["floor"]["milliseconds"]
    timed = [row for row in report["recipe"] if row["error"] is None]
    assert all(row["error"] is None for row in report["recipe"] if row["contender"].startswith("kerasaug"))
    for row in timed:
        assert row["low"] <= row["milliseconds"] <= row["high"]
        assert row["passes"] == pytest.approx(row["milliseconds"] / floor)
        assert row["images_per_second"] == pytest.approx(4e3 / row["milliseconds"])
        assert row["timings"] == 2
        assert row["first_call_seconds"] > 0
    by_place = {(row["contender"], row["place"]): row for row in timed}
    ours = by_place["kerasaug", report["floor"]["place"]]["milliseconds"]
    theirs = min(by_place["Keras", place]["milliseconds"] for place in ways() if ("Keras", place) in by_place)
    bars = {bar["number"]: bar for bar in report["bars"]}
    assert bars["1a"]["measured"] == pytest.approx(theirs / ours)
    assert bars["1c"]["detail"] == "albumentations: not chosen"


def test_what_does_not_compile_is_reported_with_the_reason(report):
    failed = {(row["contender"], row["place"]): row["error"] for row in report["recipe"] if row["error"]}
    if BACKEND == "jax":
        assert failed == {}
        assert report["train_step"]["steps"]["Keras"]["error"] is None
    else:
        assert failed.keys() == {("Keras", "tf.function(jit_compile=True)")}
        assert failed["Keras", "tf.function(jit_compile=True)"].startswith("does not compile: XLA has no kernel for ")
        assert report["train_step"]["steps"]["Keras"]["error"].startswith("does not compile: XLA has no kernel for ")


def test_what_a_train_step_adds_is_the_difference(report):
    steps, added = report["train_step"]["steps"], report["train_step"]["added"]
    assert steps.keys() == {"bare", "kerasaug", "Keras"}
    difference = steps["kerasaug"]["milliseconds"] - steps["bare"]["milliseconds"]
    if difference > 0:
        assert added["kerasaug"]["milliseconds"] == difference
        assert added["kerasaug"]["passes"] == pytest.approx(difference / report["floor"]["milliseconds"])
    else:
        assert added["kerasaug"]["error"] == "what it adds is less than the steps vary"


def test_it_can_be_printed_and_drawn(report):
    console = Console(width=120, record=True, file=io.StringIO())
    for table in tables(report):
        console.print(table)
    text = console.export_text()
    assert "quick: not to be quoted" in text
    assert all(bar["verdict"] in text for bar in report["bars"])
    assert any("not to be quoted" in line or "to be quoted" in line for line in remarks(report))
    labels = [label for label, _, _ in bars_of(report)]
    assert any(label.startswith("Keras — ") for label in labels)


RUN_WITHOUT_PEERS = """
import sys
from kerasaug.benchmark import recipe
from kerasaug.cli import main
recipe.layers_of = lambda module: [module.RandomBrightness(0.2)]
options = ["--quick", "--batch-size=2", "--image-size=16", "--rounds=1", "--only=recipe", "--peers=none"]
assert main(["benchmark", *options]) == 0
peers = ("keras_cv", "keras_aug", "kornia", "torch", "torchvision", "albumentations")
print(*[name for name in peers if name in sys.modules])
"""


def test_without_peers_none_is_imported():
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [sys.executable, "-c", RUN_WITHOUT_PEERS], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1].split() == []
    assert "keras: not chosen." in done.stdout


@pytest.mark.parametrize("public", [Settings, run], ids=["Settings", "run"])
def test_the_examples_run(public, monkeypatch):
    monkeypatch.setattr(tpu, "measure", list)
    (block,) = re.findall(r"```python\n(.*?)```", inspect.getdoc(public), re.DOTALL)
    scope = {}
    exec(compile(block, "<example>", "exec"), scope)
    assert public is Settings or scope["report"]["quick"]
