"""Histogram equalization."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_integer
from kerasaug.backend import Tensor
from kerasaug.layers.image.layout import channel_axis
from kerasaug.layers.image.tone.base import Tone
from kerasaug.ops.histogram import MOST_BINS, equalize
from kerasaug.params import Params
from kerasaug.registry import register


@register
class Equalization(Tone):
    """Equalizes the histogram of each channel of each image, so that every level is about as frequent.

    Of 256 bins, the levels are PIL's, to the bit for whole pixel values; as there, a channel stays where it has fewer
    than 255 pixels below its highest level. Of any other number, a level becomes the share of pixels that are darker,
    rounded to a level. Values between two levels are interpolated, and a constant channel stays. Keras's layer shares
    one histogram among the images of a batch.

    Targets: images.

    Args:
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        bins: How many levels the range has, from 2 to 65536; values are rounded to the nearest to be counted. Defaults
            to 256.
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation`. `strength` is the probability of being equalized.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype and number of channels.

    Output shape:
        The input's.

    Raises:
        ValueError: When `bins` is no integer from 2 to 65536.

    Example:

    ```python
    images = np.random.default_rng(0).normal(128, 10, (8, 32, 32, 3)).clip(0, 255)
    equalized = kerasaug.layers.Equalization()(images)
    ```

    Reference:
        `PIL.ImageOps.equalize`.
    """

    reads_whole_images = True

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        bins: int = 256,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, data_format=data_format, **kwargs)
        self.bins = as_integer(bins, "bins", "Equalization", 2, MOST_BINS)

    def tone(self, images: Tensor, params: Params) -> Tensor:
        """Looks each pixel up in its channel's own table."""
        return equalize(images, self.value_range, self.bins, channel_axis(self.data_format))
