"""Contrast."""

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
class RandomContrast(Color):
    """Stretches or shrinks each channel's distance from its own mean: `(x - mean) * contrast + mean`.

    Keras's layer never weakens the contrast: of `[1 - lower, 1 + upper]`, which it documents and this layer draws, it
    draws the upper part alone.

    Targets: images.

    Args:
        factor: `f`, or (lower, upper), in [0, 1]: the contrast is drawn from `[1 - lower, 1 + upper]`; `f` is (f, f).
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
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
    contrasted = kerasaug.layers.RandomContrast(0.3, seed=1)(images)
    ```

    Reference:
        `keras.layers.RandomContrast`.
    """

    needs_mean = True

    def __init__(
        self, factor: Any, value_range: Sequence[float] = (0, 255), seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(value_range, seed=seed, **kwargs)
        self.factor = as_range(factor, "factor", "RandomContrast", 0.0, 1.0, single="both")

    def draw_params(self, rng: Rng) -> Params:
        """Factors about 1."""
        lower, upper = self.factor
        return {"contrast": rng.uniform(1.0 - lower, 1.0 + upper, neutral=1.0)}

    def color(self, colors: ColorMap, params: Params, mean: Tensor) -> ColorMap:
        """Scales about the mean."""
        return colors.scale_about(params["contrast"], mean)
