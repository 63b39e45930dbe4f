"""Some of some layers."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_flag, is_integer
from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.choice.weights import as_weights, ordered
from kerasaug.policy import Policy
from kerasaug.registry import register


@register
class SomeOf(Policy):
    """Applies some of its layers to each sample, different ones, drawn for each on its own.

    Targets: those of its layers.

    Args:
        layers: Augmentation layers that neither mix samples nor change their size.
        num_ops: How many of them: a number, or a pair (fewest, most), between which each sample's number is drawn.
        layer_weights: One number of 0 or more a layer: each is drawn from those that are left with a probability
            proportional to it; those of weight 0 come last. `None` (the default) for equal ones.
        random_order: Whether they are applied in the order in which they were drawn; as listed by default.
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        What the layers take.

    Output shape:
        The input's.

    Raises:
        TypeError: When something in `layers` is no augmentation layer.
        ValueError: When there are fewer layers than `num_ops`, the weights do not fit them, or a layer mixes samples or
            changes their size.

    Example:

    ```python
    layers = kerasaug.layers
    menu = [layers.RandomRotation(0.1), layers.RandomContrast(0.3), layers.RandomShear(0.2), layers.RandomErasing()]
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    augmented = layers.SomeOf(menu, num_ops=(0, 2), seed=1)(images)
    ```

    Reference:
        `imgaug.augmenters.SomeOf`; `albumentations.SomeOf`.
    """

    def __init__(
        self,
        layers: Sequence[Augmentation],
        num_ops: int | Sequence[int],
        layer_weights: Sequence[float] | None = None,
        random_order: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(layers, seed=seed, **kwargs)
        self.num_ops = _as_counts(num_ops, len(self.layers))
        self.layer_weights = as_weights(layer_weights, len(self.layers), "SomeOf")
        self.random_order = as_flag(random_order, "random_order", "SomeOf")
        self.slots = self.num_ops[1]
        self.refuse_mixing()

    def choose(self, rng: Rng) -> Tensor:
        """Different indices, and the number of layers in the slots that stay empty."""
        fewest, most = self.num_ops
        count = len(self.layers)
        index = ordered(rng, self.layer_weights or [1.0] * count)[:, :most]
        filled = ops.arange(most, dtype="int32")[None] < rng.integers(fewest, most + 1)[:, None]
        index = ops.where(filled, index, count)
        return index if self.random_order else ops.sort(index, axis=-1)


def _as_counts(value: Any, count: int) -> tuple[int, int]:
    pair = (value, value) if is_integer(value) else tuple(value) if isinstance(value, Sequence) else ()
    if len(pair) != 2 or not all(map(is_integer, pair)) or not 0 <= pair[0] <= pair[1] <= count or pair[1] == 0:
        raise ValueError(
            f"SomeOf expects num_ops, a number from 1 to that of its layers, {count}, or a pair of such numbers in "
            f"ascending order. Received: num_ops={value!r}."
        )
    return int(pair[0]), int(pair[1])
