"""Per-sample affine maps of colour, composed before a pixel is touched, and hue, which is none."""

from dataclasses import dataclass

from kerasaug.backend import Tensor, ops

LUMA = (0.299, 0.587, 0.114)


@dataclass
class ColorMap:
    """A per-sample map x -> a·x + g·luma(x) + t of colours.

    Brightness, contrast about a mean, saturation and grayscale are of this form, and so is what they compose to; a
    pixel costs one luma and two multiplications a channel where a full 3x4 matrix costs nine.

    Attributes:
        gain: float32 (batch, 1), a.
        luma: float32 (batch, 1), g; `None` when it is zero, as for images that are not RGB.
        offset: float32 (batch, channels), t.
    """

    gain: Tensor
    luma: Tensor | None
    offset: Tensor

    @classmethod
    def identity(cls, images: Tensor) -> "ColorMap":
        """The map that changes nothing, for images (batch, height, width, channels)."""
        shape = ops.shape(images)
        return cls(ops.ones((shape[0], 1)), None, ops.zeros((shape[0], shape[3])))

    def brighten(self, delta: Tensor) -> "ColorMap":
        """Then adds `delta` (batch,) to every channel."""
        return ColorMap(self.gain, self.luma, self.offset + delta[:, None])

    def scale_about(self, factor: Tensor, mean: Tensor) -> "ColorMap":
        """Then scales by `factor` (batch,) about `mean` (batch, channels), the mean of the images as they came."""
        factor, mean = factor[:, None], self(mean)
        luma = None if self.luma is None else factor * self.luma
        return ColorMap(factor * self.gain, luma, factor * self.offset + (1.0 - factor) * mean)

    def saturate(self, factor: Tensor) -> "ColorMap":
        """Then blends with the luma: `factor` (batch,) 0 is gray, 1 changes nothing."""
        factor = factor[:, None]
        before = 0.0 if self.luma is None else self.luma
        luma = factor * before + (1.0 - factor) * (self.gain + before)
        offset = factor * self.offset + (1.0 - factor) * _luma(self.offset)
        return ColorMap(factor * self.gain, luma, offset)

    def __call__(self, colors: Tensor) -> Tensor:
        """Maps float32 colours (batch, …, channels)."""
        middle = (1,) * (len(colors.shape) - 2)

        def align(value: Tensor) -> Tensor:
            return ops.reshape(value, (-1, *middle, value.shape[-1]))

        mapped = align(self.gain) * colors + align(self.offset)
        return mapped if self.luma is None else mapped + align(self.luma) * _luma(colors)


def _luma(colors: Tensor) -> Tensor:
    return sum(weight * colors[..., i : i + 1] for i, weight in enumerate(LUMA))


def shift_hue(images: Tensor, turns: Tensor) -> Tensor:
    """Rotates the hue of RGB images, as HSV defines it, keeping value and saturation.

    The three channels are functions of one hue that differ by a third of a turn, so HSV itself is never built.

    Args:
        images: float32 (batch, height, width, 3), any non-negative range.
        turns: float32 (batch,), part of a whole turn to add to the hue.

    Returns:
        float32, the shape of `images`.

    Reference:
        Smith, "Color gamut transform pairs", SIGGRAPH 1978.
    """
    r, g, b = images[..., 0], images[..., 1], images[..., 2]
    value = ops.maximum(ops.maximum(r, g), b)
    chroma = value - ops.minimum(ops.minimum(r, g), b)
    safe = ops.where(chroma > 0, chroma, 1.0)
    from_red = (g - b) / safe
    hue = ops.where(value == r, from_red, ops.where(value == g, 2.0 + (b - r) / safe, 4.0 + (r - g) / safe))
    hue = hue + 6.0 * turns[:, None, None]

    def channel(shift: float) -> Tensor:
        k = hue + shift
        k = k - 6.0 * ops.floor(k / 6.0)
        return value - chroma * ops.clip(ops.minimum(k, 4.0 - k), 0.0, 1.0)

    return ops.stack([channel(5.0), channel(3.0), channel(1.0)], axis=-1)
