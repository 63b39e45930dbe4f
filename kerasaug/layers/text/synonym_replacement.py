"""Replacement of tokens by synonyms."""

from collections.abc import Sequence
from typing import Any

from kerasaug.backend import ops
from kerasaug.layers.text.rated import as_most
from kerasaug.layers.text.synonym_edit import SynonymEdit
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.tokens.change import Change
from kerasaug.ops.tokens.selection import bits_for
from kerasaug.params import Params
from kerasaug.registry import register


@register
class SynonymReplacement(SynonymEdit):
    """Replaces tokens by synonyms of theirs, from a table by token id.

    Each place is taken, and draws its synonym, on its own. Tokens without synonyms stay, and so do ids that the table
    does not have. Labels and whatever else has an entry for the token stay as they are.

    A token that is a piece of a word may have a meaning of its own: `unit="word"` replaces whole words alone, those of
    a single token, since a table has no others.

    Targets: `token_ids`; whatever else there is stays.

    Args:
        rate: Share of the tokens (or words), from 0 to 1, or a pair from which each sample draws its own.
        synonyms: Integers `(vocabulary, most)`: row i holds the synonyms of token i, and then i itself until it is
            full; or what `kerasaug.text.build_synonym_table` returns. None of them may be special, or padding.
        synonym_counts: Integers `(vocabulary,)`, how many entries of each row are synonyms, for tables that are filled
            up with something else. Defaults to those that differ from the row's own id.
        max_replacements: How many at most in a sequence; `None` (the default) for no limit.
        count: `"exact"` (the default) replaces ⌊rate · n⌋, and at least one, where n counts all that may be touched,
            with synonyms or without, as EDA's α does; or as many as have synonyms. `"bernoulli"` tosses a coin for each
            that has some.
        **kwargs: `special_token_ids`, `skip_list`, `pad_token_id`, `unit`, `aligned` and `ignore_class`, see
            `kerasaug.layers.TokenEdit`; `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        Integers `(batch, length)` or `(length,)`, or a dict with `token_ids`, and `padding_mask` at best.

    Output shape:
        The input's.

    Raises:
        ValueError: When an argument cannot be, the dtype of the ids is too small for those of the table, or
            `unit="word"` finds no `word_ids`.

    Example:

    ```python
    synonyms = np.tile(np.arange(200)[:, None], (1, 2))
    synonyms[7], synonyms[9] = [17, 27], [19, 9]  # two synonyms of token 7, one of 9
    replace = kerasaug.layers.SynonymReplacement(0.5, synonyms, special_token_ids=[101, 102], seed=1)
    ids = replace(np.array([[101, 7, 8, 9, 10, 102, 0, 0]]))
    ```

    Reference:
        Wei and Zou, "EDA: Easy Data Augmentation Techniques", 2019, SR; its code replaces every occurrence of a word
        that it takes, by one synonym.
    """

    def __init__(
        self,
        rate: float | Sequence[float],
        synonyms: Any,
        synonym_counts: Any = None,
        max_replacements: int | None = None,
        count: str = "exact",
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, synonyms, synonym_counts, count, **kwargs)
        self.max_replacements = as_most(max_replacements, "max_replacements", "SynonymReplacement")

    def edit(self, tokens: Tokens, params: Params) -> Change:
        """Writes synonyms over what is taken."""
        taken = self.with_synonyms(tokens, params, self.max_replacements)
        given = "key" not in params  # by hand: the first synonym
        bits = ops.zeros_like(tokens.ids, dtype="int32") if given else bits_for(params["key"], tokens.ids, 1)
        return Change(ids=self.table.draw_synonym(tokens.ids, bits), written=taken)
