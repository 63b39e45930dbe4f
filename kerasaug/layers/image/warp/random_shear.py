"""Shear."""

from typing import Any

from kerasaug.arguments import as_range
from kerasaug.backend import Tensor
from kerasaug.draw import Rng
from kerasaug.layers.image.warp.base import Warp
from kerasaug.ops.matrix import Size, shearing
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomShear(Warp):
    """Shears each image along x, along y or both, about its centre, in either direction.

    Keras's layer shears about the top-left corner and moves boxes by the wrong amounts; this one does neither.

    Targets: images, segmentation_masks, bounding_boxes, keypoints.

    Args:
        x_factor: Range of the horizontal shear, from 0 to 1: `0.3` is (0, 0.3), and a slope of 0.3 moves the bottom
            row of a square image by 30 % of its width against the top row. The direction is drawn. Defaults to 0.
        y_factor: The same, vertically. Defaults to 0.
        interpolation: `"bilinear"` (the default) or `"nearest"`.
        fill_mode: What lies beyond the frame: `"reflect"` (the default), `"constant"`, `"wrap"` or `"nearest"`.
        fill_value: The constant of `fill_mode="constant"`. Defaults to 0.
        data_format: `"channels_last"` or `"channels_first"`.
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation` and `mask_fill_value`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype.

    Output shape:
        The input's.

    Raises:
        ValueError: When a factor is no number or pair of numbers in [0, 1].

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    sheared = kerasaug.layers.RandomShear(x_factor=0.2, y_factor=0.1, seed=1)(images)
    ```

    Reference:
        `keras.layers.RandomShear`.
    """

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, data_format=data_format, **kwargs)
        self.x_factor = as_range(x_factor, "x_factor", "RandomShear", 0.0, 1.0, single="from_zero")
        self.y_factor = as_range(y_factor, "y_factor", "RandomShear", 0.0, 1.0, single="from_zero")

    def draw_params(self, rng: Rng) -> Params:
        """Signed slopes."""
        return {
            "x": rng.sign() * rng.uniform(*self.x_factor, neutral=0.0),
            "y": rng.sign() * rng.uniform(*self.y_factor, neutral=0.0),
        }

    def matrix(self, params: Params, size: Size) -> Tensor:
        """Shears about the centre."""
        return shearing(params["x"], params["y"])
