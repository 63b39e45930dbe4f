"""Images as they are, and as training may see them, on one sheet."""

from typing import Any

import numpy as np

from kerasaug.finetune.run_report.run import Run
from kerasaug.finetune.run_report.style import say
from kerasaug.finetune.run_report.text import elide

ROWS, VARIANTS = 5, 5
_GAP = 0.05  # of an image's height, between images; after the original three times that


def draw_samples(axes: Any, run: Run) -> None:
    """One row for each sample: the image, then its augmented variants."""
    if not len(run.originals):
        say(axes, "no samples")
        return
    page, lines, columns = sample_sheet(run)
    axes.imshow(page)
    axes.set_anchor("N")
    names = [elide(run.class_names[int(label)], 14) for label in run.sample_labels[: len(lines)]]
    axes.set_yticks(lines, names)
    axes.set_xticks([columns[0], *([float(np.mean(columns[1:]))] if len(columns) > 1 else [])])
    axes.set_xticklabels(["original", "augmented"][: 1 + (len(columns) > 1)])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)


def sample_sheet(run: Run) -> tuple[np.ndarray, list[float], list[float]]:
    """The sheet of the run's samples: fewer, larger images where there are few rows."""
    rows = min(len(run.originals), ROWS)
    return sheet(run.originals[:rows], run.augmented[:rows, : max(3, min(rows + 1, VARIANTS))])


def sheet(originals: np.ndarray, augmented: np.ndarray) -> tuple[np.ndarray, list[float], list[float]]:
    """Puts images on a white sheet, row by row.

    Args:
        originals: uint8 (rows, height, width, 3).
        augmented: uint8 (rows, variants, height, width, 3).

    Returns:
        The sheet, the middle of each row and the middle of each column, in pixels.
    """
    count, height, width, channels = originals.shape
    gap = max(1, round(_GAP * height))
    columns = [0] + [width + 3 * gap + index * (width + gap) for index in range(augmented.shape[1])]
    lines = [index * (height + gap) for index in range(count)]
    page = np.full((lines[-1] + height, columns[-1] + width, channels), 255, "uint8")
    for row, top in enumerate(lines):
        for image, left in zip([originals[row], *augmented[row]], columns, strict=True):
            page[top : top + height, left : left + width] = image
    return page, [top + (height - 1) / 2 for top in lines], [left + (width - 1) / 2 for left in columns]
