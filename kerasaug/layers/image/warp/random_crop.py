"""Random crops."""

from typing import Any

from kerasaug.arguments import as_integer
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.image.warp.base import Warp
from kerasaug.layers.image.warp.framing import covering, placed
from kerasaug.ops.crop import windows
from kerasaug.ops.matrix import Size, affine
from kerasaug.ops.resize import frame, resize
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomCrop(Warp):
    """Crops each image at its own place; at inference, the largest window of the target's shape, resized.

    Keras's layer crops a whole batch at one place, as it documents, and not at all at inference, against it. A sample
    that `p` leaves out, and every sample at `strength=0`, is cropped at the centre.

    Targets: images, segmentation_masks, bounding_boxes, keypoints.

    Args:
        height: Height of the output, in pixels.
        width: Width of the output, in pixels.
        seed: Integer, for draws that repeat.
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype. An image smaller than the
        target is resized, as at inference.

    Output shape:
        The input's, with the target's height and width.

    Raises:
        ValueError: When height or width is no positive integer.

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    crops = kerasaug.layers.RandomCrop(24, 24, seed=1)(images)
    ```

    Reference:
        `keras.layers.RandomCrop`.
    """

    always_moves = True
    axis_aligned = True

    def __init__(
        self, height: int, width: int, seed: int | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.height = as_integer(height, "height", "RandomCrop", low=1)
        self.width = as_integer(width, "width", "RandomCrop", low=1)

    def output_size(self, size: Size) -> Size:
        """The target's."""
        return self.height, self.width

    def draw_params(self, rng: Rng) -> Params:
        """Where the window lies in the room there is: 0 is top or left, 1 bottom or right."""
        return {"top": rng.uniform(0.0, 1.0, neutral=0.5), "left": rng.uniform(0.0, 1.0, neutral=0.5)}

    def matrix(self, params: Params, size: Size) -> Tensor:
        """Shifts by whole pixels, or shrinks the largest window of the target's shape to it."""
        zeros = ops.zeros_like(params["top"])
        spare = [ops.cast(have, "float32") - want for have, want in zip(size, (self.height, self.width), strict=True)]
        fits = (spare[0] >= 0) & (spare[1] >= 0) & ("resize" not in params)
        target = self.height, self.width
        *scales, x, y = placed(covering(size, target), size, target)
        y, x = (
            ops.where(fits, _offset(params[name], room) - room / 2.0, shift)
            for name, room, shift in zip(("top", "left"), spare, (y, x), strict=True)
        )
        across, down = (zeros + ops.where(fits, 1.0, scale) for scale in scales)
        return affine(across, 0.0, x, 0.0, down, y)

    def alone(self, pixels: Tensor, params: Params, interpolation: str, fill_value: float) -> Tensor | None:
        """Copies the window, or resizes the largest; it may be either where sizes are unknown."""
        height, width = ops.shape(pixels)[1:3]
        static = isinstance(height, int) and isinstance(width, int)
        target = self.height, self.width
        if "resize" in params or (static and (height < self.height or width < self.width)):
            return resize(frame(pixels, covering((height, width), target)), target, interpolation)
        if not static:
            return None
        top, left = (
            ops.cast(_offset(params[name], float(room)), "int32")
            for name, room in (("top", height - self.height), ("left", width - self.width))
        )
        return windows(pixels, top, left, target)

    def infer(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The largest window of the target's shape, at the centre, resized; targets follow."""
        self.check(fields)
        zeros = ops.zeros((ops.shape(fields["images"])[0],))
        return self.fused([self], fields, [{"top": zeros, "left": zeros, "resize": True}])


def _offset(fraction: Tensor, room: Tensor | float) -> Tensor:
    """A whole offset from 0 to `room`, both included, each equally likely."""
    return ops.clip(ops.floor(fraction * (room + 1.0)), 0.0, room)
