"""Menus: the ops that a policy chooses from, and what each does at a magnitude."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor, ops
from kerasaug.layers.image.color.random_brightness import RandomBrightness
from kerasaug.layers.image.color.random_color_degeneration import RandomColorDegeneration
from kerasaug.layers.image.color.random_contrast import RandomContrast
from kerasaug.layers.image.color.random_invert import RandomInvert
from kerasaug.layers.image.filter.random_sharpness import RandomSharpness
from kerasaug.layers.image.policy.members import (
    PolicyBrightness,
    PolicyColor,
    PolicyContrast,
    PolicyCutout,
    PolicyGeometry,
    PolicySolarizeAdd,
)
from kerasaug.layers.image.tone.auto_contrast import AutoContrast
from kerasaug.layers.image.tone.equalization import Equalization
from kerasaug.layers.image.tone.random_posterization import RandomPosterization
from kerasaug.layers.image.tone.solarization import Solarization


class Draws(NamedTuple):
    """What is drawn for an op, each float32 (batch, slots).

    Attributes:
        level: From 0 to 1.
        sign: -1 or 1.
        other: Another sign.
        x: A place, from 0 to 1.
        y: Another.
    """

    level: Tensor
    sign: Tensor
    other: Tensor
    x: Tensor
    y: Tensor


Value = Callable[[Draws], Tensor]


@dataclass(frozen=True)
class Move:
    """An op of a menu.

    Attributes:
        name: As in the papers.
        layer: Name of the layer that does it; `None` for the identity.
        values: Dict from parameter of that layer to its value at a level.
        fades: Whether level 0 does nothing, so that `strength` scales the level; else it scales the probability.
    """

    name: str
    layer: str | None = None
    values: dict[str, Value] = field(default_factory=dict)
    fades: bool = True


def signed(parameter: str, most: float, middle: float = 0.0) -> dict[str, Value]:
    """A parameter that grows with the level, in a random direction."""
    return {parameter: lambda drawn: middle + drawn.sign * most * drawn.level}


def geometric(shear: float, shift: float, degrees: float, pixels: float = 0.0) -> list[Move]:
    """The five geometric ops, at their largest."""
    shifts = ("pixels", pixels) if pixels else ("shift", shift)
    return [
        Move("ShearX", "geometry", signed("shear_x", shear)),
        Move("ShearY", "geometry", signed("shear_y", shear)),
        Move("TranslateX", "geometry", signed(f"{shifts[0]}_x", shifts[1])),
        Move("TranslateY", "geometry", signed(f"{shifts[0]}_y", shifts[1])),
        Move("Rotate", "geometry", signed("angle", math.radians(degrees))),
    ]


def enhancing(most: float) -> list[Move]:
    """PIL's four enhancers: factors up to 1 ± `most`."""
    return [
        Move("Brightness", "brightness", signed("factor", most, 1.0)),
        Move("Color", "color", signed("factor", most, 1.0)),
        Move("Contrast", "contrast", signed("factor", most, 1.0)),
        Move("Sharpness", "sharpness", signed("amount", most, 1.0)),
    ]


def posterize(most: float, bits: int = 8) -> Move:
    """Drops up to `most` of `bits` bits, rounded as the levels' bins are, but for the last one."""

    def value(drawn: Draws) -> Tensor:
        return ops.cast(ops.maximum(bits - ops.round(drawn.level * most), 1.0), "int32")

    return Move("Posterize", "posterize", {"bits": value}, fades=bits == 8)


def solarize() -> Move:
    """Inverts what lies at or above a threshold, which falls from white to black: at level 0, white alone."""

    def value(drawn: Draws) -> Tensor:
        return 1.0 - drawn.level

    return Move("Solarize", "solarize", {"threshold": value})


def cutout(most: float) -> Move:
    """Fills a square, whose side is up to `most` of the width."""
    values: dict[str, Value] = {
        "x": lambda drawn: drawn.x,
        "y": lambda drawn: drawn.y,
        "side": lambda drawn: most * drawn.level,
    }
    return Move("Cutout", "cutout", values)


AUTO_CONTRAST = Move("AutoContrast", "auto_contrast", fades=False)
EQUALIZE = Move("Equalize", "equalize", fades=False)
INVERT = Move("Invert", "invert", {"inverted": lambda drawn: drawn.level >= 0.0}, fades=False)
IDENTITY = Move("Identity")

NEUTRAL: dict[str, dict[str, Any]] = {
    "geometry": PolicyGeometry.neutral,
    "brightness": PolicyBrightness.neutral,
    "contrast": PolicyContrast.neutral,
    "color": PolicyColor.neutral,
    "sharpness": {"amount": 1.0},
    "posterize": {"bits": 8},
    "solarize": {"addition": 0.0, "threshold": 1.0},
    "solarize_add": PolicySolarizeAdd.neutral,
    "auto_contrast": {},
    "equalize": {},
    "invert": {"inverted": False},
    "add": {"brightness": 0.0},
    "contrast_channels": {"contrast": 1.0},
    "degenerate": {"degeneration": 0.0},
    "cutout": PolicyCutout.neutral,
}


def make_layers(
    moves: Sequence[Move], value_range: Sequence[float], geometry: dict[str, Any], shared: dict[str, Any]
) -> dict[str, Augmentation]:
    """The layers that some moves need, by name; those of one layer share it.

    Args:
        moves: The menu.
        value_range: Lowest and highest pixel value.
        geometry: Arguments of what moves pixels: `interpolation`, `fill_mode`, `fill_value`, `mask_fill_value`.
        shared: Arguments of every layer: `data_format`, `bounding_box_format`.
    """
    tone = {"value_range": value_range, **shared}
    make: dict[str, Callable[[], Augmentation]] = {
        "geometry": lambda: PolicyGeometry(**geometry, **shared),
        "brightness": lambda: PolicyBrightness(**tone),
        "contrast": lambda: PolicyContrast(**tone),
        "color": lambda: PolicyColor(**tone),
        "sharpness": lambda: RandomSharpness(1.0, **tone),
        "posterize": lambda: RandomPosterization(8, **tone),
        "solarize": lambda: Solarization(**tone),
        "solarize_add": lambda: PolicySolarizeAdd(**tone),
        "auto_contrast": lambda: AutoContrast(**tone),
        "equalize": lambda: Equalization(**tone),
        "invert": lambda: RandomInvert(**tone),
        "add": lambda: RandomBrightness(1.0, **tone),
        "contrast_channels": lambda: RandomContrast(1.0, **tone),
        "cutout": lambda: PolicyCutout(geometry["fill_value"], **tone),
        "degenerate": lambda: RandomColorDegeneration(1.0, **tone),
    }
    return {name: make[name]() for name in dict.fromkeys(move.layer for move in moves if move.layer)}
