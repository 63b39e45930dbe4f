"""Automatic contrast."""

from collections.abc import Sequence
from typing import Any

from kerasaug.backend import Tensor, ops
from kerasaug.layers.image.layout import channel_axis
from kerasaug.layers.image.tone.base import Tone
from kerasaug.ops.levels import spread
from kerasaug.params import Params
from kerasaug.registry import register

_TINY = 2e-38  # which is above all subnormal numbers: compilers take some of those for 0


@register
class AutoContrast(Tone):
    """Stretches each channel of each image over the whole value range; a constant channel stays.

    It augments in training alone, like every layer here; Keras's changes images at inference, too, and mixes up the
    axes of channels_first images.

    Targets: images.

    Args:
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        **kwargs: See `kerasaug.Augmentation`. `strength` is the probability of the stretch.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype and number of channels.

    Output shape:
        The input's.

    Raises:
        ValueError: When `value_range` is no pair of ascending numbers.

    Example:

    ```python
    images = np.array([50, 80, 100]).reshape(1, 3, 1)
    kerasaug.layers.AutoContrast()(images)  # 0, 153, 255
    ```

    Reference:
        `PIL.ImageOps.autocontrast`, which rounds down.
    """

    reads_whole_images = True

    def __init__(self, value_range: Sequence[float] = (0, 255), **kwargs: Any) -> None:
        super().__init__(value_range, **kwargs)

    def tone(self, images: Tensor, params: Params) -> Tensor:
        """Moves each channel's lowest value to the bottom of the range, and its highest to the top."""
        low, high = self.value_range
        darkest, brightest = spread(images, channel_axis(self.data_format))
        difference = brightest - darkest
        varies = difference >= _TINY
        share = (images - darkest) / ops.where(varies, difference, 1.0)
        return ops.where(varies, ops.clip(share * (high - low) + low, low, high), images)
