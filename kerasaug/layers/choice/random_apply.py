"""All of some layers, or none."""

from collections.abc import Sequence
from typing import Any

from kerasaug.augmentation import Augmentation
from kerasaug.pipeline import Pipeline
from kerasaug.registry import register


@register
class RandomApply(Pipeline):
    """Applies all of its layers, one after another, to some of the samples, and none to the others.

    Targets: those of its layers.

    Args:
        layers: Augmentation layers, which share passes as in a `Pipeline`.
        p: Probability with which a sample is augmented. Defaults to 0.5.
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation`, and `fuse` of `Pipeline`.

    Input shape:
        What the layers take.

    Output shape:
        What the last layer returns.

    Raises:
        TypeError: When something in `layers` is no augmentation layer.
        ValueError: When `p` is no number from 0 to 1, or the layers disagree about `data_format` or
            `bounding_box_format`.

    Example:

    ```python
    layers = kerasaug.layers
    blurred = layers.RandomApply([layers.RandomRotation(0.1), layers.RandomContrast(0.3)], p=0.3, seed=1)
    images = blurred(np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3)))
    ```

    Reference:
        `torchvision.transforms.v2.RandomApply`.
    """

    def __init__(self, layers: Sequence[Augmentation], p: float = 0.5, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(layers, p=p, seed=seed, **kwargs)
