"""Random deletion of tokens or words."""

from collections.abc import Sequence
from typing import Any

from kerasaug.backend import Tensor, ops
from kerasaug.layers.text.rated import RatedEdit, as_most
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.tokens.change import Change
from kerasaug.ops.tokens.movement import compacted
from kerasaug.ops.tokens.selection import bits_for, ranked
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomDeletion(RatedEdit):
    """Deletes tokens, or whole words, of each sequence; what follows moves up.

    At least one of those that may be deleted stays, so that no text is left empty.

    Targets: whatever has an entry for each token moves along, and positions of spans, which are never touched.

    Args:
        rate: Share of the tokens (or words), from 0 to 1, or a pair from which each sample draws its own.
        max_deletions: How many at most in a sequence; `None` (the default) for no limit.
        count: `"bernoulli"` (the default) tosses a coin for each; `"exact"` takes ⌊rate · n⌋ of n, and at least one.
        **kwargs: `special_token_ids`, `skip_list`, `pad_token_id`, `unit`, `aligned` and `ignore_class`, see
            `kerasaug.layers.TokenEdit`; `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        Integers `(batch, length)` or `(length,)`, or a dict with `token_ids`, and `padding_mask` at best.

    Output shape:
        The input's. What is deleted becomes padding, at the end, or at the beginning where that is padded already.

    Raises:
        ValueError: When an argument cannot be, or `unit="word"` finds no `word_ids`.

    Example:

    ```python
    delete = kerasaug.layers.RandomDeletion(0.2, special_token_ids=[101, 102], seed=1)
    batch = delete({
        "token_ids": np.array([[101, 7, 8, 9, 10, 102, 0, 0]]),
        "padding_mask": np.array([[1, 1, 1, 1, 1, 1, 0, 0]]),
        "token_labels": np.array([[-100, 0, 1, 2, 0, -100, -100, -100]]),
    })
    ```

    Reference:
        Wei and Zou, "EDA: Easy Data Augmentation Techniques", 2019; `keras_hub.layers.RandomDeletion`.
    """

    def __init__(
        self, rate: float | Sequence[float], max_deletions: int | None = None, count: str = "bernoulli", **kwargs: Any
    ) -> None:
        super().__init__(rate, count, **kwargs)
        self.max_deletions = as_most(max_deletions, "max_deletions", "RandomDeletion")

    def edit(self, tokens: Tokens, params: Params) -> Change:
        """Closes ranks over what goes."""
        gone = self.taken(tokens, params, self.max_deletions)
        gone = gone & ops.logical_not(self._last(tokens, params, gone))
        source, valid = compacted(ops.logical_not(gone), tokens.valid, tokens.left)
        return Change(source, valid)

    def _last(self, tokens: Tokens, params: Params, gone: Tensor) -> Tensor:
        """What stays where all would go: the token, or the word, of the highest rank."""
        all_gone = ops.logical_not(ops.any(tokens.eligible & ops.logical_not(gone), axis=1, keepdims=True))
        if "key" not in params:
            return ops.zeros_like(gone)
        rank = ranked(bits_for(params["key"], tokens.ids))
        if self.unit == "subword":
            return all_gone & _is_highest(rank, tokens.eligible)
        words = tokens.words(self._label)
        return all_gone & words.spread(_is_highest(rank, words.eligible))


def _is_highest(rank: Tensor, which: Tensor) -> Tensor:
    rank = ops.where(which, rank, -1)
    return which & (rank == ops.max(rank, axis=1, keepdims=True))
