"""A run in the terminal."""

import math
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kerasaug.finetune.run_report import measures
from kerasaug.finetune.run_report.measures import ClassMeasures
from kerasaug.finetune.run_report.picture import headline
from kerasaug.finetune.run_report.remarks import remarks
from kerasaug.finetune.run_report.run import Run
from kerasaug.finetune.run_report.text import elide, printable

CLASSES, CONFUSIONS, SKIPPED = 20, 5, 20  # lines of each


def print_run(run: Run, console: Console) -> None:
    """Prints accuracy, the classes' figures, the worst confusions, the files that were skipped, and the remarks.

    Args:
        run: What the run left.
        console: Where to print.
    """
    if len(run.truth):
        console.print(summary_table(run))
    for line in (printable(f"{run.title}: {headline(run)}"), *_lines(run)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def summary_table(run: Run) -> Table:
    """Precision, recall and F1 of each class, of the worst where there are many; their means, and the accuracy."""
    rows = measures.per_class(run)
    shown = rows if len(rows) <= CLASSES else sorted(rows, key=_rank)[:CLASSES]
    table = Table(title=Text(f"{printable(run.title)}, the validation part, in %"))
    for header in ("class", "precision", "recall", "F1", "images"):
        table.add_column(header, justify="left" if header == "class" else "right")
    for one in shown:
        table.add_row(*_cells(elide(one.name, 40), one))
    if len(rows) > len(shown):
        table.add_row(Text(f"… {len(rows) - len(shown)} better ones in report.json", style="dim"))
    table.add_section()
    mean = measures.macro(run)
    table.add_row(*_cells("mean of the classes", ClassMeasures("", **mean, support=len(run.truth))))
    found = measures.accuracy(run)
    table.add_row("accuracy", "", "", _percent(found.value), str(found.total))
    return table


def _lines(run: Run) -> Iterator[str]:
    worst = measures.confusions(run)
    if worst:
        yield "Most often confused"
    for one in worst[:CONFUSIONS]:
        yield f"  {printable(one.truth)} taken for {printable(one.predicted)}: {one.count} of {one.support}"
    if run.skipped:
        yield f"Skipped {len(run.skipped)} file{'s' * (len(run.skipped) > 1)} that were not used"
    for file in run.skipped[:SKIPPED]:
        yield f"  {printable(file.path)}: {' '.join(printable(file.reason).split())}"
    if len(run.skipped) > SKIPPED:
        yield f"  and {len(run.skipped) - SKIPPED} more, see report.json"
    found = remarks(run)
    if found:
        yield "Remarks"
    for remark in found:
        yield f"  {remark}"


def _cells(name: str, one: ClassMeasures) -> list[Any]:
    return [Text(name), *(_percent(value) for value in (one.precision, one.recall, one.f1)), str(one.support)]


def _percent(value: float) -> str:
    return f"{100 * value:.1f}" if math.isfinite(value) else "–"


def _rank(one: ClassMeasures) -> tuple[bool, float]:
    """Worst first; classes that nothing is known about come last."""
    return (not math.isfinite(one.f1), one.f1 if math.isfinite(one.f1) else 0.0)
