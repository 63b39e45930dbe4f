"""The ops of the published policies that differ from Keras's layers: PIL's enhancers, and geometry by pixels."""

from typing import Any

from kerasaug.backend import Tensor, ops
from kerasaug.layers.image.color.base import Color
from kerasaug.layers.image.region.base import Region
from kerasaug.layers.image.tone.base import Tone
from kerasaug.layers.image.warp.base import Warp
from kerasaug.ops.color import LUMA, ColorMap
from kerasaug.ops.matrix import Size, affine, compose, rotation
from kerasaug.ops.regions import clipped_square, rectangle
from kerasaug.params import Params
from kerasaug.registry import register


@register
class PolicyGeometry(Warp):
    """Shears about the top-left corner, shifts by whole pixels, turns about the centre.

    Shear and shift as PIL's `transform((1, shear_x, 0, shear_y, 1, 0))` and torchvision's policies have them.
    """

    neutral = {"shear_x": 0.0, "shear_y": 0.0, "shift_x": 0.0, "shift_y": 0.0, "pixels_x": 0.0, "pixels_y": 0.0}
    neutral |= {"angle": 0.0}

    def matrix(self, params: Params, size: Size) -> Tensor:
        """Of the three; `shift` is a fraction of the image, and cut off to whole pixels."""
        height, width = (ops.cast(length, "float32") for length in size)
        x, y = params["shear_x"], params["shear_y"]
        right = _whole(params["shift_x"] * width + params["pixels_x"])
        down = _whole(params["shift_y"] * height + params["pixels_y"])
        sheared = affine(1.0, x, x * height / 2.0 - right, y, 1.0, y * width / 2.0 - down)
        return compose(sheared, rotation(params["angle"]))


def _whole(value: Tensor) -> Tensor:
    return ops.sign(value) * ops.floor(ops.abs(value))


@register
class PolicyBrightness(Color):
    """Multiplies by a factor: PIL's `ImageEnhance.Brightness`."""

    neutral = {"factor": 1.0}

    def color(self, colors: ColorMap, params: Params, mean: Tensor) -> ColorMap:
        """Scales about black."""
        return _scaled(colors, params["factor"], self.value_range[0])


@register
class PolicyContrast(Color):
    """Blends with the mean gray of the image: PIL's `ImageEnhance.Contrast`."""

    neutral = {"factor": 1.0}
    needs_mean = True

    def color(self, colors: ColorMap, params: Params, mean: Tensor) -> ColorMap:
        """Scales every channel about the same gray."""
        gray = colors(mean)
        channels = gray.shape[1] or 3
        weights = LUMA if channels == 3 else (1.0 / channels,) * channels
        gray = sum(weight * gray[:, i] for i, weight in enumerate(weights))
        return _scaled(colors, params["factor"], gray)


@register
class PolicyColor(Color):
    """Blends with the image's own gray: PIL's `ImageEnhance.Color`."""

    neutral = {"factor": 1.0}
    needs_rgb = True

    def color(self, colors: ColorMap, params: Params, mean: Tensor) -> ColorMap:
        """Scales the distance from gray."""
        return colors.saturate(params["factor"])


@register
class PolicySolarizeAdd(Tone):
    """Adds to the pixels below the middle: timm's `SolarizeAdd`."""

    neutral = {"addition": 0.0}

    def tone(self, images: Tensor, params: Params) -> Tensor:
        """`addition` is a fraction of the value range; levels up to 127 of 255 are dark."""
        low, high = self.value_range
        brighter = ops.minimum(images + params["addition"] * (high - low), high)
        return ops.where(images < low + (high - low) * (127.5 / 255.0), brighter, images)


@register
class PolicyCutout(Region):
    """Fills a square about a random centre, cut off at the frame."""

    neutral = {"x": 0.0, "y": 0.0, "side": 0.0}

    def __init__(self, fill_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fill_value = fill_value

    def region(self, params: Params, size: Size) -> Tensor:
        """`side` is a fraction of the width; centres of the frame's."""
        side = params["side"] * ops.cast(size[1], "float32")
        center = ops.stack([params["x"], params["y"]], axis=1)
        return rectangle(clipped_square(center, ops.stack([side, side], axis=1), size), size)

    def filling(self, shape: tuple[Any, ...], params: Params) -> Tensor | float:
        """The constant."""
        return self.fill_value


def _scaled(colors: ColorMap, factor: Tensor, center: Any) -> ColorMap:
    """Then scales about a value, a number or (batch,)."""
    factor = factor[:, None]
    center = center if isinstance(center, float | int) else center[:, None]
    luma = colors.luma if isinstance(colors.luma, float) else factor * colors.luma
    return ColorMap(factor * colors.gain, luma, factor * colors.offset + (1.0 - factor) * center)
