"""AutoAugment."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasaug.arguments import one_of
from kerasaug.backend import ops
from kerasaug.draw import Rng
from kerasaug.layers.image.policy.auto_augment_tables import POLICIES
from kerasaug.layers.image.policy.base import Choice, MenuPolicy
from kerasaug.layers.image.policy.menu import (
    AUTO_CONTRAST,
    EQUALIZE,
    INVERT,
    enhancing,
    geometric,
    posterize,
    solarize,
)
from kerasaug.registry import register

MENU = [
    *geometric(shear=0.3, shift=150.0 / 331.0, degrees=30.0),
    *enhancing(0.9),
    posterize(4.0),
    solarize(),
    AUTO_CONTRAST,
    EQUALIZE,
    INVERT,
]
_NUMBERS = {move.name: number for number, move in enumerate(MENU)}
_STRONGEST = 9


@register
class AutoAugment(MenuPolicy):
    """Applies to each image one of the 25 pairs of ops that a search found for a data set.

    Targets: images, segmentation_masks, bounding_boxes, keypoints.

    Args:
        policy: `"imagenet"` (the default), `"cifar10"` or `"svhn"`: what the pairs were found on.
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
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
    augmented = kerasaug.layers.AutoAugment("cifar10", seed=1)(images)
    ```

    Reference:
        Cubuk et al., "AutoAugment: learning augmentation policies from data", arXiv:1805.09501; pairs and ranges as in
        `torchvision.transforms.v2.AutoAugment`.
    """

    def __init__(
        self,
        policy: str = "imagenet",
        value_range: Sequence[float] = (0, 255),
        interpolation: str = "bilinear",
        fill_mode: str = "constant",
        fill_value: float | None = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.policy = one_of(policy, list(POLICIES), "policy", "AutoAugment")
        shared = {"seed": seed, "data_format": data_format, **kwargs}
        super().__init__(MENU, 2, value_range, interpolation, fill_mode, fill_value, **shared)

    def choose_moves(self, rng: Rng) -> Choice:
        """A pair; each of its ops happens with a probability of its own."""
        pairs = POLICIES[self.policy]
        row = rng.integers(0, len(pairs))

        def table(column: int, dtype: str) -> Any:
            entries = [[_entry(op, column) for op in pair] for pair in pairs]
            return ops.take(ops.convert_to_tensor(np.array(entries, dtype)), row, axis=0)

        op, probability, level = table(0, "int32"), table(1, "float32"), table(2, "float32") / _STRONGEST
        return Choice(op, level, rng.unit((2,)) < probability)


def _entry(op: tuple[str, float, int | None], column: int) -> float:
    name, probability, magnitude = op
    return (_NUMBERS[name], probability, magnitude or 0)[column]
