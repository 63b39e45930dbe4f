"""Crops of the centre."""

from typing import Any

from kerasaug.backend import ops
from kerasaug.layers.image.warp.framing import Framing, Window, covering
from kerasaug.ops.matrix import Size
from kerasaug.registry import register


@register
class CenterCrop(Framing):
    """Crops the centre of each image, at training and at inference alike.

    An image smaller than the target, in height or in width, is cropped to the largest window of the target's shape and
    resized; Keras's layer fails on those whose size is unknown while a graph is traced, and moves no keypoints. A
    sample that `p` leaves out is cropped, too.

    Targets: images, segmentation_masks, bounding_boxes, keypoints.

    Args:
        height: Height of the output, in pixels.
        width: Width of the output, in pixels.
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype.

    Output shape:
        The input's, with the target's height and width.

    Raises:
        ValueError: When height or width is no positive integer.

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    crops = kerasaug.layers.CenterCrop(24, 24)(images)
    ```

    Reference:
        `keras.layers.CenterCrop`.
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(height, width, data_format=data_format, **kwargs)

    def window(self, size: Size) -> Window:
        """The target's height and width, or the largest window of their shape."""
        target = (self.height, self.width)
        smaller = covering(size, target)
        same = ((size[0] - self.height) // 2, (size[1] - self.width) // 2, *target)
        fits = [have >= want for have, want in zip(size, target, strict=True)]
        if all(isinstance(one, bool) for one in fits):
            return same if all(fits) else smaller
        both = ops.logical_and(*fits)
        return tuple(ops.where(both, one, other) for one, other in zip(same, smaller, strict=True))  # type: ignore
