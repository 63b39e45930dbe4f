"""Brightness."""

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
class RandomBrightness(Color):
    """Adds to every pixel of an image the same random part of the value range.

    Targets: images.

    Args:
        factor: Range of what is added, as fractions of the value range, in [-1, 1]: `0.2` is (-0.2, 0.2); at -1 an
            image is black, at 1 it is white.
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype and number of channels.

    Output shape:
        The input's.

    Raises:
        ValueError: When `factor` is no number or pair of numbers in [-1, 1].

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    brighter = kerasaug.layers.RandomBrightness((0.1, 0.3), seed=1)(images)
    ```

    Reference:
        `keras.layers.RandomBrightness`.
    """

    def __init__(
        self, factor: Any, value_range: Sequence[float] = (0, 255), seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(value_range, seed=seed, **kwargs)
        self.factor = as_range(factor, "factor", "RandomBrightness", -1.0, 1.0)

    def draw_params(self, rng: Rng) -> Params:
        """What to add, as a fraction of the value range."""
        return {"brightness": rng.uniform(*self.factor, neutral=0.0)}

    def color(self, colors: ColorMap, params: Params, mean: Tensor) -> ColorMap:
        """Adds."""
        low, high = self.value_range
        return colors.brighten(params["brightness"] * (high - low))
