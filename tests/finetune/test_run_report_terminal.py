"""What a run prints."""

import io

import numpy as np
import pytest
from rich.console import Console
from run_reports import make_run, unread

from kerasaug.finetune.run_report import print_run, summary_table


def printed(run, width=100):
    console = Console(file=io.StringIO(), width=width)
    print_run(run, console)
    return console.file.getvalue()


def cells(text, first):
    line = next(line for line in text.splitlines() if line.strip("│ ").startswith(first))
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_the_classes_and_their_mean_are_in_a_table():
    text = printed(make_run())
    assert cells(text, "ant") == ["ant", "80.0", "80.0", "80.0", "5"]
    assert cells(text, "bee") == ["bee", "66.7", "66.7", "66.7", "3"]
    assert cells(text, "mean of the classes") == ["mean of the classes", "82.2", "82.2", "82.2", "10"]
    assert cells(text, "accuracy") == ["accuracy", "", "", "80.0", "10"]
    assert "\npets: validation accuracy 80.0 % (95 % interval 49.0–94.3; 8 of 10)" in text


def test_a_figure_that_does_not_exist_is_a_dash():
    text = printed(make_run(truth=np.array([0, 0]), predicted=np.array([0, 0])))
    assert cells(text, "cat") == ["cat", "–", "–", "–", "0"]


def test_of_many_classes_the_worst_are_shown():
    truth = np.repeat(np.arange(40), 2)
    predicted = np.where(truth == 33, 34, truth)
    run = make_run(classes=[f"c{index}" for index in range(40)], truth=truth, predicted=predicted)
    table = summary_table(run)
    assert table.row_count == 20 + 3
    text = printed(run)
    assert cells(text, "c33")[1:] == ["–", "0.0", "0.0", "2"]
    assert "… 20 better ones in report.json" in text


def test_worst_confusions_and_remarks_are_named():
    text = printed(make_run())
    assert "  ant taken for bee: 1 of 5" in text
    assert "  bee taken for ant: 1 of 3" in text
    assert "  The validation part has 10 images" in text


@pytest.mark.parametrize(("count", "named", "more"), [(0, 0, None), (1, 1, None), (20, 20, None), (23, 20, 3)])
def test_skipped_files_are_named_up_to_twenty(count, named, more):
    text = printed(make_run(skipped=unread(count)))
    assert text.count("not a JPEG file") == named
    assert (f"Skipped {count} file" in text) == bool(count)
    assert ("  and 3 more, see report.json" in text) == (more == 3)
    assert not named or "  data/bee/000.jpg: not a JPEG file" in text


def test_names_cannot_change_the_terminal():
    run = make_run(classes=("[red]ant[/red]", "b\x1b[31mee", "caf\udce9"), title="[bold]pets")
    text = printed(run)
    assert cells(text, "[red]ant[/red]")[4] == "5"
    assert "[bold]pets: " in text
    assert "\x1b" not in text
    text.encode()


def test_a_run_without_a_validation_part_is_printed():
    nothing = np.zeros(0, int)
    text = printed(make_run(truth=nothing, predicted=nothing, best_epoch=None))
    assert "no validation part" in text
    assert "mean of the classes" not in text


def test_the_table_fits_a_terminal_of_80_columns():
    run = make_run(classes=("a class with a name so long that no terminal has room for it", "b", "c"))
    lines = printed(run, width=80).splitlines()
    table = [line for line in lines if line.startswith(("┏", "│", "└"))]
    assert table
    assert all(len(line) <= 80 for line in table)
