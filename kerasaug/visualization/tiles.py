"""A picture of every layer there is."""

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kerasaug import layers
from kerasaug.arguments import one_of
from kerasaug.augmentation import Augmentation
from kerasaug.extras import require
from kerasaug.visualization.drawing import INK, QUIET, draw_view, new_figure
from kerasaug.visualization.scene import CLASS_NAMES, load_scene
from kerasaug.visualization.views import View, bare, views

PAGODA, FLOWER = range(2)
COLUMNS = 6
_DPI, _TILE = 104, 1.62  # inches
_SIDE = 240  # pixels, of the photographs
_COLORS = 256  # of the PNG's palette: a third of the bytes of one without


_Shown = tuple[str, View | None, str]  # title, sample, colour of the title


@dataclass(frozen=True)
class Tile:
    """A layer, the photograph to show it on, and the seed of the draw."""

    make: Callable[..., Augmentation]
    photograph: int
    seed: int = 0
    arguments: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """The layer's."""
        return self.make.__name__

    def layer(self) -> Augmentation:
        """A new one, which boxes can be given to."""
        # Layers inside are made when they are needed: one that is made has TensorFlow take its devices as they are.
        arguments = {name: value() if name == "layers" else value for name, value in self.arguments}
        return self.make(**{"bounding_box_format": "xyxy", **arguments})


def _tile(make: Callable[..., Augmentation], photograph: int, seed: int = 0, **arguments: Any) -> Tile:
    return Tile(make, photograph, seed, tuple(arguments.items()))


def _recipe() -> list[Augmentation]:
    return [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation((-0.05, -0.03)),
        layers.RandomZoom((-0.2, 0.0)),
        layers.RandomColorJitter(brightness_factor=0.2, contrast_factor=0.3, hue_factor=0.15),
        layers.RandomErasing((1.0, 1.0), scale=(0.05, 0.1)),
    ]


def _two() -> list[Augmentation]:
    return [layers.RandomRotation((0.04, 0.06)), layers.RandomErasing((1.0, 1.0), scale=(0.1, 0.15), fill_value=0.0)]


TILES = (
    _tile(layers.RandomFlip, PAGODA, 3, mode="horizontal"),
    _tile(layers.RandomRotation, PAGODA, 0, factor=(0.03, 0.05)),
    _tile(layers.RandomZoom, PAGODA, 0, height_factor=(-0.45, -0.3)),
    _tile(layers.RandomTranslation, PAGODA, 0, height_factor=0.1, width_factor=(0.2, 0.3)),
    _tile(layers.RandomShear, PAGODA, 0, x_factor=(0.3, 0.35), y_factor=0.1),
    _tile(layers.RandomCrop, PAGODA, 0, height=150, width=150),
    _tile(layers.RandomPerspective, PAGODA, 0, factor=(1.0, 1.0), scale=0.6),
    _tile(layers.CenterCrop, PAGODA, 0, height=150, width=150),
    _tile(layers.Resizing, PAGODA, 0, height=30, width=30),
    _tile(layers.RandomBrightness, FLOWER, 0, factor=(0.2, 0.3)),
    _tile(layers.RandomContrast, FLOWER, 0, factor=(0.7, 0.9)),
    _tile(layers.RandomSaturation, FLOWER, 0, factor=(0.1, 0.15)),
    _tile(layers.RandomHue, FLOWER, 0, factor=(0.5, 0.6)),
    _tile(layers.RandomColorDegeneration, FLOWER, 0, factor=(0.6, 0.8)),
    _tile(layers.RandomGrayscale, FLOWER, 0, factor=1.0),
    _tile(layers.RandomInvert, FLOWER, 0, factor=(1.0, 1.0)),
    _tile(layers.RandomColorJitter, FLOWER, 0, brightness_factor=0.1, contrast_factor=0.2, hue_factor=(0.8, 1.0)),
    _tile(layers.Solarization, FLOWER, 0, threshold_factor=(0.5, 0.5)),
    _tile(layers.RandomPosterization, FLOWER, 0, factor=2),
    _tile(layers.AutoContrast, FLOWER, 0, value_range=(0, 380)),  # of a photograph that has black and white already
    _tile(layers.Equalization, PAGODA),
    _tile(layers.ContrastLimitedAdaptiveHistogramEqualization, PAGODA),
    _tile(layers.RandomSharpness, PAGODA, 0, factor=(1.0, 1.0)),
    _tile(layers.RandomGaussianBlur, PAGODA, 0, factor=(1.0, 1.0), kernel_size=9, sigma=(3.0, 3.0)),
    _tile(layers.RandomElasticTransform, PAGODA, 0, factor=(1.0, 1.0), scale=(0.9, 1.0)),
    _tile(layers.RandomCutout, PAGODA, 0, height_factor=0.4, width_factor=0.4),
    _tile(layers.RandomErasing, PAGODA, 0, factor=(1.0, 1.0), scale=(0.1, 0.2)),
    _tile(layers.MixUp, FLOWER, 0, alpha=5.0),
    _tile(layers.CutMix, FLOWER, 0, factor=(5.0, 5.0)),
    _tile(layers.RandAugment, FLOWER, 4, menu="paper", factor=(0.7, 0.7)),
    _tile(layers.TrivialAugmentWide, FLOWER, 2),
    _tile(layers.AutoAugment, FLOWER, 1),
    _tile(layers.UniformAugment, FLOWER, 7, rate=1.0),
    _tile(layers.AugMix, FLOWER, 3, factor=(0.7, 0.9)),
    _tile(layers.RandomApply, PAGODA, 0, layers=_two, p=1.0),
    _tile(layers.RandomChoice, PAGODA, 0, layers=_two),
    _tile(layers.RandomOrder, PAGODA, 0, layers=_two),
    _tile(layers.SomeOf, PAGODA, 0, layers=_two, num_ops=2),
    _tile(layers.Pipeline, PAGODA, 0, layers=_recipe),
)
TARGETS = ("RandomFlip", "RandomRotation", "RandomCrop", "CutMix", "Pipeline")  # shown once more, with their targets


