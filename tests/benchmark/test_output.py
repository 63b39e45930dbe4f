"""What is printed, drawn and written."""

import io
import json

import matplotlib.image
import numpy as np
import pytest
from made_up_reports import layer_row, report, row
from rich.console import Console

from kerasaug.benchmark import output
from kerasaug.benchmark.bars import evaluate
from kerasaug.benchmark.plot import OURS, bars_of, draw
from kerasaug.benchmark.tables import remarks, tables


def judged(**arguments):
    found = report(**arguments)
    return {**found, "bars": [bar.to_dict() for bar in evaluate(found)]}


def printed(found):
    console = Console(width=160, record=True, file=io.StringIO())
    for table in tables(found):
        console.print(table)
    return " ".join(console.export_text().split())


def test_the_table_holds_figures_passes_and_ratios():
    text = printed(judged())
    assert "│ kerasaug │ tf.function │ 20.0 │ 5.0 │ 3,200 │ 1.0 │ 1.0 │" in text
    assert "│ Keras │ tf.function │ 300.0 │ 75.0 │ 213 │ 15.0 │ 1.0 │" in text
    assert "│ one pass over the batch │ tf.function │ 4.0 │ 1.0 │" in text
    assert "Recipe of eight ops, 64×224×224×3 float32, tensorflow, 2 cores, a processor" in text
    assert "quick" not in text


def test_a_failure_is_a_dash_in_the_table_and_a_line_below_it():
    found = judged()
    found["recipe"].append(row("kornia", "torch, cpu", None, error="OSError: no library"))
    assert "│ kornia │ torch, cpu │ – │ – │ – │ – │" in printed(found)
    lines = remarks(found)
    assert "kornia, torch, cpu: OSError: no library" in lines
    assert "albumentations: not installed." in lines


def test_less_work_is_said_beside_the_name_and_different_work_below():
    found = judged()
    found["recipe"].append(row("kornia", "torch, cpu", 80.0, lacks=("MixUp", "erasing"), note="in [0, 1]"))
    assert "│ kornia, without MixUp, erasing │" in printed(found)
    assert "kornia: in [0, 1]." in remarks(found)
    assert ("kornia — torch, cpu (without MixUp, erasing)", 80.0, False) in bars_of(found)


def test_a_machine_that_was_busy_is_told_of():
    found = judged()
    assert not any("at rest" in line for line in remarks(found))
    found["floor"]["milliseconds_at_the_end"] = 5.5
    assert any("4.00 ms at first and 5.50 at the end" in line for line in remarks(found))


def test_a_quick_look_is_not_to_be_quoted():
    assert "quick: not to be quoted" in printed(judged(quick=True))
    assert any("quick look" in line for line in remarks(judged(quick=True)))


def test_layers_that_fail_for_one_reason_share_a_line():
    names = ("RandomZoom", "RandomShear")
    rows = [layer_row(name, "Keras", None, layout="channels_first", error="no kernel") for name in names]
    lines = remarks(
        judged(only=("layers",), layers=[*rows, layer_row("MixUp", "Keras", None, known=False, error="no")])
    )
    assert "Keras, tf.function, channels_first: RandomZoom, RandomShear: no kernel" in lines
    assert "Keras, tf.function, unknown size: MixUp: no" in lines


def test_every_section_has_a_table():
    found = judged(
        only=("recipe", "layers", "memory", "scaling", "tpu"),
        layers=[
            layer_row("RandomFlip", "kerasaug", 10.0),
            layer_row("RandomFlip", "Keras", None, error="does not run"),
        ],
        memory={"kerasaug": {"batches": 3.2, "compiling_batches": 1.1, "error": None}},
        scaling={
            "place": "tf.function",
            "batch": {"points": [{"amount": 16, "milliseconds": 5.0}], "exponent": 1.01, "error": None},
            "pixels": {"points": [], "exponent": None, "error": "too large"},
        },
        tpu=[{"layer": "RandomFlip", "ops": {"reverse": 2}, "gathers_pixels": 0, "error": None}],
    )
    text = printed(found)
    assert "│ RandomFlip │ tf.function │ 10.0 │ 2.5 │ fails │ – │ – │ – │" in text
    assert "│ kerasaug │ 3.2 │ 1.1 │" in text
    assert "│ batch │ 16: 5.0 │ 1.01 │" in text
    assert "│ RandomFlip │ 0 │ 2 reverse │" in text
    for bar in found["bars"]:
        assert f"│ {bar['number']} │" in text
    assert "Not run: policies." in remarks(found)
    assert "Not run: policies, layers, memory, scaling, tpu." in remarks(judged())


def test_the_picture_has_a_bar_for_each_contender_of_its_own_length(tmp_path):
    draw(judged(), tmp_path / "plot.png")
    pixels = matplotlib.image.imread(tmp_path / "plot.png")[..., :3]
    blue = np.all(np.abs(pixels - [int(OURS[i : i + 2], 16) / 255 for i in (1, 3, 5)]) < 0.01, axis=-1)
    lengths = [count for count in blue.sum(axis=1) if count]
    assert len(set(lengths)) >= 4  # 18, 20, 24 ms, and 30 in the train step
    assert max(lengths) > 1.2 * min(lengths) > 0


def test_bars_are_drawn_quickest_first_and_failures_not_at_all():
    found = judged()
    found["recipe"].append(row("kornia", "torch, cpu", None, error="no"))
    labels = [label for label, _, _ in bars_of(found)]
    assert labels[:2] == ["kerasaug — dataset.map, in parallel", "kerasaug — tf.function"]
    assert labels[-1] == "Keras — dataset.map"
    assert "kerasaug — added to a compiled train step" in labels
    assert not any("kornia" in label for label in labels)


def test_nothing_to_draw_is_an_error_that_names_the_section(tmp_path):
    with pytest.raises(ValueError, match="the sections `recipe` and `policies`"):
        draw({**judged(), "recipe": [], "train_step": {}}, tmp_path / "plot.png")


def test_files_are_written(tmp_path, capsys):
    out, plot = tmp_path / "new" / "figures.json", tmp_path / "new" / "plot.svg"
    output.prepare(str(out), str(plot))
    found = judged()
    output.deliver(found, str(out), str(plot))
    assert json.loads(out.read_text()) == found
    assert plot.read_text().lstrip().startswith("<?xml")
    assert sorted(path.name for path in out.parent.iterdir()) == ["figures.json", "plot.svg"]
    assert "The project's bars" in capsys.readouterr().out


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError, match="expected the name of a file"):
        output.prepare(str(tmp_path), None)


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    plot = tmp_path / "plot.png"
    plot.write_text("old")

    def fails(report, path):
        path.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(output, "draw", fails)
    with pytest.raises(OSError, match="disk full"):
        output.deliver({}, None, str(plot))
    assert plot.read_text() == "old"
    assert list(tmp_path.iterdir()) == [plot]
