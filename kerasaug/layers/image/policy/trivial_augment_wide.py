"""TrivialAugment."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_integer
from kerasaug.backend import ops
from kerasaug.draw import Rng
from kerasaug.layers.image.policy.base import Choice, MenuPolicy
from kerasaug.layers.image.policy.menu import (
    AUTO_CONTRAST,
    EQUALIZE,
    IDENTITY,
    enhancing,
    geometric,
    posterize,
    solarize,
)
from kerasaug.registry import register

MENU = [
    IDENTITY,
    *geometric(shear=0.99, shift=0.0, pixels=32.0, degrees=135.0),
    *enhancing(0.99),
    posterize(6.0),
    solarize(),
    AUTO_CONTRAST,
    EQUALIZE,
]


@register
class TrivialAugmentWide(MenuPolicy):
    """Applies one of 14 ops to each image, each as likely as any, at a magnitude that is drawn: nothing to tune.

    Targets: images, segmentation_masks, bounding_boxes, keypoints.

    Args:
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        num_magnitude_bins: How many magnitudes there are, from none to the op's largest. Defaults to 31.
        interpolation: `"bilinear"` (the default) or `"nearest"`.
        fill_mode: What lies beyond the frame: `"constant"` (the default), `"reflect"`, `"wrap"` or `"nearest"`.
        fill_value: The constant, in the images' units; the middle of the value range when `None` (the default).
        seed: Integer, for draws that repeat.
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation` and `mask_fill_value`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype. Of other than 3 channels, the
        ops that change colours do nothing.

    Output shape:
        The input's.

    Raises:
        ValueError: When an argument is out of bounds.

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    augmented = kerasaug.layers.TrivialAugmentWide(seed=1)(images)
    ```

    Reference:
        Müller and Hutter, "TrivialAugment: tuning-free yet state-of-the-art data augmentation", arXiv:2103.10158;
        ops and ranges as in `torchvision.transforms.v2.TrivialAugmentWide`.
    """

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        num_magnitude_bins: int = 31,
        interpolation: str = "bilinear",
        fill_mode: str = "constant",
        fill_value: float | None = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        shared = {"seed": seed, "data_format": data_format, **kwargs}
        super().__init__(MENU, 1, value_range, interpolation, fill_mode, fill_value, **shared)
        self.num_magnitude_bins = as_integer(num_magnitude_bins, "num_magnitude_bins", "TrivialAugmentWide", low=2)

    def choose_moves(self, rng: Rng) -> Choice:
        """Any op, at any bin."""
        op = rng.integers(0, len(MENU), (1,))
        level = ops.cast(rng.integers(0, self.num_magnitude_bins, (1,)), "float32") / (self.num_magnitude_bins - 1.0)
        return Choice(op, level, ops.ones_like(op) > 0)
