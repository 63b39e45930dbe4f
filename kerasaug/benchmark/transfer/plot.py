"""A picture of the accuracies and of the step times."""

from pathlib import Path
from typing import Any

from kerasaug.benchmark.transfer.steps import FORWARD
from kerasaug.benchmark.transfer.tables import HEADINGS
from kerasaug.benchmark.transfer.ways import AUGMENTED, AWARE, CARRIED, DECOUPLED, PLAIN, WAYS
from kerasaug.extras import require

INK, MUTED = "#0b0b0b", "#6b6a64"
COLOURS = {PLAIN: "#a3a29c", AUGMENTED: "#2a78d6", CARRIED: "#8ab4e8", AWARE: "#d9822b", DECOUPLED: "#7a4b9a"}
ROW_INCHES, SPREAD = 0.42, 0.7


def draw(report: dict[str, Any], path: Path) -> None:
    """Draws a panel for each task, with a point and its interval for every way and variant, and one of step times.

    Args:
        report: As `run` returns it.
        path: The file to write; its ending chooses the format.

    Raises:
        ImportError: When matplotlib is not installed.
    """
    figure_module = require("matplotlib.figure", "plot", "kerasaug benchmark --plot")
    panels: list[tuple[int, Any]] = [
        (len(report["settings"]["ways"]), lambda axis, task=task: _accuracies(axis, task, report))
        for task in report.get("tasks", {}).values()
    ]
    if "steps" in report:
        panels.append((len(report["steps"]["rows"]), lambda axis: _steps(axis, report["steps"])))
    heights = [1.2 + ROW_INCHES * rows for rows, _ in panels]
    figure = figure_module.Figure(figsize=(9, sum(heights)), layout="constrained")
    axes = figure.subplots(len(panels), squeeze=False, height_ratios=heights)[:, 0]
    for axis, (_, paint) in zip(axes, panels, strict=True):
        paint(axis)
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.tick_params(axis="y", length=0)
        axis.tick_params(axis="x", labelsize=8, colors=MUTED)
    quick = " — quick: not to be quoted" if report["quick"] else ""
    figure.suptitle(f"Transfer, {report['backend']}{quick}", x=0.01, ha="left", color=INK, fontsize=10)
    figure.savefig(path, dpi=150)


def _accuracies(axis: Any, task: dict[str, Any], report: dict[str, Any]) -> None:
    ways, variants = report["settings"]["ways"], report["settings"]["variants"]
    found = {(row["way"], row["variant"]): row["test"] for row in task["rows"]}
    for index, variant in enumerate(variants):
        tests = [found[way, variant] for way in ways]
        places = [place + SPREAD * ((index + 0.5) / len(variants) - 0.5) for place in range(len(ways))]
        halves = [100 * ((one["high"] or one["mean"]) - one["mean"]) for one in tests]
        axis.errorbar(
            [100 * one["mean"] for one in tests],
            places,
            xerr=halves,
            fmt="o",
            markersize=3.5,
            linewidth=1,
            color=COLOURS[variant],
            label=HEADINGS[variant],
        )
    axis.set_yticks(range(len(ways)), [WAYS[way].title for way in ways], fontsize=8, color=INK)
    axis.invert_yaxis()
    axis.set_xlim(right=min(axis.get_xlim()[1], 100.0))
    axis.set_xlabel("test accuracy in %, mean and 95 % interval over seeds", fontsize=8, color=MUTED)
    axis.legend(fontsize=7, frameon=False, ncols=len(variants), loc="lower left", bbox_to_anchor=(0, 1.0), borderpad=0)
    axis.set_title(task["title"], loc="right", color=INK, fontsize=9)


def _steps(axis: Any, steps: dict[str, Any]) -> None:
    rows = [row for row in steps["rows"] if row["milliseconds"] is not None]
    of = f"of {len(steps['groups'])} groups"
    labels = [row["way"] if row["way"] == FORWARD else f"{row['way']}, {row['groups']} {of}" for row in rows]
    colours = [COLOURS[AUGMENTED] if row["way"] == "freeze_to" else COLOURS[PLAIN] for row in rows]
    axis.barh(range(len(rows)), [row["milliseconds"] for row in rows], height=0.6, color=colours)
    for place, row in enumerate(rows):
        axis.text(row["milliseconds"], place, f" {row['milliseconds']:.1f}", va="center", fontsize=8, color=INK)
    axis.set_yticks(range(len(rows)), labels, fontsize=8, color=INK)
    axis.invert_yaxis()
    axis.set_xlabel("milliseconds a step; less is better", fontsize=8, color=MUTED)
    axis.set_title(steps["network"], loc="right", color=INK, fontsize=9)
