"""All of some layers, in a random order."""

from collections.abc import Sequence
from typing import Any

from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor
from kerasaug.draw import Rng
from kerasaug.policy import Policy
from kerasaug.registry import register


@register
class RandomOrder(Policy):
    """Applies all of its layers to each sample, each in an order of its own.

    Targets: those of its layers.

    Args:
        layers: Augmentation layers that neither mix samples nor change their size.
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        What the layers take.

    Output shape:
        The input's.

    Raises:
        TypeError: When something in `layers` is no augmentation layer.
        ValueError: When there are no layers, or one mixes samples or changes their size.

    Example:

    ```python
    layers = kerasaug.layers
    colors = [layers.RandomBrightness(0.2), layers.RandomContrast(0.3), layers.RandomSaturation((0.3, 0.7))]
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    jittered = layers.RandomOrder(colors, seed=1)(images)
    ```

    Reference:
        `torchvision.transforms.v2.RandomOrder`, which draws once a call.
    """

    def __init__(self, layers: Sequence[Augmentation], seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(layers, seed=seed, **kwargs)
        if not self.layers:
            raise ValueError("RandomOrder expects at least one layer. Received: layers=[].")
        self.slots = len(self.layers)
        self.refuse_mixing()

    def choose(self, rng: Rng) -> Tensor:
        """A permutation a sample."""
        return rng.permutation(self.slots)
