"""UniformAugment."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_integer, as_number
from kerasaug.draw import Rng
from kerasaug.layers.image.policy.base import Choice, MenuPolicy
from kerasaug.layers.image.policy.menu import (
    AUTO_CONTRAST,
    EQUALIZE,
    INVERT,
    cutout,
    enhancing,
    geometric,
    posterize,
    solarize,
)
from kerasaug.registry import register

MENU = [
    *geometric(shear=0.3, shift=0.45, degrees=30.0),
    AUTO_CONTRAST,
    INVERT,
    EQUALIZE,
    solarize(),
    posterize(4.0),
    *enhancing(0.9),
    cutout(0.2),
]


@register
class UniformAugment(MenuPolicy):
    """Applies some of 15 ops to each image, each with some probability, at magnitudes drawn uniformly: no search.

    Targets: images, segmentation_masks, bounding_boxes, keypoints.

    Args:
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        num_ops: How many ops are drawn for an image, one after another. Defaults to 2.
        rate: Probability with which each of them is applied. Defaults to 0.5.
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
    augmented = kerasaug.layers.UniformAugment(seed=1)(images)
    ```

    Reference:
        LingChen et al., "UniformAugment: a search-free probabilistic data augmentation approach", arXiv:2003.14348; the
        ranges are those of Lim et al., "Fast AutoAugment", arXiv:1905.00397.
    """

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        num_ops: int = 2,
        rate: float = 0.5,
        interpolation: str = "bilinear",
        fill_mode: str = "constant",
        fill_value: float | None = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.num_ops = as_integer(num_ops, "num_ops", "UniformAugment", low=1, high=32)
        shared = {"seed": seed, "data_format": data_format, **kwargs}
        super().__init__(MENU, num_ops, value_range, interpolation, fill_mode, fill_value, **shared)
        self.rate = as_number(rate, "rate", "UniformAugment", 0.0, 1.0)

    def choose_moves(self, rng: Rng) -> Choice:
        """Any op, at any level, or not."""
        shape = (self.num_ops,)
        return Choice(rng.integers(0, len(MENU), shape), rng.unit(shape), rng.unit(shape) < self.rate)
