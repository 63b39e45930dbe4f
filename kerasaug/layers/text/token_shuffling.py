"""Shuffling of the order of tokens or words."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_integer
from kerasaug.backend import Tensor, ops
from kerasaug.layers.text.rated import RatedEdit
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.bits import to_unit
from kerasaug.ops.tokens.change import Change
from kerasaug.ops.tokens.movement import sources
from kerasaug.ops.tokens.selection import bits_for
from kerasaug.ops.tokens.shuffling import anywhere, moved, nearby, slots_of
from kerasaug.ops.tokens.words import begins
from kerasaug.params import Params
from kerasaug.registry import register


@register
class TokenShuffling(RatedEdit):
    """Shuffles the order of tokens, or of whole words, within each segment; everything else keeps its place.

    With whole words, tokens between them move by as much as the words before them have become longer.

    Targets: whatever has an entry for each token moves along, and positions of spans, which are never touched.

    Args:
        rate: Share of the tokens (or words) that are shuffled among each other, from 0 to 1, or a pair from which each
            sample draws its own. Defaults to 1, all.
        window: How far at most a token goes, counted in those that are shuffled, up to 64; `None` (the default) for
            anywhere in its segment. Tokens are sorted by their place plus noise between 0 and `window` + 1.
        count: `"bernoulli"` (the default) tosses a coin for each; `"exact"` takes ⌊rate · n⌋ of n, and at least one.
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
    shuffle = kerasaug.layers.TokenShuffling(window=3, special_token_ids=[101, 102], seed=1)
    shuffle(np.array([[101, 7, 8, 9, 10, 11, 102, 0]]))
    ```

    Reference:
        Lample et al., "Unsupervised machine translation using monolingual corpora only", 2018, where `window` is k = 3.
    """

    def __init__(
        self,
        rate: float | Sequence[float] = 1.0,
        window: int | None = None,
        count: str = "bernoulli",
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, count, **kwargs)
        self.window = None if window is None else as_integer(window, "window", "TokenShuffling", low=1, high=64)

    def edit(self, tokens: Tokens, params: Params) -> Change:
        """Gives those that are taken each other's places."""
        taken = self.taken(tokens, params)
        first = ops.ones_like(taken)
        if self.unit == "word":
            first = begins(tokens.fields["word_ids"], tokens.segments) | (tokens.fields["word_ids"] < 0)
        slots = slots_of(taken & first, tokens.segments)
        if self.window is None:
            goal = anywhere(slots, params["key"])
        else:
            goal = nearby(slots, self._noise(tokens, params), self.window)
        source, _ = sources(moved(first, taken, slots, goal, self.unit == "subword"))
        return Change(source)

    def _noise(self, tokens: Tokens, params: Params) -> Tensor:
        """Parameters made by hand may say it, by `"noise"`, float32 (batch, length) between 0 and 1."""
        noise = params.get("noise")
        return to_unit(bits_for(params["key"], tokens.ids, 1)) if noise is None else noise
