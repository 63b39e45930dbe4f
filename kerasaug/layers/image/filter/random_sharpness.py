"""Sharpness."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_range
from kerasaug.backend import Tensor
from kerasaug.draw import Rng
from kerasaug.layers.image.filter.base import Filter
from kerasaug.ops.filters import Rows, sharpen
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomSharpness(Filter):
    """Smooths or sharpens each image by its own amount, blending it with itself smoothed.

    The smoothing kernel is Pillow's, [1 1 1; 1 5 1; 1 1 1] / 13, and the outermost pixels stay as they are. Keras's
    layer sees black beyond the frame instead, and darkens them.

    Targets: images.

    Args:
        factor: Range of the sharpness, in [0, 1]: 0 is smoothed, 0.5 changes nothing, 1 is sharpened as far as 0 is
            smoothed. A number `f` is (0, f).
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        data_format: `"channels_last"` or `"channels_first"`.
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype and number of channels.

    Output shape:
        The input's.

    Raises:
        ValueError: When `factor` is no number or pair of numbers in [0, 1].

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    sharper = kerasaug.layers.RandomSharpness((0.6, 1.0), seed=1)(images)
    ```

    Reference:
        `PIL.ImageEnhance.Sharpness`, whose factor is twice this one.
    """

    dozens = False

    def __init__(
        self,
        factor: Any,
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, data_format=data_format, seed=seed, **kwargs)
        self.factor = as_range(factor, "factor", "RandomSharpness", 0.0, 1.0, single="from_zero")

    def draw_params(self, rng: Rng) -> Params:
        """Amounts, Pillow's factors: 0 is smoothed, 1 changes nothing, 2 is sharpened."""
        low, high = self.factor
        return {"amount": rng.uniform(2.0 * low, 2.0 * high, neutral=1.0)}

    def filter(self, rows: Rows, params: Params) -> Tensor:
        """Blends."""
        return sharpen(rows, params["amount"])
