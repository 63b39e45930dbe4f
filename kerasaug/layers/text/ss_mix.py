"""SSMix: spans mixed by what matters in them."""

from typing import Any

from kerasaug.arguments import as_number
from kerasaug.backend import Tensor, gather_rows, ops
from kerasaug.draw import Rng
from kerasaug.layers.mix.tokens import TokenMix
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.tokens.windows import best_of, window_sums
from kerasaug.params import Params
from kerasaug.registry import register

SALIENCY = "saliency"


@register
class SSMix(TokenMix):
    """Replaces what matters least in each sequence by what matters most in a partner's, and mixes the labels.

    Of n tokens that are not special, m = max(⌊rate · n⌋, 1) neighbours are replaced: those whose mean saliency is the
    least, by the m neighbours of the partner's whose mean saliency is the greatest (fewer, where the partner has
    fewer). A label keeps the share 1 - m / n. Saliency is the norm of the loss's gradient with respect to a token's
    vector, or any other number that grows with what a token matters.

    Targets: tokens come with whatever has an entry for each of them; `labels` and `sample_weight` are mixed.

    Args:
        rate: Share of the tokens that is replaced, above 0 and at most 1. Defaults to 0.1.
        num_classes: Number of classes, for integer labels, which come back one-hot, in training and out of it.
        **kwargs: `special_token_ids`, `pad_token_id` and `aligned` as of `kerasaug.layers.RandomDeletion`; `p`, `seed`
            and others, see `kerasaug.Augmentation`. `strength` scales the probability.

    Input shape:
        A dict with `token_ids`, integers `(batch, length)`, `saliency`, floats `(batch, length)`, and `labels`; at best
        with `padding_mask`.

    Output shape:
        The input's; labels `(batch, num_classes)`.

    Raises:
        ValueError: When an argument cannot be, there is no `saliency`, labels are class numbers and `num_classes` is
            not given, or the data hold positions of spans.

    Example:

    ```python
    mix = kerasaug.layers.SSMix(rate=0.4, num_classes=2, special_token_ids=[1, 2], seed=1)
    ids = np.array([[1, 5, 6, 7, 2, 0], [1, 8, 9, 8, 9, 2]])
    batch = mix({"token_ids": ids, "saliency": np.random.default_rng(0).uniform(size=(2, 6)), "labels": np.arange(2)})
    ```

    Reference:
        Yoon et al., "SSMix: Saliency-Based Span Mixup for Text Classification", arXiv:2106.08062.
    """

    def __init__(self, rate: float = 0.1, num_classes: int | None = None, **kwargs: Any) -> None:
        super().__init__(num_classes=num_classes, **kwargs)
        self.rate = as_number(rate, "rate", "SSMix", 1e-6, 1.0)

    @property
    def aligned_names(self) -> tuple[str, ...]:
        """Saliency, and what `aligned` names."""
        return (SALIENCY, *super().aligned_names)

    def draw_params(self, rng: Rng) -> Params:
        """Partners, and who is mixed."""
        rng.restrict(rng.bernoulli(1.0))
        return {"partner": rng.permutation()}

    def length(self, count: Tensor, params: Params) -> Tensor:
        """A share of the tokens, rounded down, and one at least."""
        return ops.maximum(ops.cast(ops.floor(self.rate * ops.cast(count, "float32") + 1e-4), "int32"), 1)

    def starts(self, tokens: Tokens, own: Tensor, other: Tensor, size: Tensor, params: Params) -> tuple[Tensor, Tensor]:
        """Where the least matters, and where the most."""
        if SALIENCY not in tokens.fields:
            raise ValueError(
                f"{self._label} expects saliency, floats (batch, length). Received: the kinds {sorted(tokens.fields)}. "
                "Add the norm of the loss's gradient by token, or use TokenCutMix."
            )
        saliency = ops.cast(tokens.fields[SALIENCY], "float32")
        theirs = gather_rows(saliency, params["partner"])
        return best_of(own, -window_sums(saliency, size)), best_of(other, window_sums(theirs, size))
