"""Cutout."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_number, as_range, one_of
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.image.region.base import Region
from kerasaug.layers.image.region.noise import normal_noise
from kerasaug.ops.matrix import Size
from kerasaug.ops.regions import clipped_square, rectangle
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomCutout(Region):
    """Covers a rectangle whose centre lies anywhere in the image, so that it may stick out.

    Targets: images; masks with `mask_fill_value`; boxes with `max_covered`.

    Args:
        height_factor: Range of the rectangle's height, as fractions of the image's, in [0, 1]; a number `f` is (f, f).
        width_factor: Range of its width, likewise.
        fill_mode: `"constant"` (the default) or `"gaussian_noise"`.
        fill_value: The constant, in the images' units. Defaults to 0.
        seed: Integer, for draws that repeat.
        value_range: Lowest and highest pixel value, for the noise. Defaults to (0, 255).
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation`, `mask_fill_value` and `max_covered`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype and number of channels.

    Output shape:
        The input's.

    Raises:
        ValueError: When a factor is no number or pair of numbers in [0, 1].

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    cut = kerasaug.layers.RandomCutout(0.5, 0.5, seed=1)(images)
    ```

    Reference:
        DeVries and Taylor, "Improved regularization of convolutional neural networks with Cutout", arXiv:1708.04552.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        seed: int | None = None,
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, seed=seed, data_format=data_format, **kwargs)
        self.height_factor = as_range(height_factor, "height_factor", "RandomCutout", 0.0, 1.0, single="both")
        self.width_factor = as_range(width_factor, "width_factor", "RandomCutout", 0.0, 1.0, single="both")
        self.fill_mode = one_of(fill_mode, ("constant", "gaussian_noise"), "fill_mode", "RandomCutout")
        self.fill_value = as_number(fill_value, "fill_value", "RandomCutout")

    def draw_params(self, rng: Rng) -> Params:
        """Centre (x, y) and extent (width, height), as fractions of the image."""
        width, height = rng.uniform(*self.width_factor, neutral=0.0), rng.uniform(*self.height_factor, neutral=0.0)
        params = {"center": rng.unit((2,)), "extent": ops.stack([width, height], axis=1)}
        return params if self.fill_mode == "constant" else {**params, "key": rng.key()}

    def region(self, params: Params, size: Size) -> Tensor:
        """The rectangle, cut off at the frame."""
        frame = ops.cast(ops.stack([size[1], size[0]]), "float32")
        return rectangle(clipped_square(params["center"], params["extent"] * frame, size), size)

    def filling(self, shape: tuple[Any, ...], params: Params) -> Tensor | float:
        """The constant, or noise."""
        return self.fill_value if self.fill_mode == "constant" else normal_noise(shape, params, self.value_range)
