"""Saturation."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_range
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.image.color.base import Color
from kerasaug.ops.color import ColorMap
from kerasaug.params import Params
from kerasaug.registry import register

_MOST = 255.0  # beyond it, float32's rounding of a gray pixel's luma would show as colour


def saturation_gain(factor: Tensor) -> Tensor:
    """Keras's factor, 0 for gray and 0.5 for no change, as what to multiply the distance from gray by."""
    return factor / ops.maximum(1.0 - factor, 1.0 / _MOST)


@register
class RandomSaturation(Color):
    """Blends each image with its own gray, or moves it away from there.

    A blend with the luma, as in PIL and torchvision, which fuses with the other colour ops; Keras's layer scales the S
    of HSV, and reaches -756 on images in [0, 255].

    Targets: images.

    Args:
        factor: Range, in [0, 1]: 0 is gray, 0.5 changes nothing, 1 saturates fully; colours are `f / (1 - f)` times as
            far from gray. A number `f` is (0, f). Above 0.5 colours soon reach the ends of the value range, where they
            are clipped: at 0.75 they are 3 times as far from gray, at 0.9 9 times, at 1, the end, 255 times.
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        data_format: `"channels_last"` or `"channels_first"`.
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        (height, width, 3) or (batch, height, width, 3), any numeric dtype.

    Output shape:
        The input's.

    Raises:
        ValueError: When `factor` is no number or pair of numbers in [0, 1], or the images are not RGB.

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    vivid = kerasaug.layers.RandomSaturation((0.4, 0.7), seed=1)(images)
    ```

    Reference:
        `torchvision.transforms.v2.functional.adjust_saturation`.
    """

    needs_rgb = True

    def __init__(
        self,
        factor: Any,
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, data_format=data_format, seed=seed, **kwargs)
        self.factor = as_range(factor, "factor", "RandomSaturation", 0.0, 1.0, single="from_zero")

    def draw_params(self, rng: Rng) -> Params:
        """Factors about 0.5."""
        return {"saturation": rng.uniform(*self.factor, neutral=0.5)}

    def color(self, colors: ColorMap, params: Params, mean: Tensor) -> ColorMap:
        """Blends with the luma."""
        return colors.saturate(saturation_gain(params["saturation"]))
