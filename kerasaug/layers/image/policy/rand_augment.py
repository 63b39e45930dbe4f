"""RandAugment."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_integer, as_number, as_range, one_of
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.image.policy.base import Choice, MenuPolicy
from kerasaug.layers.image.policy.rand_augment_menus import MENUS
from kerasaug.registry import register


@register
class RandAugment(MenuPolicy):
    """Applies some ops to each image, one after another, each drawn for that image alone from a menu of equal chances.

    Keras's layer draws once for the whole batch, evaluates every op, and turns by up to half a circle; here a level of
    1 is the largest magnitude of the paper for geometry and bits, and the whole of a factor's range for colours, and
    directions are drawn.

    Targets: images, segmentation_masks, bounding_boxes, keypoints.

    Args:
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        num_ops: How many ops are applied to an image. Defaults to 2.
        factor: Range of the level of each op, from 0 (none) to 1 (the paper's largest); a number `f` is (0, f).
            Defaults to 0.5. A pair of equal numbers is the paper's fixed magnitude: M of its 30 is (M / 30, M / 30).
        interpolation: `"bilinear"` (the default) or `"nearest"`.
        seed: Integer, for draws that repeat.
        data_format: `"channels_last"` or `"channels_first"`.
        menu: `"keras"` (the default), the 11 ops of Keras's layer; `"paper"`, the 14 of the paper; `"increasing"`,
            timm's 15, of which each is stronger at a higher level.
        magnitude_std: Deviation of normal noise that is added to the level, which is then cut off at 0 and 1: timm's
            `mstd0.5` is 0.05. Defaults to 0.
        rate: Probability with which each op is applied; timm's policies have 0.5. Defaults to 1.
        fill_mode: What lies beyond the frame: `"reflect"` (the default), `"constant"`, `"wrap"` or `"nearest"`.
        fill_value: The constant, in the images' units; the middle of the value range when `None` (the default).
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
    augmented = kerasaug.layers.RandAugment(num_ops=2, factor=(0.3, 0.3), menu="paper", seed=1)(images)
    ```

    Reference:
        Cubuk et al., "RandAugment: practical automated data augmentation with a reduced search space",
        arXiv:1909.13719; the paper's ranges as in `torchvision.transforms.v2.RandAugment`.
    """

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        menu: str = "keras",
        magnitude_std: float = 0.0,
        rate: float = 1.0,
        fill_mode: str = "reflect",
        fill_value: float | None = None,
        **kwargs: Any,
    ) -> None:
        name = "RandAugment"
        moves = MENUS[one_of(menu, list(MENUS), "menu", name)]
        self.num_ops = as_integer(num_ops, "num_ops", name, low=1, high=32)
        shared = {"seed": seed, "data_format": data_format, **kwargs}
        super().__init__(moves, num_ops, value_range, interpolation, fill_mode, fill_value, **shared)
        self.menu = menu
        self.factor = as_range(factor, "factor", name, 0.0, 1.0, single="from_zero")
        self.magnitude_std = as_number(magnitude_std, "magnitude_std", name, 0.0)
        self.rate = as_number(rate, "rate", name, 0.0, 1.0)

    def choose_moves(self, rng: Rng) -> Choice:
        """Any ops, at levels in the range."""
        shape = (self.num_ops,)
        low, high = self.factor
        level = low + (high - low) * rng.unit(shape)
        if self.magnitude_std:
            level = ops.clip(level + self.magnitude_std * rng.normal(shape=shape), 0.0, 1.0)
        op = rng.integers(0, len(self.listed), shape)
        return Choice(op, level, self._happening(rng, op))

    def _happening(self, rng: Rng, op: Tensor) -> Tensor:
        return rng.unit((self.num_ops,)) < self.rate if self.rate < 1.0 else ops.ones_like(op) > 0
