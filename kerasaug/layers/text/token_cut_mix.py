"""CutMix of token sequences."""

from typing import Any

from kerasaug.arguments import as_number
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.mix.base import LEAST
from kerasaug.layers.mix.tokens import TokenMix
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.quantiles import beta_quantiles
from kerasaug.ops.tokens.windows import any_of
from kerasaug.params import Params
from kerasaug.registry import register


@register
class TokenCutMix(TokenMix):
    """Replaces a run of each sequence's tokens by as long a run from a partner in the batch, and mixes the labels.

    The run's share of the tokens that are not special is 1 - λ with λ ~ Beta(alpha, alpha), cut down to what the
    shorter of the two sequences has; where it lies in each is uniform among the places without special tokens.
    Labels, one-hot or with `num_classes`, are mixed by the share of the tokens that stayed; `token_labels` come with
    their tokens.

    Targets: tokens come with whatever has an entry for each of them; `labels` and `sample_weight` are mixed.

    Args:
        alpha: Parameter of the beta distribution, above 0. Defaults to 1, which is uniform.
        num_classes: Number of classes, for integer labels, which come back one-hot, in training and out of it.
        **kwargs: `special_token_ids`, `pad_token_id` and `aligned` as of `kerasaug.layers.RandomDeletion`; `p`, `seed`
            and others, see `kerasaug.Augmentation`.

    Input shape:
        A dict with `token_ids`, integers `(batch, length)`, and `labels`; at best with `padding_mask`.

    Output shape:
        The input's; labels `(batch, num_classes)`.

    Raises:
        ValueError: When an argument cannot be, labels are class numbers and `num_classes` is not given, or the data
            hold positions of spans.

    Example:

    ```python
    mix = kerasaug.layers.TokenCutMix(num_classes=2, special_token_ids=[1, 2], seed=1)
    batch = mix({"token_ids": np.array([[1, 5, 6, 7, 2, 0], [1, 8, 9, 8, 9, 2]]), "labels": np.array([0, 1])})
    batch["labels"].shape  # (2, 2)
    ```

    Reference:
        Yun et al., "CutMix", arXiv:1905.04899, along the one axis of a text.
    """

    def __init__(self, alpha: float = 1.0, num_classes: int | None = None, **kwargs: Any) -> None:
        super().__init__(num_classes=num_classes, **kwargs)
        self.alpha = as_number(alpha, "alpha", "TokenCutMix", LEAST, 100.0)

    def draw_params(self, rng: Rng) -> Params:
        """Partners, the share that should stay, and where in each of the two the run lies."""
        share = rng.quantile(beta_quantiles(self.alpha, self.alpha), neutral=1.0)
        return {"partner": rng.permutation(), "share": share, "place": rng.unit((2,))}

    def length(self, count: Tensor, params: Params) -> Tensor:
        """The nearest whole number of tokens."""
        return ops.cast(ops.round((1.0 - params["share"]) * ops.cast(count, "float32")), "int32")

    def starts(self, tokens: Tokens, own: Tensor, other: Tensor, size: Tensor, params: Params) -> tuple[Tensor, Tensor]:
        """Anywhere."""
        return any_of(own, params["place"][:, 0]), any_of(other, params["place"][:, 1])
