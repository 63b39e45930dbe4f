"""MixUp."""

from typing import Any

from kerasaug.arguments import as_number
from kerasaug.backend import Tensor
from kerasaug.draw import Rng
from kerasaug.layers.mix.base import LEAST
from kerasaug.layers.mix.images import ImageMix
from kerasaug.ops.matrix import Size
from kerasaug.params import Params
from kerasaug.registry import register


@register
class MixUp(ImageMix):
    """Blends each sample with another of the batch: `λ·x_i + (1-λ)·x_j`, and their labels alike, each with its own λ.

    Targets: images, labels, sample_weight, segmentation_masks (the stronger image's), bounding_boxes (both images').
    Whatever of these is not there stays out of it: images without labels are mixed all the same, as Keras's layer
    does.

    Args:
        alpha: λ is drawn from Beta(alpha, alpha); from 1e-6 to 100. Smaller mixes less. Defaults to 0.2.
        data_format: `"channels_last"` or `"channels_first"`.
        seed: Integer, for draws that repeat.
        num_classes: Number of classes, when labels are integers.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        (batch, height, width, channels), any numeric dtype; labels (batch, classes), or integers (batch,).

    Output shape:
        The images' own; labels (batch, classes); twice as many boxes.

    Raises:
        ValueError: When `alpha` is out of bounds, labels are integers without `num_classes`, or there is no batch.

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    mixed = kerasaug.layers.MixUp(num_classes=10, seed=1)({"images": images, "labels": np.arange(8)})
    mixed["labels"].shape  # (8, 10)
    ```

    Reference:
        Zhang et al., "mixup: beyond empirical risk minimization", arXiv:1710.09412.
    """

    def __init__(
        self,
        alpha: float = 0.2,
        data_format: str | None = None,
        seed: int | None = None,
        num_classes: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, data_format=data_format, seed=seed, **kwargs)
        self.alpha = as_number(alpha, "alpha", "MixUp", LEAST, 100.0)

    def draw_params(self, rng: Rng) -> Params:
        """Partners, and how much of the result is one's own."""
        return {"partner": rng.permutation(), "share": rng.beta(self.alpha, self.alpha, neutral=1.0)}

    def share(self, params: Params, size: Size) -> Tensor:
        """λ."""
        return params["share"]
