"""Translation."""

from typing import Any

from kerasaug.arguments import as_range
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.image.warp.base import Warp
from kerasaug.ops.matrix import Size, translation
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomTranslation(Warp):
    """Shifts each image by its own amounts, down and to the right where positive.

    Targets: images, segmentation_masks, bounding_boxes, keypoints.

    Args:
        height_factor: Range of the vertical shift, as fractions of the height: `0.2` is (-0.2, 0.2). In [-1, 1].
        width_factor: Range of the horizontal shift, as fractions of the width.
        fill_mode: What lies beyond the frame: `"reflect"` (the default), `"constant"`, `"wrap"` or `"nearest"`.
        interpolation: `"bilinear"` (the default) or `"nearest"`.
        seed: Integer, for draws that repeat.
        fill_value: The constant of `fill_mode="constant"`. Defaults to 0.
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation` and `mask_fill_value`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype.

    Output shape:
        The input's.

    Raises:
        ValueError: When a factor is no number or pair of numbers in [-1, 1].

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    shifted = kerasaug.layers.RandomTranslation(0.1, 0.1, seed=1)(images)
    ```

    Reference:
        `keras.layers.RandomTranslation`.
    """

    axis_aligned = True

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, data_format=data_format, **kwargs)
        self.height_factor = as_range(height_factor, "height_factor", "RandomTranslation", -1.0, 1.0)
        self.width_factor = as_range(width_factor, "width_factor", "RandomTranslation", -1.0, 1.0)

    def draw_params(self, rng: Rng) -> Params:
        """Shifts, as fractions of the image."""
        return {
            "height": rng.uniform(*self.height_factor, neutral=0.0),
            "width": rng.uniform(*self.width_factor, neutral=0.0),
        }

    def matrix(self, params: Params, size: Size) -> Tensor:
        """Shifts by pixels."""
        height, width = (ops.cast(length, "float32") for length in size)
        return translation(params["width"] * width, params["height"] * height)
