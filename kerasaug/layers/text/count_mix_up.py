"""MixUp of bags of words."""

from typing import Any

from kerasaug.arguments import as_number
from kerasaug.draw import Rng
from kerasaug.layers.mix.base import LEAST
from kerasaug.layers.mix.vectors import VectorMix
from kerasaug.modality import COUNTS
from kerasaug.params import Params
from kerasaug.registry import register


@register
class CountMixUp(VectorMix):
    """Blends each bag of words with another of the batch: `λ·x_i + (1-λ)·x_j`, and their labels alike.

    Targets: `counts`, `labels` and `sample_weight` are mixed.

    Args:
        alpha: λ is drawn from Beta(alpha, alpha); from 1e-6 to 100. Smaller mixes less. Defaults to 0.2.
        num_classes: Number of classes, when labels are integers: they are encoded one-hot, in training and out of it.
        **kwargs: `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        Counts `(batch, vocabulary)`, integers or floats, or a dict with `counts` and, of these, what there is: `labels`
        `(batch, classes)` or integers `(batch,)`, and `sample_weight`.

    Output shape:
        The counts' own, floats; labels `(batch, classes)`.

    Raises:
        ValueError: When `alpha` is out of bounds, labels are integers without `num_classes`, or there is no batch.

    Example:

    ```python
    mix = kerasaug.layers.CountMixUp(num_classes=2, seed=1)
    batch = mix({"counts": np.array([[3, 0, 1], [0, 2, 0]]), "labels": np.array([0, 1])})
    batch["labels"].shape  # (2, 2)
    ```

    Reference:
        Zhang et al., "mixup: beyond empirical risk minimization", arXiv:1710.09412.
    """

    modality = COUNTS

    def __init__(self, alpha: float = 0.2, num_classes: int | None = None, **kwargs: Any) -> None:
        super().__init__(num_classes, **kwargs)
        self.alpha = as_number(alpha, "alpha", "CountMixUp", LEAST, 100.0)

    def draw_params(self, rng: Rng) -> Params:
        """Partners, and how much of the result is one's own."""
        return {"partner": rng.permutation(), "share": rng.beta(self.alpha, self.alpha, neutral=1.0)}
