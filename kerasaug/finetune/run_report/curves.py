"""Learning curves and the schedule, one above the other on one axis of epochs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasaug.extras import require
from kerasaug.finetune.run_report.run import Run
from kerasaug.finetune.run_report.style import BEST, INK, QUIET, SHADE, TRAIN, VALIDATION

_DOTS = 25  # epochs, up to which each is a dot too
_LEARNING = (("Loss", "loss"), ("Accuracy", "accuracy"))


def panels(run: Run) -> list["Panel"]:
    """What there is to draw, from the top down; a key without a single number is left out."""
    return learning_panels(run) + schedule_panels(run)


def learning_panels(run: Run) -> list["Panel"]:
    """Those of the learning curves."""
    return [
        Panel(title, 3.0, lambda axes, run, key=key: _learning(axes, run, key))  # type: ignore[misc]
        for title, key in _LEARNING
        if _known(run, key) or _known(run, f"val_{key}")
    ]


def schedule_panels(run: Run) -> list["Panel"]:
    """Those of the schedule."""
    every = (
        ("Learning rate", "learning_rate", _rate),
        ("Weight decay", "weight_decay", _plain),
        ("Augmentation strength", "strength", _plain),
        ("Unfrozen groups", "unfrozen_groups", _groups),
    )
    return [
        Panel(title, 1.0, lambda axes, run, key=key, draw=draw: draw(axes, *_points(run, key)))  # type: ignore[misc]
        for title, key, draw in every
        if _known(run, key)
    ]


@dataclass(frozen=True)
class Panel:
    """One of the axes: its title, its share of the height, and what draws it."""

    title: str
    height: float
    draw: Callable[[Any, Run], None]


def draw_panels(column: list[Any], chosen: list[Panel], run: Run) -> None:
    """Draws each panel on its axes, with the phases of unfreezing and the best epoch in all of them."""
    ticker = require("matplotlib.ticker", "plot", "the report of a run")
    for axes, panel in zip(column, chosen, strict=True):
        panel.draw(axes, run)
        small = panel.height < 2
        axes.set_title(panel.title, fontsize=9 if small else 11, fontweight="normal" if small else "bold", pad=3)
        axes.set_xlim(0.5, max(run.epochs, 1) + 0.5)
        axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True, min_n_ticks=1))
        axes.tick_params(labelsize=8, labelbottom=axes is column[-1])
        for start, end in phases(run)[1::2]:
            axes.axvspan(start + 0.5, end + 0.5, color=SHADE, zorder=0, linewidth=0)
        if run.best_epoch is not None:
            axes.axvline(run.best_epoch + 1, color=BEST, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    column[-1].set_xlabel("epoch")
    if column[0].get_legend_handles_labels()[0]:
        column[0].legend(loc="best", fontsize=8)


def phases(run: Run) -> list[tuple[int, int]]:
    """Runs of epochs in which the same groups were trained: (first, one after the last), counted from 0."""
    groups = run.history.get("unfrozen_groups", [])
    starts = [epoch for epoch in range(len(groups)) if not epoch or groups[epoch] != groups[epoch - 1]]
    return list(zip(starts, [*starts[1:], len(groups)][: len(starts)], strict=True))


def _learning(axes: Any, run: Run, key: str) -> None:
    for name, color, label in ((key, TRAIN, "training"), (f"val_{key}", VALIDATION, "validation")):
        if _known(run, name):
            axes.plot(*_points(run, name), color=color, label=label, **_dots(run))
    axes.grid(axis="y", color="#e3e6ec", linewidth=0.7)
    if key == "accuracy":
        ticker = require("matplotlib.ticker", "plot", "the report of a run")
        axes.yaxis.set_major_formatter(ticker.PercentFormatter(1.0, decimals=None))
    _mark_best(axes, run, f"val_{key}", ".1%" if key == "accuracy" else ".3g")


def _mark_best(axes: Any, run: Run, key: str, spec: str) -> None:
    values = run.history.get(key, [])
    if run.best_epoch is None or run.best_epoch >= len(values) or not np.isfinite(values[run.best_epoch]):
        return
    value = float(values[run.best_epoch])
    axes.plot([run.best_epoch + 1], [value], "o", color=BEST, markersize=6, zorder=4, label="best epoch")
    left = run.best_epoch + 1 > run.epochs / 2
    axes.annotate(
        format(value, spec),
        (run.best_epoch + 1, value),
        xytext=(-7 if left else 7, 7 if key.endswith("loss") else -7),
        textcoords="offset points",
        ha="right" if left else "left",
        va="bottom" if key.endswith("loss") else "top",
        color=BEST,
        fontsize=9,
        fontweight="bold",
        bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1},
    )


def _rate(axes: Any, epochs: np.ndarray, values: np.ndarray) -> None:
    ticker = require("matplotlib.ticker", "plot", "the report of a run")
    positive = values[np.isfinite(values) & (values > 0)]
    _plain(axes, epochs, values)
    if not len(positive):
        return
    low, high = positive.min(), positive.max()
    axes.set_yscale("log")
    axes.set_ylim(low / 1.6, high * 1.6)
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1.0,) if high / low > 10 else (1.0, 2.0, 5.0), numticks=4))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, position: f"{value:g}"))
    axes.yaxis.set_minor_locator(ticker.NullLocator())


def _plain(axes: Any, epochs: np.ndarray, values: np.ndarray) -> None:
    ticker = require("matplotlib.ticker", "plot", "the report of a run")
    axes.plot(epochs, values, color=INK, linewidth=1.4, marker="o" if len(epochs) <= _DOTS else None, markersize=2.5)
    axes.yaxis.set_major_locator(ticker.MaxNLocator(3))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, position: f"{value:g}"))
    finite = values[np.isfinite(values)]
    if len(finite) and finite.min() == finite.max():
        axes.set_ylim(0, 2 * finite[0] if finite[0] > 0 else 1)


def _groups(axes: Any, epochs: np.ndarray, values: np.ndarray) -> None:
    ticker = require("matplotlib.ticker", "plot", "the report of a run")
    edges = np.append(epochs - 0.5, epochs[-1] + 0.5)
    axes.stairs(values, edges, fill=True, color=QUIET, alpha=0.45)
    axes.set_ylim(0, np.nanmax(values) * 1.15)
    axes.yaxis.set_major_locator(ticker.MaxNLocator(3, integer=True))


def _known(run: Run, key: str) -> bool:
    return bool(np.isfinite(np.asarray(run.history.get(key, ()), float)).any())


def _points(run: Run, key: str) -> tuple[np.ndarray, np.ndarray]:
    values = np.asarray(run.history[key], float)
    return np.arange(1, len(values) + 1), np.where(np.isfinite(values), values, np.nan)


def _dots(run: Run) -> dict[str, Any]:
    return {"marker": "o", "markersize": 3.5} if run.epochs <= _DOTS else {}
