"""The menus of RandAugment."""

from kerasaug.backend import Tensor, ops
from kerasaug.layers.image.policy.menu import (
    AUTO_CONTRAST,
    EQUALIZE,
    IDENTITY,
    INVERT,
    Draws,
    Move,
    Value,
    enhancing,
    geometric,
    posterize,
    signed,
    solarize,
)

SHEAR, SHIFT, DEGREES = 0.3, 150.0 / 331.0, 30.0


def _keras() -> list[Move]:
    """Shear and translation along both axes at once, and Keras's own brightness, contrast and degeneration."""

    def both(name: str, most: float) -> dict[str, Value]:
        return {
            f"{name}_x": lambda drawn: drawn.sign * most * drawn.level,
            f"{name}_y": lambda drawn: drawn.other * most * drawn.level,
        }

    return [
        Move("Shear", "geometry", both("shear", SHEAR)),
        Move("Translation", "geometry", both("shift", SHIFT)),
        geometric(SHEAR, SHIFT, DEGREES)[-1],
        Move("Brightness", "add", signed("brightness", 1.0)),
        Move("ColorDegeneration", "degenerate", {"degeneration": lambda drawn: drawn.level}),
        Move("Contrast", "contrast_channels", signed("contrast", 1.0, 1.0)),
        Move("Sharpness", "sharpness", signed("amount", 1.0, 1.0)),
        posterize(4.0),
        solarize(),
        AUTO_CONTRAST,
        EQUALIZE,
    ]


def _paper() -> list[Move]:
    return [
        IDENTITY,
        *geometric(SHEAR, SHIFT, DEGREES),
        *enhancing(0.9),
        posterize(4.0),
        solarize(),
        AUTO_CONTRAST,
        EQUALIZE,
    ]


def _increasing() -> list[Move]:
    """As timm's `rand-…-inc1`: 0 to 3 of 4 bits go, thresholds fall, and 110 of 255 is added to dark pixels."""

    def bits(drawn: Draws) -> Tensor:
        return ops.cast(ops.maximum(4.0 - ops.floor(4.0 * drawn.level), 1.0), "int32")

    def addition(drawn: Draws) -> Tensor:
        return ops.floor(110.0 * drawn.level) / 255.0

    return [
        AUTO_CONTRAST,
        EQUALIZE,
        INVERT,
        Move("Posterize", "posterize", {"bits": bits}, fades=False),
        solarize(),
        Move("SolarizeAdd", "solarize_add", {"addition": addition}),
        *enhancing(0.9),
        *geometric(SHEAR, 0.45, DEGREES),
    ]


MENUS = {"keras": _keras(), "paper": _paper(), "increasing": _increasing()}
