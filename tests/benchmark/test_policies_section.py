"""Policies: their bars on figures made up by hand, their tables and picture, and the section itself, small."""

from collections import Counter

import keras
import pytest
from made_up_reports import GRAPH, policies, policy_row, report
from rich.console import Console

from kerasaug import benchmark
from kerasaug.benchmark.bars import MET, MISSED, NOT_MEASURED, evaluate
from kerasaug.benchmark.plot import draw, policies_of
from kerasaug.benchmark.sections import policies as section
from kerasaug.benchmark.settings import Settings
from kerasaug.benchmark.tables import remarks, tables
from kerasaug.benchmark.timing import Timing
from kerasaug.stages import plan

OURS = policy_row("RandAugment", "kerasaug", 30.0)
KERAS = policy_row("RandAugment", "Keras", 330.0)
FAILED = policy_row("RandAugment", "keras-cv", None, first=None, error="no such op")


def judged(number, *rows, backend="tensorflow", **arguments):
    found = report(only=("policies",), backend=backend, policies=policies(*rows, **arguments))
    (bar,) = [bar for bar in evaluate(found) if bar.number == number]
    return bar


def test_randaugment_must_be_ten_times_faster_than_keras():
    bar = judged("2a", OURS, KERAS)
    assert (bar.measured, bar.verdict) == (11.0, MET)
    assert bar.detail == "11.0 times: 30.0 ms against 330.0 (tf.function)"
    faster = policy_row("RandAugment", "Keras", 290.0, way="eager call")
    assert judged("2a", OURS, KERAS, faster).verdict == MISSED


def test_and_a_hundred_times_on_jax():
    ours, keras_ = ({**row, "way": "jax.jit", "milliseconds": value} for row, value in ((OURS, 30), (KERAS, 2999)))
    assert judged("2a", ours, keras_, backend="jax").verdict == MISSED
    assert judged("2a", ours, {**keras_, "milliseconds": 3000}, backend="jax").verdict == MET


def test_and_no_slower_than_keras_cv():
    assert judged("2b", OURS, policy_row("RandAugment", "keras-cv", 29.0)).verdict == MISSED
    failed = judged("2b", OURS, FAILED)
    assert (failed.verdict, failed.detail) == (NOT_MEASURED, "keras-cv, tf.function: no such op")
    absent = judged("2b", OURS)
    assert (absent.verdict, absent.detail) == (NOT_MEASURED, "keras-cv: not measured")


def test_other_policies_do_not_count():
    assert judged("2a", OURS, policy_row("AugMix", "Keras", 900.0)).verdict == NOT_MEASURED


def test_a_menu_may_not_cost():
    assert judged("5c", OURS, ratio=1.25).verdict == MET
    bar = judged("5c", OURS, ratio=1.5)
    assert (bar.verdict, bar.detail) == (MISSED, "1.50 times: 20.0 ms and 30.0")
    assert judged("5c", OURS, ratio=None, error="out of memory").detail == "out of memory"


def test_the_slowest_first_call_counts():
    slow = policy_row("RandAugment", "kerasaug", 40.0, way="eager call", first=10.5)
    assert judged("6", OURS).verdict == MET
    bar = judged("6", OURS, slow)
    assert (bar.measured, bar.verdict) == (10.5, MISSED)
    assert bar.detail == "5.0 s (tf.function), 10.5 s (eager call)"
    assert judged("6", {**OURS, "first_call_seconds": None, "error": "no"}).verdict == NOT_MEASURED


def test_the_table_has_every_contender_and_the_menu():
    found = report(only=("policies",), policies=policies(OURS, KERAS, FAILED))
    found["bars"] = [bar.to_dict() for bar in evaluate(found)]
    console = Console(width=160, record=True, file=open("/dev/null", "w"))
    for table in tables(found):
        console.print(table)
    text = console.export_text()
    assert "330.0" in text
    assert "11.0" in text
    assert "fails" in text
    assert "one of 16 ops" in text
    assert "keras-cv, RandAugment, tf.function: no such op" in remarks(found)


def test_the_picture_shows_each_library_at_its_quickest(tmp_path):
    slower = policy_row("RandAugment", "Keras", 500.0, way="eager call")
    found = report(recipe=[], train_step={"added": {}}, policies=policies(OURS, slower, KERAS, FAILED))
    assert policies_of(found) == [("kerasaug — RandAugment", 30.0, True), ("Keras — RandAugment", 330.0, False)]
    pytest.importorskip("matplotlib")
    draw(found, tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 1000


def test_menus_differ_in_size_alone(monkeypatch):
    """Each holds ops of four families in equal shares; none shares a pass with the next."""
    choices = []
    monkeypatch.setattr(section.recipe, "augmenting", lambda layer, **_: choices.append(layer))
    monkeypatch.setattr(section, "ways", lambda: {section.usual(): lambda *_: None})
    monkeypatch.setattr(section, "in_turns", lambda calls, rounds: {name: Timing([1.0]) for name in calls})
    found = section._menu(None, 1)
    assert [point["amount"] for point in found["points"]] == [4, 8, 16]
    shares = [Counter(type(layer) for layer in choice.layers) for choice in choices]
    assert [set(share.values()) for share in shares] == [{1}, {2}, {4}]
    assert [set(share) for share in shares] == [set(shares[0])] * 3
    assert [len(stage.layers) for stage in plan(choices[0].layers, "float32", True)] == [1] * 4
    assert len({type(layer).fused.__func__ for layer in choices[0].layers}) == 4


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="one backend is enough for the section's shape")
def test_the_section_times_every_policy(monkeypatch):
    assert {"RandAugment", "AugMix", "TrivialAugmentWide", "AutoAugment", "UniformAugment"} <= set(section.OURS)
    monkeypatch.setattr(section, "OURS", {"TrivialAugmentWide": section.OURS["TrivialAugmentWide"]})  # each compiles
    monkeypatch.setattr(section, "REPEATED", (1, 2))
    monkeypatch.setattr(section, "MENU", section.MENU[:1])
    monkeypatch.setattr(section, "ways", lambda: {GRAPH: benchmark.ways.ways()[GRAPH]})
    found = section.measure(Settings(batch_size=2, image_size=16, rounds=1), [], floor=1.0)
    (row,) = found["contenders"]
    assert (row["policy"], row["library"], row["way"], row["error"]) == ("TrivialAugmentWide", "kerasaug", GRAPH, None)
    assert row["milliseconds"] > 0
    assert row["first_call_seconds"] > 0
    assert [point["amount"] for point in found["menu"]["points"]] == [1, 2]
