"""Inversion."""

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
class RandomInvert(Color):
    """Inverts the pixels of each image with some probability, so that the lowest value becomes the highest.

    Keras's layer subtracts from the highest value, which is right only where the lowest is 0.

    Targets: images.

    Args:
        factor: Range from which each image's probability of being inverted is drawn, in [0, 1]; a number `f` is (0, f),
            as in Keras, so that the default of 1 inverts half of the images. (1, 1) inverts all.
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        seed: Integer, for draws that repeat.
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype and number of channels.

    Output shape:
        The input's.

    Raises:
        ValueError: When `factor` is no number or pair of numbers in [0, 1].

    Example:

    ```python
    images = np.random.default_rng(0).uniform(-1, 1, (8, 32, 32, 3))
    negative = kerasaug.layers.RandomInvert((1.0, 1.0), value_range=(-1, 1))(images)
    ```

    Reference:
        `PIL.ImageOps.invert`.
    """

    bounded = True

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = as_range(factor, "factor", "RandomInvert", 0.0, 1.0, single="from_zero")

    def draw_params(self, rng: Rng) -> Params:
        """Whether to invert."""
        return {"inverted": rng.bernoulli(rng.uniform(*self.factor))}

    def color(self, colors: ColorMap, params: Params, mean: Tensor) -> ColorMap:
        """Subtracts from the sum of the lowest and the highest value."""
        return colors.invert(params["inverted"], sum(self.value_range))
