"""Random swaps of tokens or words."""

from collections.abc import Sequence
from typing import Any

from kerasaug.backend import Tensor, gather_tokens, ops
from kerasaug.layers.text.rated import RatedEdit, as_most
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.tokens.change import Change
from kerasaug.ops.tokens.pairing import partners, word_starts, words_traded
from kerasaug.ops.tokens.runs import Runs, runs_of
from kerasaug.ops.tokens.words import Words
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomSwap(RatedEdit):
    """Swaps pairs of tokens, or of whole words, of each sequence.

    Pairs are disjoint, so that no swap undoes another: EDA and KerasHub may take a word twice. Within a segment every
    pair is as likely; none has a token in each of two segments. Words that trade places may have unequal lengths: what
    stands between them makes room.

    Targets: whatever has an entry for each token moves along, and positions of spans, which are never touched.

    Args:
        rate: Share of the tokens (or words) that are swapped with another each, from 0 to 1, or a pair from which each
            sample draws its own. From 0.5 on, all have a partner.
        max_swaps: How many swaps at most in a sequence; `None` (the default) for no limit.
        count: `"bernoulli"` (the default) tosses a coin for each; `"exact"` swaps ⌊rate · n⌋ of n with another, and at
            least one. Either way no more than there are partners for.
        **kwargs: `special_token_ids`, `skip_list`, `pad_token_id`, `unit`, `aligned` and `ignore_class`, see
            `kerasaug.layers.TokenEdit`; `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        Integers `(batch, length)` or `(length,)`, or a dict with `token_ids`, and `padding_mask` at best.

    Output shape:
        The input's.

    Raises:
        ValueError: When an argument cannot be, or `unit="word"` finds no `word_ids`.

    Example:

    ```python
    swap = kerasaug.layers.RandomSwap(0.2, special_token_ids=[101, 102], unit="word", seed=1)
    batch = swap({
        "token_ids": np.array([[101, 7, 8, 9, 10, 11, 102, 0]]),
        "padding_mask": np.array([[1, 1, 1, 1, 1, 1, 1, 0]]),
        "word_ids": np.array([[-1, 0, 0, 1, 2, 2, -1, -1]]),
        "token_labels": np.array([[-100, 1, 2, 0, 0, 0, -100, -100]]),
    })
    ```

    Reference:
        Wei and Zou, "EDA: Easy Data Augmentation Techniques", 2019, RS; `keras_hub.layers.RandomSwap`.
    """

    def __init__(
        self, rate: float | Sequence[float], max_swaps: int | None = None, count: str = "bernoulli", **kwargs: Any
    ) -> None:
        super().__init__(rate, count, **kwargs)
        self.max_swaps = as_most(max_swaps, "max_swaps", "RandomSwap")

    def edit(self, tokens: Tokens, params: Params) -> Change:
        """Moves both of each pair; parameters made by hand may hold the `"partner"` of each token, or word."""
        if self.unit == "subword":
            return Change(self._partners(tokens, params, tokens.eligible, runs_of(tokens.segments), None))
        words = tokens.words(self._label)
        segments = tokens.segments
        runs = runs_of(None if segments is None else gather_tokens(segments, word_starts(words)[1]))
        return Change(words_traded(self._partners(tokens, params, words.eligible, runs, words), words))

    def _partners(self, tokens: Tokens, params: Params, eligible: Tensor, runs: Runs, words: Words | None) -> Tensor:
        """The place of each token's partner, or the number of each word's, for `eligible` and `runs` of the same."""
        if "partner" in params:
            return ops.cast(params["partner"], "int32")
        company = ops.broadcast_to(runs.tally(eligible).total > 1, ops.shape(eligible))
        if words is None:
            first = self.taken(tokens, params, self.max_swaps, company)
        else:
            first = self.taken(tokens, params, self.max_swaps, words.spread(company))
            first = gather_tokens(first, word_starts(words)[1]) & words.eligible
        return partners(first, eligible, runs, params["key"])
