"""Word dropout: tokens become unknown."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_integer
from kerasaug.backend import ops
from kerasaug.layers.text.rated import RatedEdit
from kerasaug.layers.text.tokens import Tokens
from kerasaug.layers.text.written import check_written
from kerasaug.ops.tokens.change import Change
from kerasaug.params import Params
from kerasaug.registry import register


@register
class WordDropout(RatedEdit):
    """Replaces tokens by the unknown token, or by any other, such as [MASK].

    The sequence keeps its length, and labels and whatever else has an entry for the token stay as they are. Of a whole
    word (`unit="word"`), each token is replaced.

    Targets: `token_ids`; whatever else there is stays.

    Args:
        rate: Share of the tokens (or words), from 0 to 1, or a pair from which each sample draws its own.
        unknown_token_id: What they become.
        count: `"bernoulli"` (the default) tosses a coin for each; `"exact"` takes ⌊rate · n⌋ of n, and at least one.
        **kwargs: `special_token_ids`, `skip_list`, `pad_token_id`, `unit`, `aligned` and `ignore_class`, see
            `kerasaug.layers.TokenEdit`; `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        Integers `(batch, length)` or `(length,)`, or a dict with `token_ids`, and `padding_mask` at best.

    Output shape:
        The input's.

    Raises:
        ValueError: When an argument cannot be, the dtype of the ids is too small for `unknown_token_id`, or
            `unit="word"` finds no `word_ids`.

    Example:

    ```python
    dropout = kerasaug.layers.WordDropout(0.2, unknown_token_id=100, special_token_ids=[101, 102], seed=1)
    ids = dropout(np.array([[101, 7, 8, 9, 10, 102, 0, 0]]))
    ```

    Reference:
        Bowman et al., "Generating sentences from a continuous space", 2016.
    """

    def __init__(
        self, rate: float | Sequence[float], unknown_token_id: int, count: str = "bernoulli", **kwargs: Any
    ) -> None:
        super().__init__(rate, count, **kwargs)
        self.unknown_token_id = as_integer(unknown_token_id, "unknown_token_id", "WordDropout")

    def check(self, fields: dict[str, Any]) -> None:
        """Ids must hold the unknown token's."""
        check_written(fields, self.unknown_token_id, self._label)

    def edit(self, tokens: Tokens, params: Params) -> Change:
        """Writes the unknown token over what is taken."""
        unknown = ops.full_like(tokens.ids, self.unknown_token_id)
        return Change(ids=unknown, written=self.taken(tokens, params))
