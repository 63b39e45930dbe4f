"""The picture of a run: what training saw, how it went, by what schedule, and what came of it."""

import textwrap
from typing import Any

from kerasaug.finetune.run_report import measures
from kerasaug.finetune.run_report.curves import draw_panels, panels
from kerasaug.finetune.run_report.matrix import draw_classes, draw_confusions
from kerasaug.finetune.run_report.remarks import remarks
from kerasaug.finetune.run_report.run import Run
from kerasaug.finetune.run_report.samples import draw_samples, sample_sheet
from kerasaug.finetune.run_report.style import QUIET, new_figure, say, styled, to_png
from kerasaug.finetune.run_report.text import duration, elide, printable

WIDTH, HEIGHT = 16.0, 9.0
_HEADER = 0.095  # of the height
_NOTES = 0.2  # of the height of the right column
_REMARKS = 3
_SLOTS = 16  # bars of classes that the height of the left column has room for


def report_png(run: Run) -> bytes:
    """The picture as the content of a PNG file."""
    with styled():
        return to_png(report_figure(run))


def report_figure(run: Run) -> Any:
    """The picture as a matplotlib `Figure`; call it within `styled()`."""
    figure = new_figure(WIDTH, HEIGHT)
    figure.get_layout_engine().set(rect=(0.004, 0.008, 0.992, 0.985 - _HEADER), wspace=0.04, hspace=0.02)
    _header(figure, run)
    left, middle, right = figure.subfigures(1, 3, width_ratios=(1.02, 1.0, 1.0))
    heights = _heights(run)
    samples, classes = left.subplots(2, 1, height_ratios=heights)
    draw_samples(samples, run)
    draw_classes(classes, run, slots=round(_SLOTS * heights[1]))
    _course(middle, run)
    draw_confusions(right.add_subplot(right.add_gridspec(2, 1, height_ratios=(1 - _NOTES, _NOTES))[0]), run)
    _notes(right, run)
    return figure


def course_figure(run: Run) -> Any:
    """The curves and the schedule alone, as a matplotlib `Figure`; call it within `styled()`."""
    figure = new_figure(WIDTH / 2, HEIGHT)
    figure.suptitle(elide(run.title, 60), x=0.02, ha="left", fontsize=15, fontweight="bold")
    _course(figure, run)
    return figure


def _heights(run: Run) -> tuple[float, float]:
    """Of the samples and of the classes, in the left column: the sheet of samples gets what its shape needs."""
    if not len(run.originals):
        return 0.15, 0.85
    height, width = sample_sheet(run)[0].shape[:2]
    share = min(0.62, 0.06 + 0.56 * height / width)
    return share, 1.0 - share


def headline(run: Run) -> str:
    """The main figures in a line."""
    found = measures.accuracy(run)
    parts = []
    if found.total:
        interval = f"{100 * found.low:.1f}–{100 * found.high:.1f}"
        parts.append(
            f"validation accuracy {100 * found.value:.1f} % (95 % interval {interval}; {found.right} of {found.total})"
        )
    if run.best_epoch is not None:
        parts.append(f"best epoch {run.best_epoch + 1} of {run.epochs}")
    elif run.epochs:
        parts.append(f"{run.epochs} epoch{'s' * (run.epochs > 1)}")
    parts += [f"{len(run.class_names)} classes", duration(run.seconds)]
    if run.skipped:
        parts.append(f"{len(run.skipped)} file{'s' * (len(run.skipped) > 1)} skipped")
    return "  ·  ".join(parts)


def _header(figure: Any, run: Run) -> None:
    figure.text(0.012, 0.985, elide(run.title, 60), ha="left", va="top", fontsize=19, fontweight="bold")
    figure.text(0.012, 0.938, headline(run), ha="left", va="top", fontsize=12)
    figure.text(0.988, 0.982, _recipe(run), ha="right", va="top", fontsize=8.5, color=QUIET, linespacing=1.4)


def _recipe(run: Run) -> str:
    """The recipe's scalars, on at most two lines."""
    scalars = {key: value for key, value in run.recipe.items() if isinstance(value, str | int | float) and value != ""}
    words = [
        f"{printable(key)} {elide(value, 28)}".replace(" ", "\N{NO-BREAK SPACE}") for key, value in scalars.items()
    ]
    return "\n".join(textwrap.wrap("  ".join(words), 95, max_lines=2, placeholder=" …"))


def _course(column: Any, run: Run) -> None:
    chosen = panels(run)
    if not chosen:
        say(column.subplots(), "no history")
        return
    axes = column.subplots(len(chosen), 1, height_ratios=[panel.height for panel in chosen], squeeze=False)
    draw_panels(list(axes[:, 0]), chosen, run)


def _notes(column: Any, run: Run) -> None:
    found = remarks(run)
    lines = [textwrap.fill(remark, 82, initial_indent="– ", subsequent_indent="   ") for remark in found[:_REMARKS]]
    if len(found) > _REMARKS:
        where = " in report.json" if run.saved_model else ""  # which the command writes beside it
        lines.append(f"– {len(found) - _REMARKS} more{where}")
    text = column.text(0.03, _NOTES, "\n".join(lines), va="top", fontsize=8.5, color=QUIET, linespacing=1.35)
    text.set_in_layout(False)
