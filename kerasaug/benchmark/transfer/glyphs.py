"""Letters in the typefaces that matplotlib carries: a data set of many classes that needs no network."""

import os
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kerasaug.datasets.cache import cache_dir, publish
from kerasaug.extras import require
from kerasaug.finetune.comparison.data import Data, Examples

VERSION = "1"
SOURCE, TARGET = string.ascii_uppercase, string.ascii_lowercase
# Families, not single fonts, are kept apart: the bold of a typeface is nearly its regular.
FONTS = {
    "train": (
        *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
        *("DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique"),
    ),
    "validation": ("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
    "test": (
        *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
        *("cmr10", "cmb10", "cmss10", "cmtt10", "cmmi10"),
    ),
}
RENDERINGS = {"train": 6, "validation": 3, "test": 3}  # of a letter in a font
FONT_SIZE = (15.0, 19.0)  # in pixels of 24
SHIFT = 1.5  # pixels, either way
_REFERENCE, _FINER = 24, 4
_NEEDED_BY = "kerasaug benchmark --family transfer"


def load(size: int, cache: str | os.PathLike | None = None) -> Data:
    """Capitals to pretrain on, small letters to learn, in typefaces of which no part shares one with another.

    Each letter is drawn in white on black, at a size and a place that a generator of fixed seed chooses. They are
    drawn once and kept.

    Args:
        size: Height and width of the images, in pixels.
        cache: The cache folder; see `kerasaug.datasets.cache_dir` for the default.

    Raises:
        ImportError: When matplotlib is not installed.
    """
    pillow = require("PIL", "plot", _NEEDED_BY)  # matplotlib needs it
    matplotlib = require("matplotlib", "plot", _NEEDED_BY)
    name = f"glyphs-{VERSION}-{size}-matplotlib{matplotlib.__version__}-pillow{pillow.__version__}.npz"
    path = publish(cache_dir(cache) / name, lambda workplace: _draw_all(size, workplace / name))
    with np.load(path) as arrays:
        found = {part: _examples(arrays, part) for part in FONTS}
    return Data(
        source=_letters(found["train"], range(len(SOURCE))),
        source_validation=_letters(found["validation"], range(len(SOURCE))),
        pool=_letters(found["train"], range(len(SOURCE), len(SOURCE) + len(TARGET))),
        validation=_letters(found["validation"], range(len(SOURCE), len(SOURCE) + len(TARGET))),
        test=_letters(found["test"], range(len(SOURCE), len(SOURCE) + len(TARGET))),
    )


def _examples(arrays: Any, part: str) -> Examples:
    images = np.repeat(arrays[f"{part}_images"][..., None], 3, axis=-1)
    return Examples(images, arrays[f"{part}_labels"], arrays[f"{part}_ids"])


def _letters(examples: Examples, labels: range) -> Examples:
    chosen = examples[np.isin(examples.labels, labels)]
    return Examples(chosen.images, (chosen.labels - labels.start).astype("int32"), chosen.ids)


def _draw_all(size: int, path: Path) -> Path:
    arrays: dict[str, Any] = {}
    rng, first = np.random.default_rng(0), 0
    for part, fonts in FONTS.items():
        drawn = list(_draw(fonts, RENDERINGS[part], size, rng))
        arrays[f"{part}_images"] = np.stack([image for image, _ in drawn])
        arrays[f"{part}_labels"] = np.array([label for _, label in drawn], "int32")
        arrays[f"{part}_ids"] = np.arange(first, first + len(drawn))
        first += len(drawn)
    np.savez_compressed(path, **arrays)
    return path


def _draw(
    fonts: tuple[str, ...], renderings: int, size: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, int]]:
    """Every letter in every font, as grey image and label, capitals first."""
    folder = Path(require("matplotlib", "plot", _NEEDED_BY).get_data_path()) / "fonts" / "ttf"
    for font in fonts:
        for label, letter in enumerate(SOURCE + TARGET):
            for _ in range(renderings):
                points, *shift = rng.uniform([FONT_SIZE[0], -SHIFT, -SHIFT], [FONT_SIZE[1], SHIFT, SHIFT])
                yield _letter(letter, folder / f"{font}.ttf", points, shift, size), label


def _letter(letter: str, font: Path, points: float, shift: list[float], size: int) -> np.ndarray:
    image, draw, fonts = (require(f"PIL.{name}", "plot", _NEEDED_BY) for name in ("Image", "ImageDraw", "ImageFont"))
    finer = _FINER * size / _REFERENCE
    side = _FINER * size
    canvas = image.new("L", (side, side))
    pen, face = draw.Draw(canvas), fonts.truetype(os.fspath(font), points * finer)
    left, top, right, bottom = pen.textbbox((0, 0), letter, font=face)
    corner = (side / 2 - (left + right) / 2 + shift[0] * finer, side / 2 - (top + bottom) / 2 + shift[1] * finer)
    pen.text(corner, letter, fill=255, font=face)
    return np.asarray(canvas.resize((size, size), image.Resampling.BOX))
