"""MixUp of embedded tokens."""

from functools import partial
from typing import Any

import keras

from kerasaug.arguments import as_integer, as_number
from kerasaug.backend import Tensor, gather_rows, ops
from kerasaug.draw import Rng
from kerasaug.layers.mix.base import LEAST
from kerasaug.layers.mix.labels import as_float, float_spec, is_integers, like, mapped, one_hot
from kerasaug.layers.mix.vectors import VectorMix
from kerasaug.layers.text.vectors import VectorLayer
from kerasaug.ops.quantiles import beta_quantiles
from kerasaug.params import Params
from kerasaug.registry import register

_MASKS = ("padding_mask", "protected_mask")


@register
class EmbeddingMixUp(VectorLayer, VectorMix):
    """Blends each sequence of vectors with another of the batch, place by place: `λ·x_i + (1-λ)·x_j`, labels alike.

    λ is at least 1/2, and each sample's own. A place is padding where it is in both. Token labels become rows: where a
    place is padding in one of the two, the other's label is there by its own weight alone, so that a loss counts it for
    less, and where it is in both, the row is 0.

    In a model, `kerasaug.HiddenMix` puts it behind any layer.

    Targets: `embeddings`, `labels`, `sample_weight` and `token_labels` are mixed; masks hold where those of either do.

    Args:
        alpha: λ is the larger of b and 1 - b, where b is drawn from Beta(alpha, alpha); from 1e-6 to 100. Smaller mixes
            less. Defaults to 0.75, as in MixText.
        num_classes: Number of classes, when labels are integers: they are encoded one-hot, in training and out of it.
        num_token_classes: The same of token labels, of which those outside of the classes, such as -100, become rows of
            zeros.
        **kwargs: `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        `(batch, length, features)`, or a dict with `embeddings` and, of these, what there is: `padding_mask`, `labels`
        `(batch, classes)` or integers `(batch,)`, `token_labels` `(batch, length, classes)` or integers
        `(batch, length)`, `sample_weight`.

    Output shape:
        The embeddings' own; labels `(batch, classes)`; token labels `(batch, length, classes)`.

    Raises:
        ValueError: When `alpha` is out of bounds, integers come without their number of classes, or there is no batch.

    Example:

    ```python
    mix = kerasaug.layers.EmbeddingMixUp(num_classes=3, seed=1)
    batch = mix({
        "embeddings": np.random.default_rng(0).normal(size=(4, 6, 8)),
        "padding_mask": np.arange(6) < np.array([[6], [3], [4], [5]]),
        "labels": np.array([0, 1, 2, 1]),
    })
    batch["labels"].shape  # (4, 3)
    ```

    Reference:
        Chen et al., "MixText: linguistically-informed interpolation of hidden space for semi-supervised text
        classification", arXiv:2004.12239, which mixes a whole batch by one λ; Guo et al., "Augmenting data with mixup
        for sentence classification", arXiv:1905.08941.
    """

    def __init__(
        self, alpha: float = 0.75, num_classes: int | None = None, num_token_classes: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(num_classes=num_classes, **kwargs)
        name = "EmbeddingMixUp"
        self.alpha = as_number(alpha, "alpha", name, LEAST, 100.0)
        given = num_token_classes is not None
        self.num_token_classes = as_integer(num_token_classes, "num_token_classes", name, low=1) if given else None

    def draw_params(self, rng: Rng) -> Params:
        """Partners, and how much of the result is one's own."""
        table = beta_quantiles(self.alpha, self.alpha)
        larger = table[len(table) // 2 :]  # of b and 1 - b, whose distribution is symmetric about 1/2
        return {"partner": rng.permutation(), "share": rng.quantile(larger, neutral=1.0)}

    def check(self, fields: dict[str, Any]) -> None:
        """Neither labels nor token labels that cannot be mixed."""
        super().check(fields)
        labels = fields.get("token_labels")
        if labels is not None and self.num_token_classes is None and _are_numbers(labels):
            raise ValueError(
                f"{self._label} mixes token_labels and expects them one-hot. Received: integers of shape "
                f"{tuple(labels.shape)}. Pass num_token_classes=…, so that it can encode them, or one-hot ones."
            )

    def encode(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Integer labels, and token labels, one-hot, where the number of classes is given."""
        return mapped(super().encode(fields), {"token_labels": self._encode_tokens})

    def mixed(self, fields: dict[str, Any], own: Tensor, params: Params) -> dict[str, Any]:
        """Vectors, labels, weights, masks and token labels."""
        result, partner = super().mixed(fields, own, params), params["partner"]
        either = {name: partial(_either, own=own, partner=partner) for name in _MASKS}
        result = mapped(result, either)
        if "token_labels" in fields:
            share = ops.where(own, params["share"], 1.0)
            labels, valid = self._encode_tokens(fields["token_labels"]), _valid(fields)
            weight = ops.cast(like(share, labels), labels.dtype)
            counted = labels if valid is None else ops.where(valid[..., None], labels, ops.zeros_like(labels))
            mixed = weight * counted + (1.0 - weight) * gather_rows(counted, partner)
            result["token_labels"] = ops.where(like(own, labels), mixed, labels)
        return result

    def _encode_tokens(self, labels: Tensor) -> Tensor:
        if _are_numbers(labels) and self.num_token_classes is not None:
            return one_hot(labels, self.num_token_classes)
        return labels if _are_numbers(labels) else as_float(labels)

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        return mapped(super()._spec(fields), {"token_labels": self._token_spec})

    def _token_spec(self, labels: Any) -> Any:
        if not _are_numbers(labels):
            return float_spec(labels)
        if self.num_token_classes is None:
            return labels
        return keras.KerasTensor((*labels.shape, self.num_token_classes), "float32")


def _are_numbers(labels: Any) -> bool:
    """Whether token labels are class numbers."""
    return len(labels.shape) == 2 and is_integers(labels)


def _valid(fields: dict[str, Any]) -> Tensor | None:
    """Boolean (batch, length), which places are no padding; `None` where nobody says."""
    return _holds(fields["padding_mask"]) if "padding_mask" in fields else None


def _holds(mask: Tensor) -> Tensor:
    return mask != ops.zeros_like(mask)


def _either(mask: Tensor, own: Tensor, partner: Tensor) -> Tensor:
    """What holds in one of the two."""
    holds = _holds(mask)
    return ops.where(own[:, None], ops.cast(holds | gather_rows(holds, partner), mask.dtype), mask)
