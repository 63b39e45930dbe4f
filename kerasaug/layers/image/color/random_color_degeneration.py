"""Colour degeneration."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_range
from kerasaug.backend import Tensor
from kerasaug.draw import Rng
from kerasaug.layers.image.color.base import Color
from kerasaug.ops.color import ColorMap
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomColorDegeneration(Color):
    """Blends each image with its own gray, by its own random part.

    Targets: images.

    Args:
        factor: Range of the part of gray, in [0, 1]: 0 changes nothing, 1 is gray. A number `f` is (0, f).
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
    dull = kerasaug.layers.RandomColorDegeneration((0.3, 0.7), seed=1)(images)
    ```

    Reference:
        `PIL.ImageEnhance.Color`, of 1 minus the factor.
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
        self.factor = as_range(factor, "factor", "RandomColorDegeneration", 0.0, 1.0, single="from_zero")

    def draw_params(self, rng: Rng) -> Params:
        """Parts of gray."""
        return {"degeneration": rng.uniform(*self.factor, neutral=0.0)}

    def color(self, colors: ColorMap, params: Params, mean: Tensor) -> ColorMap:
        """Blends with the luma."""
        return colors.saturate(1.0 - params["degeneration"])
