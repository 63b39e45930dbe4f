"""One of some layers."""

from collections.abc import Sequence
from typing import Any

from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor
from kerasaug.draw import Rng
from kerasaug.layers.choice.weights import as_weights
from kerasaug.policy import Policy
from kerasaug.registry import register


@register
class RandomChoice(Policy):
    """Applies one of its layers to each sample, drawn for each on its own.

    Any layer can be chosen from: pipelines, policies, and layers that mix, such as MixUp and CutMix, which then take
    their partners from the batch as it came.

    Targets: those of its layers.

    Args:
        layers: Augmentation layers, which must return images of one size.
        layer_weights: One number of 0 or more a layer, to which its probability is proportional; `None` (the default)
            for equal ones.
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        What the layers take.

    Output shape:
        What the layers return; twice as many boxes, where one of them mixes.

    Raises:
        TypeError: When something in `layers` is no augmentation layer.
        ValueError: When there are no layers, the weights do not fit them, or they return images of different sizes.

    Example:

    ```python
    layers = kerasaug.layers
    mix = layers.RandomChoice([layers.MixUp(0.8), layers.CutMix((1.0, 1.0))], layer_weights=(0.5, 0.5), seed=1)
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    mixed = mix({"images": images, "labels": np.eye(8, dtype="float32")})
    ```

    Reference:
        `torchvision.transforms.v2.RandomChoice`, which draws once a call; switching between MixUp and CutMix as in
        timm's `Mixup(mode="elem")`.
    """

    def __init__(
        self,
        layers: Sequence[Augmentation],
        layer_weights: Sequence[float] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(layers, seed=seed, **kwargs)
        if not self.layers:
            raise ValueError("RandomChoice expects at least one layer. Received: layers=[].")
        self.layer_weights = as_weights(layer_weights, len(self.layers), "RandomChoice")

    def choose(self, rng: Rng) -> Tensor:
        """One index a sample."""
        return rng.categorical(self.layer_weights or [1.0] * len(self.layers))[:, None]
