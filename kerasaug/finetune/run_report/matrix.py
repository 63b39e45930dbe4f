"""The confusion matrix, and the figures of each class."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasaug.finetune.run_report import measures
from kerasaug.finetune.run_report.run import Run
from kerasaug.finetune.run_report.style import BEST, INK, QUIET, VALIDATION, say
from kerasaug.finetune.run_report.text import elide

NUMBERED = 15  # classes, up to which counts are written into the matrix
WHOLE = 40  # classes, up to which the whole matrix is shown
BARS = 12
_NAME = 14


@dataclass(frozen=True)
class View:
    """The part of a confusion matrix that is shown: counts, and names of its rows and columns."""

    title: str
    counts: np.ndarray
    rows: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def shares(self) -> np.ndarray:
        """Counts as shares of their row, 0 where the row is empty."""
        return self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)


def view(run: Run) -> View:
    """The whole matrix, or where there are many classes that of the most confused ones and one column for the rest."""
    matrix, names = measures.confusion_matrix(run), run.class_names
    if len(names) <= WHOLE:
        return View("Confusion matrix", matrix, names, names)
    chosen = _most_confused(matrix, NUMBERED - 1)
    inside = matrix[np.ix_(chosen, chosen)]
    others = matrix[chosen].sum(axis=1) - inside.sum(axis=1)
    rows = tuple(names[index] for index in chosen)
    title = f"The {len(chosen)} most confused of {len(names)} classes"
    return View(title, np.column_stack([inside, others]), rows, (*rows, "(others)"))


def draw_confusions(axes: Any, run: Run) -> None:
    """Colour is the share of the true class; where they fit, counts are written."""
    if not len(run.truth):
        say(axes, "no validation part")
        return
    shown = view(run)
    shares, (height, width) = shown.shares, shown.counts.shape
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_anchor("N")
    size = float(np.clip(110 / width, 5 if width > NUMBERED + 1 else 7, 10))
    names = [elide(name, _NAME) for name in shown.columns]
    short = max(map(len, names)) <= 4
    axes.set_xticks(range(width), names, rotation=0 if short else 45, ha="center" if short else "right", size=size)
    axes.set_yticks(range(height), [elide(name, _NAME) for name in shown.rows], size=size)
    axes.tick_params(axis="x", rotation_mode="anchor", length=0, pad=2)
    axes.tick_params(axis="y", length=0)
    axes.spines[:].set_visible(False)
    axes.set(title=shown.title, xlabel="predicted", ylabel="true")
    if height > NUMBERED:
        beside = axes.inset_axes((1.03, 0.0, 0.025, 0.4))
        bar = axes.figure.colorbar(image, cax=beside, format=lambda share, position: f"{share:.0%}")
        bar.outline.set_visible(False)
        return
    for (row, column), count in np.ndenumerate(shown.counts):
        if count:
            color = "white" if shares[row, column] > 0.55 else INK
            axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=size + 1)


def draw_classes(axes: Any, run: Run, slots: int = BARS) -> None:
    """F1 of each class as a bar with precision and recall on it; of the worst classes, where there are many.

    The axes have room for `slots` bars at least, lest two of them fill the height.
    """
    known = [one for one in measures.per_class(run) if np.isfinite(one.f1)]
    if not known:
        say(axes, "no figures by class")
        return
    ranked = sorted(known, key=lambda one: one.f1)[:BARS]
    shown = [one for one in known if one in ranked] if len(known) <= BARS else ranked
    places = np.arange(len(shown))
    axes.barh(places, [one.f1 for one in shown], height=0.62, color=VALIDATION, alpha=0.3, label="F1")
    for name, marker, color in (("precision", "|", BEST), ("recall", "|", INK)):
        values = [getattr(one, name) for one in shown]
        axes.plot(values, places, marker, color=color, label=name, markersize=9, markeredgewidth=2.2, linestyle="")
    axes.set_yticks(places, [f"{elide(one.name, _NAME)} ({one.support})" for one in shown])
    axes.set(xlim=(0, 1.015), ylim=(max(len(shown), slots) - 0.5, -0.5))
    axes.xaxis.set_major_formatter(lambda share, position: f"{share:.0%}")
    axes.tick_params(axis="y", length=0, labelsize=8)
    axes.tick_params(axis="x", length=0, labelsize=8, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.vlines((0.2, 0.4, 0.6, 0.8, 1.0), -0.5, len(shown) - 0.5, color="#dde1e8", linewidth=0.7, zorder=0)
    axes.set_title(f"The {BARS} worst of {len(known)} classes" if len(known) > BARS else "Class by class")
    axes.legend(loc="upper right", bbox_to_anchor=(1.0, 0.0), ncols=3, fontsize=8, labelcolor=QUIET)


def _most_confused(matrix: np.ndarray, count: int) -> list[int]:
    """The classes of the pairs confused most often, until there are `count`; first those that are."""
    wrong = matrix * (1 - np.eye(len(matrix), dtype=int))
    order = np.argsort(-(wrong + wrong.T), axis=None, kind="stable")
    pairs = np.stack(np.unravel_index(order, wrong.shape), axis=1)
    return sorted(list(dict.fromkeys(pairs.ravel().tolist()))[:count])
