"""Where a report goes: the terminal, a JSON file, a picture."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

import kerasaug.benchmark.text.tables as text_tables
import kerasaug.benchmark.transfer.plot as transfer_plot
import kerasaug.benchmark.transfer.tables as transfer_tables
from kerasaug.benchmark.plot import draw
from kerasaug.benchmark.tables import remarks, tables
from kerasaug.extras import require
from kerasaug.files import replacing

WIDTH = 140  # of tables in a file or a pipe, which have none of their own


def progress() -> Callable[[str], None]:
    """A function that says on the error stream what is being measured."""
    console = Console(stderr=True)
    return lambda message: console.print(f"… {message}", style="dim", markup=False, highlight=False)


def prepare(out: str | None, plot: str | None) -> None:
    """Finds out before the minutes of measuring whether the files can be written.

    Raises:
        OSError: When a folder cannot be made.
        ImportError: When a picture is wanted and matplotlib is not installed.
    """
    for path in filter(None, (out, plot)):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if Path(path).is_dir():
            raise IsADirectoryError(f"expected the name of a file, received the folder {path}")
    if plot:
        require("matplotlib.figure", "plot", "kerasaug benchmark --plot")


def deliver(report: dict[str, Any], out: str | None, plot: str | None) -> None:
    """Prints a report of any family, and writes its files."""
    family = report.get("family", "image")
    if out:
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        with replacing(Path(out)) as temporary:
            temporary.write_text(text, encoding="utf-8")
    if plot:
        with replacing(Path(plot)) as temporary:
            (transfer_plot.draw if family == "transfer" else draw)(report, temporary)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    shown = {
        "transfer": (transfer_tables.tables, transfer_tables.remarks),
        "text": (text_tables.tables, text_tables.remarks),
    }
    to_tables, to_remarks = shown.get(family, (tables, remarks))
    for table in to_tables(report):
        console.print(table)
    for line in to_remarks(report):
        console.print(line, markup=False, highlight=False)
