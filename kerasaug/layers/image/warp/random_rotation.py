"""Rotation by any angle."""

import math
from typing import Any

from kerasaug.arguments import as_range
from kerasaug.backend import Tensor
from kerasaug.draw import Rng
from kerasaug.layers.image.warp.base import Warp
from kerasaug.ops.matrix import Size, rotation
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomRotation(Warp):
    """Rotates each image by its own angle, about its centre.

    Targets: images, segmentation_masks, bounding_boxes, keypoints.

    Args:
        factor: Range of angles, as fractions of a whole turn: `0.1` is (-0.1, 0.1), from 36° clockwise to 36°
            counter-clockwise. Positive is counter-clockwise, as displayed.
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
        ValueError: When `factor` is no number or pair of numbers in [-1, 1].

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    rotated = kerasaug.layers.RandomRotation(0.1, seed=1)(images)
    ```

    Reference:
        `torchvision.transforms.v2.RandomRotation`.
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, data_format=data_format, **kwargs)
        self.factor = as_range(factor, "factor", "RandomRotation", -1.0, 1.0)

    def draw_params(self, rng: Rng) -> Params:
        """Angles, in radians."""
        low, high = self.factor
        return {"angle": rng.uniform(2 * math.pi * low, 2 * math.pi * high, neutral=0.0)}

    def matrix(self, params: Params, size: Size) -> Tensor:
        """Turns about the centre."""
        return rotation(params["angle"])
