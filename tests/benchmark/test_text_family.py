"""The text family of the benchmark: the same words for everyone, and figures held against the bars."""

from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from kerasaug.benchmark.text import Settings, run
from kerasaug.benchmark.text.bars import bars
from kerasaug.benchmark.text.ops import OPS
from kerasaug.benchmark.text.scene import CLS, MASK, SEP, Scene
from kerasaug.benchmark.text.tables import remarks, tables
from kerasaug.benchmark.text.tokenizing import PLACE, tokenizer
from kerasaug.cli import main

SMALL = {"batch_size": 4, "lengths": (16,), "vocabulary": 200, "rounds": 2, "peers": (), "quick": True}


def test_numbers_and_strings_are_the_same_words():
    scene = Scene(Settings(**SMALL), 16)
    assert len(set(scene.words)) == len(scene.words) == 200
    for row, text in zip(scene.ids, scene.texts, strict=True):
        assert [scene.words[i] for i in row if i > MASK] == text.split(" ")
        assert row[0] == CLS
        assert (row == SEP).sum() == 1
    assert (scene.synonyms[: MASK + 1] == np.arange(MASK + 1)[:, None]).all()


def test_tokenizing_gives_the_numbers():
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("tensorflow_text")
    scene = Scene(Settings(**SMALL), 16)
    np.testing.assert_array_equal(tokenizer(scene)(tf.constant(scene.texts))["token_ids"], scene.ids)


def test_a_run_reports_every_way():
    report = run(Settings(**SMALL, ops=("deletion",)))
    rows = [row for row in report["rows"] if row["way"] != PLACE]
    assert {row["op"] for row in rows} == {"deletion"}
    assert all(row["error"] is None and row["sequences_per_second"] > 0 for row in rows)
    assert {bar["verdict"] for bar in report["bars"]} == {"not measured"}
    console = Console(record=True, width=200, file=StringIO())
    for table in tables(report):
        console.print(table)
    assert "deletion" in console.export_text()
    assert any("not installed" in line or "left out" in line for line in remarks(report))


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_every_op_can_be_made(op):
    assert op.ours(Scene(Settings(**SMALL), 16)).main == "token_ids"


def _row(op, length, library, way, milliseconds):
    return {"op": op, "length": length, "library": library, "way": way, "milliseconds": milliseconds}


def test_bars_hold_each_op_against_its_peer():
    rows = [
        _row("deletion", 128, "kerasaug", "jit", 1.0),
        _row("deletion", 128, "kerasaug", PLACE, 4.0),
        _row("deletion", 128, "nlpaug", "strings", 20.0),
        _row("swap", 128, "kerasaug", "jit", 1.0),
        _row("swap", 128, "nlpaug", "strings", 9.0),
        _row("deletion", 32, "kerasaug", "jit", 1.0),
        _row("deletion", 32, "keras-hub", "tf.function", 0.5),
    ]
    verdicts = {bar.number: (bar.verdict, bar.measured) for bar in bars({"rows": rows})}
    assert verdicts == {"7a (jit)": ("missed", 9.0), "7b": ("met", 5.0), "7c (jit)": ("missed", 0.5)}


@pytest.mark.parametrize("arguments", [["--image-size", "8"], ["--only", "flip"], ["--seeds", "2"]])
def test_options_of_other_families_are_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        main(["benchmark", "--family", "text", *arguments])
    assert arguments[0] in capsys.readouterr().err
