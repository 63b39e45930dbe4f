"""What ops that draw synonyms have in common: a table, and which tokens have an entry in it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasaug.backend import Tensor, ops
from kerasaug.layers.text.rated import RatedEdit
from kerasaug.layers.text.synonyms import as_synonyms
from kerasaug.layers.text.tokens import Tokens
from kerasaug.layers.text.written import check_written
from kerasaug.ops.tokens.selection import share_of
from kerasaug.ops.tokens.words import alone
from kerasaug.params import Params


class SynonymEdit(RatedEdit):
    """Base of ops on tokens that have synonyms; a subclass writes `edit`, with `with_synonyms`.

    Args:
        rate: See `RatedEdit`.
        synonyms: Integers `(vocabulary, most)`: row i holds the synonyms of token i, and then i itself until it is
            full; or what `kerasaug.text.build_synonym_table` returns.
        synonym_counts: Integers `(vocabulary,)`, how many of each row count; those that differ from i when `None`.
        count: `"exact"` (the default) or `"bernoulli"`.
        **kwargs: See `TokenEdit`.
    """

    def __init__(
        self,
        rate: float | Sequence[float],
        synonyms: Any,
        synonym_counts: Any = None,
        count: str = "exact",
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, count, **kwargs)
        never = [*self.special_token_ids, self.pad_token_id]
        self.table = as_synonyms(synonyms, synonym_counts, type(self).__name__, never)
        self.synonyms, self.synonym_counts = self.table.ids, self.table.counts

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the table packed."""
        return {**super().get_config(), **self.table.config()}

    def check(self, fields: dict[str, Any]) -> None:
        """Ids must hold those of the table."""
        super().check(fields)
        check_written(fields, int(np.max(self.synonyms)), self._label)

    def with_synonyms(self, tokens: Tokens, params: Params, most: Any = None) -> Tensor:
        """Boolean (batch, length): taken of the tokens that have synonyms, but as many as of all that may be touched.

        Args:
            tokens: The batch.
            params: What was drawn.
            most: How many at most, a number or int32 (batch,).
        """
        among = self.table.has(tokens.ids)
        eligible = tokens.eligible
        if self.unit == "word":
            eligible = tokens.words(self._label).eligible
            among = among & alone(tokens.fields["word_ids"], tokens.segments)
        if self.count == "exact" and "taken" not in params:
            share = share_of(eligible, params["rate"])
            most = share if most is None else ops.minimum(share, most)
            params = {**params, "rate": ops.ones_like(params["rate"])}  # of those that have synonyms
        return self.taken(tokens, params, most, among)