def draw_gallery(path: str | os.PathLike | None = None, only: Sequence[str] | None = None) -> Any:
    """Draws every layer of `kerasaug.layers`, each on a photograph, and some with the targets that move along.

    Needs no network: the photographs come with scikit-learn. `python -m kerasaug.visualization.gallery OUT.png` does
    the same.

    Args:
        path: PNG file to write as well.
        only: Names of the layers to draw. Defaults to all.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ImportError: When matplotlib or scikit-learn is not installed.
        ValueError: When `only` names something that is no layer.

    Example:

    ```python
    figure = kerasaug.visualization.draw_gallery("gallery.png", only=["RandomFlip", "CutMix"])
    ```
    """
    chosen = TILES if only is None else [_tile_of(name) for name in only]
    scene = load_scene(_SIDE)
    plain = {name: scene[name] for name in ("images", "labels")}
    augmented = {tile.name: _augmented(tile, scene if tile.name in TARGETS else plain) for tile in chosen}
    originals = views(scene, TILES[0].layer())
    shown: list[_Shown] = [(name, bare(view), QUIET) for name, view in zip(CLASS_NAMES, originals, strict=True)]
    shown += [(name, bare(view), INK) for name, view in augmented.items()]
    shown += [("", None, INK)] * (-len(shown) % COLUMNS)
    shown.append(("with its targets", originals[PAGODA], QUIET))
    shown += [(name, view, INK) for name, view in augmented.items() if name in TARGETS]
    figure = _grid(shown)
    if path is not None:
        _write(figure, path)
    return figure


def _tile_of(name: str) -> Tile:
    known = {tile.name: tile for tile in TILES}
    return known[one_of(name, sorted(known), "every name in only", "draw_gallery")]


def _augmented(tile: Tile, data: dict[str, Any]) -> View:
    layer = tile.layer()
    if layer.mixes:
        data = {name: value for name, value in data.items() if name != "keypoints"}  # which cannot be mixed
    return views(layer.apply(data, layer.draw(data, seed=tile.seed)), layer)[tile.photograph]


def _grid(shown: list[_Shown]) -> Any:
    rows = -(-len(shown) // COLUMNS)
    figure = new_figure(_TILE * COLUMNS, (_TILE + 0.16) * rows, _DPI)
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.03, wspace=0.02, hspace=0.02)
    for axes, (name, view, color) in zip(figure.subplots(rows, COLUMNS, squeeze=False).flat, shown, strict=False):
        axes.set_axis_off()
        if view is not None:
            draw_view(axes, view, name, size=9.5, color=color)
    return figure


def _write(figure: Any, path: str | os.PathLike) -> None:
    """As a PNG with a palette."""
    pillow = require("PIL.Image", "plot", "draw_gallery")
    file = io.BytesIO()
    figure.savefig(file, format="png")
    pixels = pillow.open(file).convert("RGB")
    palette = pixels.quantize(_COLORS, pillow.Quantize.MEDIANCUT)
    dithered = pixels.quantize(palette=palette, dither=pillow.Dither.FLOYDSTEINBERG)
    dithered.save(path, "PNG", optimize=True)
