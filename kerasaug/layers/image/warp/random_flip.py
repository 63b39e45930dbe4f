"""Flips."""

from typing import Any

from kerasaug.arguments import one_of
from kerasaug.backend import Tensor, ops, select_rows
from kerasaug.draw import Rng
from kerasaug.layers.image.warp.base import Warp
from kerasaug.ops.matrix import Size, scaling
from kerasaug.params import Params
from kerasaug.registry import register

MODES = ("horizontal", "vertical", "horizontal_and_vertical")


@register
class RandomFlip(Warp):
    """Flips each image left-right, top-bottom, or both, each with its own coin.

    Keras's layer tosses one coin for both directions of `"horizontal_and_vertical"`; here they are independent.

    Targets: images, segmentation_masks, bounding_boxes, keypoints.

    Args:
        mode: `"horizontal"`, `"vertical"` or `"horizontal_and_vertical"` (the default).
        seed: Integer, for draws that repeat.
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype.

    Output shape:
        The input's.

    Raises:
        ValueError: When `mode` is none of the three.

    Example:

    ```python
    images = np.arange(6.0).reshape(1, 2, 3, 1)
    kerasaug.layers.RandomFlip("horizontal", seed=1)(images)
    ```

    Reference:
        `torchvision.transforms.v2.RandomHorizontalFlip`.
    """

    leaves_frame = False
    axis_aligned = True

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.mode = one_of(mode, MODES, "mode", "RandomFlip")

    def draw_params(self, rng: Rng) -> Params:
        """Two independent coins."""
        return {
            "horizontal": rng.bernoulli(0.5 if "horizontal" in self.mode else 0.0),
            "vertical": rng.bernoulli(0.5 if "vertical" in self.mode else 0.0),
        }

    def matrix(self, params: Params, size: Size) -> Tensor:
        """Mirrors about the centre, in the directions of `mode` and no other."""
        x, y = (ops.where(params[name], -1.0, 1.0) if name in self.mode else 1.0 for name in ("horizontal", "vertical"))
        return scaling(x, y)

    def exact(self, images: Tensor, params: Params) -> Tensor:
        """The same, reversed, not read pixel by pixel: no arithmetic, no gather."""
        for name, axis in (("horizontal", 2), ("vertical", 1)):
            if name in self.mode:
                images = select_rows(params[name], ops.flip(images, axis=axis), images)
        return images
