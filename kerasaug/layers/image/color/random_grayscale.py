"""Grayscale."""

from typing import Any

from kerasaug.arguments import as_number
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.image.color.base import Color
from kerasaug.ops.color import ColorMap
from kerasaug.params import Params
from kerasaug.registry import register
from kerasaug.stages import ANY


@register
class RandomGrayscale(Color):
    """Turns each image gray with some probability; it keeps its three channels, which are then the same.

    Keras's layer takes no dicts, and its config has no `seed`.

    Targets: images.

    Args:
        factor: Probability with which an image becomes gray. Defaults to 0.5.
        data_format: `"channels_last"` or `"channels_first"`.
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        (height, width, 3) or (batch, height, width, 3), any numeric dtype and range.

    Output shape:
        The input's.

    Raises:
        ValueError: When `factor` is no number in [0, 1], or the images are not RGB.

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    some_gray = kerasaug.layers.RandomGrayscale(0.3, seed=1)(images)
    ```

    Reference:
        ITU-R BT.601, whose luma PIL and torchvision take too.
    """

    needs_rgb = True
    bounded = True

    def __init__(
        self, factor: float = 0.5, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, seed=seed, **kwargs)
        self.factor = as_number(factor, "factor", "RandomGrayscale", 0.0, 1.0)

    def draw_params(self, rng: Rng) -> Params:
        """Whether an image becomes gray."""
        return {"gray": rng.bernoulli(self.factor)}

    def fusion_key(self) -> Any:
        """Gray is gray in any value range."""
        return ANY

    def color(self, colors: ColorMap, params: Params, mean: Tensor) -> ColorMap:
        """Replaces by the luma."""
        return colors.saturate(1.0 - ops.cast(params["gray"], "float32"))
