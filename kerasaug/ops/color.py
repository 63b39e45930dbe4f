"""Per-sample affine maps of colour, composed before a pixel is touched, and hue, which is none."""

import math
from dataclasses import dataclass

from kerasaug.backend import Tensor, ops, select_rows

LUMA = (0.299, 0.587, 0.114)
_RUN = 32  # pixels
_TINY = 1e-30  # smaller than any difference of two pixels, but no subnormal number


@dataclass
class ColorMap:
    """A per-sample map x -> a·x + g·luma(x) + t of colours.

    Brightness, contrast about a mean, saturation, grayscale and inversion are of this form, and so is what they compose
    to; a pixel costs one luma and two multiplications a channel where a full 3x4 matrix costs nine. What stays a float
    costs nothing.

    Attributes:
        gain: float32 (batch, 1), a; 1.0 for all.
        luma: float32 (batch, 1), g; 0.0 for all, as for images that are not RGB.
        offset: float32 (batch, 1 or channels), t; 0.0 for all.
    """

    gain: Tensor | float = 1.0
    luma: Tensor | float = 0.0
    offset: Tensor | float = 0.0

    @property
    def changes(self) -> bool:
        """Whether it may be another map than x -> x."""
        return not all(isinstance(one, float) for one in (self.gain, self.luma, self.offset))

    def brighten(self, delta: Tensor) -> "ColorMap":
        """Then adds `delta` (batch,) to every channel."""
        return ColorMap(self.gain, self.luma, self.offset + delta[:, None])

    def scale_about(self, factor: Tensor, mean: Tensor) -> "ColorMap":
        """Then scales by `factor` (batch,) about `mean` (batch, channels), the mean of the images as they came."""
        factor = factor[:, None]
        return self._scaled(factor, (1.0 - factor) * self(mean))

    def invert(self, which: Tensor, total: float) -> "ColorMap":
        """Then subtracts from `total` where `which`, boolean (batch,)."""
        inverted = ops.cast(which, "float32")[:, None]
        return self._scaled(1.0 - 2.0 * inverted, total * inverted)

    def saturate(self, factor: Tensor) -> "ColorMap":
        """Then blends with the luma: `factor` (batch,) 0 is gray, 1 changes nothing."""
        factor, offset = factor[:, None], self.offset
        luma = factor * self.luma + (1.0 - factor) * (self.gain + self.luma)
        if not isinstance(offset, float) and offset.shape[1] > 1:  # where it is one for all channels, it is gray
            offset = factor * offset + (1.0 - factor) * _luma(offset)
        return ColorMap(factor * self.gain, luma, offset)

    def __call__(self, colors: Tensor, axis: int = -1) -> Tensor:
        """Maps float32 colours (batch, …), whose channels are on `axis`, the last or the first after the batch."""
        middle = (None,) * (len(colors.shape) - 2)
        index = (slice(None), *middle, slice(None)) if axis == -1 else (slice(None), slice(None), *middle)
        mapped = colors if isinstance(self.gain, float) else self.gain[index] * colors
        if not isinstance(self.luma, float):
            mapped = mapped + self.luma[index] * _luma(colors, axis)
        if isinstance(self.offset, float):
            return mapped
        offset = self.offset[index]
        if axis == -1 and len(colors.shape) == 4 and offset.shape[-1] != 1:
            # A row of them: TensorFlow adds the channels' own at 64x224x224 places in 14 ms, and rows in 4.
            offset = ops.broadcast_to(offset, ops.shape(colors[:, :1]))
        return mapped + offset

    def _scaled(self, factor: Tensor, offset: Tensor) -> "ColorMap":
        luma = self.luma if isinstance(self.luma, float) else factor * self.luma
        return ColorMap(factor * self.gain, luma, factor * self.offset + offset)


def _luma(colors: Tensor, axis: int = -1) -> Tensor:
    """Of one channel, where `colors` have three."""
    return sum(weight * channel for weight, channel in zip(LUMA, ops.split(colors, 3, axis), strict=True))


def channel_mean(images: Tensor, axis: int = -1) -> Tensor:
    """Mean (batch, channels) of images (batch, …), whose channels are on `axis`, -1 or 1.

    With the channels last, in two steps, of which the first adds up runs of a few pixels: XLA on CPUs takes 2 ms so,
    and 7 for the mean along one or both axes (64x224x224x3). With the channels first, row by row: added up at once,
    float32 makes 128.06 of 2160x3840 pixels of 128.4.
    """
    if axis == 1:
        return ops.mean(ops.mean(images, axis=3), axis=2)
    _, height, width, channels = ops.shape(images)
    run = math.gcd(height * width, _RUN) if isinstance(height, int) and isinstance(width, int) else width
    runs = ops.reshape(images, (-1, height * width // run, run * channels))
    return ops.mean(ops.reshape(ops.mean(runs, axis=1), (-1, run, channels)), axis=1)


def shift_hue(images: Tensor, turns: Tensor, axis: int = -1) -> Tensor:
    """Rotates the hue of RGB images, as HSV defines it, keeping value and saturation.

    The three channels are functions of one hue, so HSV itself is never built. Hue and chroma depend on differences of
    the channels alone, so that zero may lie anywhere.

    Args:
        images: float32 (batch, height, width, 3) or (batch, 3, height, width), of any range.
        turns: float32 (batch,), part of a whole turn to add to the hue; 0 changes no bit.
        axis: That of the channels, -1 or 1.

    Returns:
        float32, the shape of `images`.

    Reference:
        Smith, "Color gamut transform pairs", SIGGRAPH 1978.
    """
    if axis == -1:  # XLA on CPUs takes 10 ms without the transpositions, and 3 with them (64x224x224x3)
        turned = shift_hue(ops.transpose(images, (0, 3, 1, 2)), turns, 1)
        return ops.transpose(turned, (0, 2, 3, 1))
    r, g, b = images[:, 0], images[:, 1], images[:, 2]
    value = ops.maximum(ops.maximum(r, g), b)
    chroma = value - ops.minimum(ops.minimum(r, g), b)
    red, green = ops.equal(value, r), ops.equal(value, g)
    sector = ops.where(red, 0.0, ops.where(green, 2.0, 4.0))
    difference = ops.where(red, g - b, ops.where(green, b - r, r - g))
    hue = sector + difference / ops.maximum(chroma, _TINY) + 6.0 * turns[:, None, None]
    hue = hue - 6.0 * ops.floor(hue * (1.0 / 6.0))
    away = (2.0 - ops.abs(hue - 3.0), ops.abs(hue - 2.0) - 1.0, ops.abs(hue - 4.0) - 1.0)  # from red, green and blue
    turned = [value - chroma * ops.clip(one, 0.0, 1.0) for one in away]
    some = ops.not_equal(turns, 0.0)
    return ops.stack([select_rows(some, *pair) for pair in zip(turned, (r, g, b), strict=True)], axis=1)
