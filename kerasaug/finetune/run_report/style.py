"""How the pictures of a report look."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kerasaug.extras import require

TRAIN, VALIDATION, BEST, INK, QUIET, SHADE = "#8d99ae", "#1f6fb4", "#d1495b", "#22262e", "#6b7280", "#eef1f6"
DPI = 110

_RC = {
    "text.parse_math": False,  # a class may be called "$5 bill"
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": "#b8bec9",
    "axes.labelcolor": QUIET,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
}


@contextmanager
def styled() -> Iterator[None]:
    """Within, figures are made in this style; the caller's own settings come back."""
    matplotlib = require("matplotlib", "plot", "the report of a run")
    with matplotlib.rc_context(_RC), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # names in any script; boxes stand for them
        yield


def new_figure(width: float, height: float) -> Any:
    """A figure in inches, which needs no display."""
    module = require("matplotlib.figure", "plot", "the report of a run")
    return module.Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")


def to_png(figure: Any) -> bytes:
    """The figure as the content of a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def say(axes: Any, text: str) -> None:
    """Says in the middle of empty axes why they are empty."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=QUIET)
