"""CutMix."""

from typing import Any

from kerasaug.arguments import as_range
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.mix.base import LEAST
from kerasaug.layers.mix.images import ImageMix
from kerasaug.ops.matrix import Size
from kerasaug.ops.quantiles import beta_range_quantiles
from kerasaug.ops.regions import clipped_square
from kerasaug.params import Params
from kerasaug.registry import register


@register
class CutMix(ImageMix):
    """Pastes a rectangle of another image of the batch into each; labels by the area that is really covered.

    Targets: images, labels, sample_weight, segmentation_masks, bounding_boxes (one's own unless wholly covered, and
    the partner's, cut to the rectangle). Whatever of these is not there stays out of it: images without labels are
    mixed all the same, as Keras's layer does.

    Args:
        factor: λ, the share that stays, is drawn from Beta(a, a), where a is drawn between two numbers up to 100, and
            the rectangle's sides are √(1-λ) of the image's. A number `f` is (0, f), as in Keras; the paper's uniform λ
            is (1, 1). Defaults to 1.
        seed: Integer, for draws that repeat.
        data_format: `"channels_last"` or `"channels_first"`.
        num_classes: Number of classes, when labels are integers.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        (batch, height, width, channels), any numeric dtype; labels (batch, classes), or integers (batch,).

    Output shape:
        The images' own; labels (batch, classes); twice as many boxes.

    Raises:
        ValueError: When `factor` is no number or pair of numbers, the larger from 1e-6 to 100, labels are integers
            without `num_classes`, or there is no batch.

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    mixed = kerasaug.layers.CutMix(num_classes=10, seed=1)({"images": images, "labels": np.arange(8)})
    mixed["labels"].shape  # (8, 10)
    ```

    Reference:
        Yun et al., "CutMix: regularization strategy to train strong classifiers", arXiv:1905.04899.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        seed: int | None = None,
        data_format: str | None = None,
        num_classes: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, seed=seed, data_format=data_format, **kwargs)
        self.factor = as_range(factor, "factor", "CutMix", 0.0, 100.0, single="from_zero")
        if self.factor[1] < LEAST:
            raise ValueError(
                f"CutMix expects factor, whose upper bound is {LEAST} or more. Received: factor={factor!r}."
            )

    def draw_params(self, rng: Rng) -> Params:
        """Partners, the rectangle's centre (x, y), and the share that should stay."""
        share = rng.quantile(beta_range_quantiles(*self.factor), neutral=1.0)
        return {"partner": rng.permutation(), "center": rng.unit((2,)), "share": share}

    def patch(self, params: Params, size: Size) -> Tensor:
        """A rectangle of the image's shape, cut off at the frame."""
        frame = ops.cast(ops.stack([size[1], size[0]]), "float32")
        side = ops.sqrt(1.0 - params["share"])[:, None]
        return clipped_square(params["center"], side * frame, size)

    def share(self, params: Params, size: Size) -> Tensor:
        """What the cut-off rectangle really leaves."""
        box = self.patch(params, size)
        area = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
        return 1.0 - area / (ops.cast(size[0], "float32") * ops.cast(size[1], "float32"))
