"""A picture of what the augmentation does to the samples."""

from pathlib import Path

import keras
import numpy as np

from kerasaug import Pipeline
from kerasaug.extras import require
from kerasaug.finetune.comparison.data import Examples
from kerasaug.finetune.comparison.settings import TARGET

VARIANTS = 9


def draw_samples(pipeline: Pipeline, examples: Examples, path: Path, variants: int = VARIANTS) -> Path:
    """Writes a PNG with one row for each class: an image as it is, and as training may see it.

    Args:
        pipeline: The augmentation, at the strength to show.
        examples: Labelled images; the first of each class is shown.
        path: The file to write.
        variants: Augmented copies of each image.

    Raises:
        ImportError: When matplotlib is not installed.
    """
    figure_module = require("matplotlib.figure", "plot", "kerasaug finetune")
    labels, first = np.unique(examples.labels, return_index=True)
    originals = examples.images[first]
    copies = pipeline(np.repeat(originals, variants, axis=0), training=True)
    rows = keras.ops.convert_to_numpy(copies).reshape(len(labels), variants, *originals.shape[1:])
    figure = figure_module.Figure(figsize=(variants + 1, len(labels)), layout="constrained")
    axes = figure.subplots(len(labels), variants + 1, squeeze=False)
    for row, label in enumerate(labels):
        for column, image in enumerate([originals[row], *rows[row]]):
            axis = axes[row, column]
            axis.imshow(np.clip(np.rint(image), 0, 255).astype("uint8"))
            axis.set_axis_off()
        axes[row, 0].set_title(f"digit {TARGET[label]}", fontsize=8)
    figure.savefig(path, dpi=120)
    return path
