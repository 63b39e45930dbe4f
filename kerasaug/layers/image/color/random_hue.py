"""Hue."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_range
from kerasaug.backend import Tensor
from kerasaug.draw import Rng
from kerasaug.layers.image.color.base import Color
from kerasaug.layers.image.layout import channel_axis
from kerasaug.ops.color import ColorMap, shift_hue
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomHue(Color):
    """Turns the hue of each image, as HSV defines it, by its own random angle, either way.

    Targets: images.

    Args:
        factor: Range of the angle, in [0, 1], where 1 is half a turn; a number `f` is (0, f), and the direction is
            drawn.
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
    turned = kerasaug.layers.RandomHue(0.2, seed=1)(images)
    ```

    Reference:
        `torchvision.transforms.v2.functional.adjust_hue`.
    """

    needs_rgb = True
    pointwise = True

    def __init__(
        self,
        factor: Any,
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, data_format=data_format, seed=seed, **kwargs)
        self.factor = as_range(factor, "factor", "RandomHue", 0.0, 1.0, single="from_zero")

    def draw_params(self, rng: Rng) -> Params:
        """Half turns, either way."""
        return {"hue": rng.sign() * rng.uniform(*self.factor, neutral=0.0)}

    def color(self, colors: ColorMap, params: Params, mean: Tensor) -> ColorMap:
        """No affine map."""
        return colors

    def finish(self, images: Tensor, params: Params) -> Tensor:
        """Turns the hue."""
        return shift_hue(images, 0.5 * params["hue"], channel_axis(self.data_format))
