"""A look at what a layer or a pipeline does to one's own samples."""

import os
from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_integer, as_value_range
from kerasaug.augmentation import Augmentation
from kerasaug.pipeline import Pipeline
from kerasaug.visualization.drawing import QUIET, draw_view, new_figure, save
from kerasaug.visualization.views import View, views

_NAME = "show_augmentations"
_TILE, _WIDEST = 1.7, 18.0  # inches


def show_augmentations(
    augmentation: Augmentation | Sequence[Augmentation],
    data: Any,
    rows: int = 4,
    variants: int = 5,
    seed: int = 0,
    class_names: Sequence[str] | None = None,
    value_range: Sequence[float] = (0, 255),
    path: str | os.PathLike | None = None,
) -> Any:
    """Draws samples as they are and as training may see them, with the targets that move along.

    Each row is a sample: as it is, then augmented, each time by another draw. Masks are laid over the images, boxes
    and keypoints drawn on them, and the labels written above, shares and all where they are mixed. Draws come from
    `seed`, so that the picture repeats and the layer's own random state stays as it is.

    Args:
        augmentation: A layer or a pipeline, or a list of layers, which becomes a pipeline.
        data: What it takes, a batch or one sample: images, or a dict of images and targets. Samples that are not shown
            can be mixed into those that are.
        rows: How many samples to show, from the first on. Defaults to 4.
        variants: How many draws of each. Defaults to 5.
        seed: Integer; another one gives other draws. Defaults to 0.
        class_names: Names of the labels, for their numbers.
        value_range: Pixel values of black and white. Defaults to (0, 255).
        path: File to write as well, `"augmented.png"` say.

    Returns:
        A matplotlib `Figure`, which a notebook shows when it is a cell's last value.

    Raises:
        ImportError: When matplotlib is not installed.
        TypeError: When `augmentation` is neither a layer nor a list of layers.
        ValueError: When `rows` or `variants` is no positive integer, or there are boxes and no `bounding_box_format`.

    Example:

    ```python
    from kerasaug.visualization import show_augmentations

    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype="uint8")
    boxes = {"boxes": np.tile([[4.0, 4.0, 20.0, 28.0]], (8, 1, 1)), "labels": np.zeros((8, 1))}
    layers = [kerasaug.layers.RandomFlip("horizontal"), kerasaug.layers.RandomRotation(0.1)]
    pipeline = kerasaug.Pipeline(layers, bounding_box_format="xyxy")
    figure = show_augmentations(pipeline, {"images": images, "bounding_boxes": boxes}, rows=2, path="augmented.png")
    ```
    """
    count, draws = as_integer(rows, "rows", _NAME, low=1), as_integer(variants, "variants", _NAME, low=1)
    black_white, layer = as_value_range(value_range, _NAME), _layer(augmentation)
    columns = [views(data, layer, black_white, class_names, count)]
    for index in range(draws):
        changed = layer.apply(data, layer.draw(data, seed=(seed, index)))
        columns.append(views(changed, layer, black_white, class_names, count))
    figure = _grid(columns)
    if path is not None:
        save(figure, path)
    return figure


def _layer(augmentation: Any) -> Augmentation:
    if isinstance(augmentation, Augmentation):
        return augmentation
    if not isinstance(augmentation, list | tuple):
        raise TypeError(
            f"{_NAME} expects a layer of kerasaug, a Pipeline, or a list of layers. Received: "
            f"{type(augmentation).__name__}."
        )
    return Pipeline(augmentation)


def _grid(columns: list[list[View]]) -> Any:
    rows = len(columns[0])
    height, width = columns[0][0].image.shape[:2]
    tile = min(_TILE, _WIDEST / len(columns))
    figure = new_figure(tile * len(columns), (tile * height / width + 0.25) * rows)
    axes = figure.subplots(rows, len(columns), squeeze=False)
    for column, samples in enumerate(columns):
        for row, view in enumerate(samples):
            same = column > 0 and view.label == columns[0][row].label
            draw_view(axes[row, column], view, "" if same else view.label, color=QUIET if column else "black")
    return figure
