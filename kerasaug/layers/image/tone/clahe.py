"""Contrast-limited adaptive histogram equalization."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_integers, as_number
from kerasaug.backend import Tensor
from kerasaug.layers.image.layout import channel_axis
from kerasaug.layers.image.tone.base import Tone
from kerasaug.ops.clahe import clahe
from kerasaug.params import Params
from kerasaug.registry import register

_MOST_TILES = 64


@register
class ContrastLimitedAdaptiveHistogramEqualization(Tone):
    """Equalizes the histogram of each tile of each channel, with a limit on how much contrast is raised.

    `kerasaug.layers.CLAHE` is the same layer.

    Tables and blends are OpenCV's, for whole pixel values; those between two levels are interpolated. Like every layer
    here it augments in training alone; Keras's changes images at inference, too.

    Targets: images.

    Args:
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        clip_limit: What a bin of a tile's histogram may hold, as a multiple of what it would if all were alike; the
            rest is spread over all bins. 1 changes contrast least, 0 is no limit. Defaults to 4.
        tile_grid_size: How many tiles an image has, along height and width. A number is both. Defaults to (8, 8).
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation`. `strength` is the probability of being equalized.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype and number of channels.

    Output shape:
        The input's.

    Raises:
        ValueError: When `clip_limit` is negative, or `tile_grid_size` holds anything but integers from 1 to 64.

    Example:

    ```python
    images = np.random.default_rng(0).normal(128, 10, (8, 64, 64, 3)).clip(0, 255)
    equalized = kerasaug.layers.CLAHE(clip_limit=2.0)(images)
    ```

    Reference:
        `cv2.createCLAHE`; Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV, 1994.
    """

    reads_whole_images = True

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: Any = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, data_format=data_format, **kwargs)
        name = type(self).__name__
        self.clip_limit = as_number(clip_limit, "clip_limit", name, 0.0)
        self.tile_grid_size = as_integers(tile_grid_size, "tile_grid_size", name, 1, _MOST_TILES)

    def tone(self, images: Tensor, params: Params) -> Tensor:
        """Looks each pixel up in the tables of four tiles."""
        return clahe(images, self.value_range, self.clip_limit, self.tile_grid_size, channel_axis(self.data_format))
