"""Zoom, in and out."""

from typing import Any

from kerasaug.arguments import as_range
from kerasaug.backend import Tensor
from kerasaug.draw import Rng
from kerasaug.layers.image.warp.base import Warp
from kerasaug.ops.matrix import Size, scaling
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomZoom(Warp):
    """Zooms each image by its own factors, about its centre; positive factors zoom out.

    Targets: images, segmentation_masks, bounding_boxes, keypoints.

    Args:
        height_factor: Range of the vertical zoom, as fractions: `0.2` is (-0.2, 0.2), and `(0.2, 0.3)` shows 20 to 30 %
            more than the image holds. In (-1, 1].
        width_factor: The same, horizontally. `None` (the default) keeps the aspect ratio.
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
        ValueError: When a factor is no number or pair of numbers in (-1, 1].

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    zoomed = kerasaug.layers.RandomZoom(0.2, seed=1)(images)
    ```

    Reference:
        `keras.layers.RandomZoom`, whose boxes drift by half a pixel; these do not.
    """

    axis_aligned = True

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, data_format=data_format, **kwargs)
        low = -1.0 + 1e-6  # at -1 the whole image would be one point
        self.height_factor = as_range(height_factor, "height_factor", "RandomZoom", low, 1.0)
        self.width_factor: tuple[float, float] | None = None
        if width_factor is not None:
            self.width_factor = as_range(width_factor, "width_factor", "RandomZoom", low, 1.0)

    def draw_params(self, rng: Rng) -> Params:
        """Fractions by which more is shown."""
        height = rng.uniform(*self.height_factor, neutral=0.0)
        if self.width_factor is None:
            return {"height": height, "width": height}
        width = rng.uniform(*self.width_factor, neutral=0.0)
        return {"height": height, "width": width}

    def matrix(self, params: Params, size: Size) -> Tensor:
        """Scales about the centre."""
        return scaling(1.0 + params["width"], 1.0 + params["height"])
