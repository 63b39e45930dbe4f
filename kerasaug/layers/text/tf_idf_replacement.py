"""Replacement of uninformative tokens by uninformative ones."""

from collections.abc import Iterable, Sequence
from typing import Any

from kerasaug.arguments import as_integer, as_range
from kerasaug.backend import ops
from kerasaug.draw import Rng
from kerasaug.layers.text.base import TokenEdit
from kerasaug.layers.text.corpus import as_entries, frequencies
from kerasaug.layers.text.packing import packed
from kerasaug.layers.text.tokens import Tokens
from kerasaug.layers.text.written import check_written
from kerasaug.ops.bits import to_unit
from kerasaug.ops.tokens.change import Change
from kerasaug.ops.tokens.ids import alias_table, draw_by_weight, rows_of
from kerasaug.ops.tokens.selection import bits_for
from kerasaug.ops.tokens.tf_idf import replacement_rates
from kerasaug.ops.tokens.words import alone
from kerasaug.params import Params
from kerasaug.registry import register


@register
class TfIdfReplacement(TokenEdit):
    """Replaces tokens by others of the vocabulary, rather those that say little than those that matter.

    A token is replaced with a probability proportional to max C - C, where C is its TF-IDF in its own sequence (both
    texts of a pair are one), and on average `rate` of the tokens are. What it becomes is drawn from the vocabulary by
    `replacement_weights`. Special tokens count in no sequence and are never drawn; ids beyond the vocabulary stay.

    `unit="word"` replaces whole words alone, those of a single token. Labels and whatever else has an entry for the
    token stay as they are.

    Targets: `token_ids`; whatever else there is stays.

    Args:
        rate: Share of the tokens, from 0 to 1, or a pair from which each sample draws its own. It may come out lower
            where some are certain to be replaced.
        idf: Inverse document frequency of each id, (vocabulary,): log(documents / documents with the token).
        replacement_weights: Numbers of 0 or more, (vocabulary,), to which the probability of each id as a replacement
            is proportional.
        **kwargs: `special_token_ids`, `skip_list`, `pad_token_id`, `unit`, `aligned` and `ignore_class`, see
            `kerasaug.layers.TokenEdit`; `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        Integers `(batch, length)` or `(length,)`, or a dict with `token_ids`, and `padding_mask` at best.

    Output shape:
        The input's.

    Raises:
        ValueError: When an argument cannot be, the dtype of the ids is too small for the vocabulary, or `unit="word"`
            finds no `word_ids`.

    Example:

    ```python
    corpus = [[101, 7, 8, 9, 7, 102], [101, 7, 11, 102], [101, 12, 8, 7, 102]]
    layer = kerasaug.layers.TfIdfReplacement.from_corpus(
        corpus, vocabulary_size=200, rate=0.3, special_token_ids=[101, 102], seed=1
    )
    ids = layer(np.array([[101, 7, 8, 9, 10, 102, 0, 0]]))
    ```

    Reference:
        Xie et al., "Unsupervised data augmentation for consistency training", arXiv:1904.12848, appendix.
    """

    def __init__(self, rate: float | Sequence[float], idf: Any, replacement_weights: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        name = "TfIdfReplacement"
        self.rate = as_range(rate, "rate", name, 0.0, 1.0, single="both")
        self.idf = as_entries(idf, "idf", name)
        weights = as_entries(replacement_weights, "replacement_weights", name, size=len(self.idf), low=0.0)
        never = [one for one in (*self.special_token_ids, self.pad_token_id) if one < len(weights)]
        weights[never] = 0.0
        if not weights.any():
            raise ValueError(
                f"{name} expects replacement_weights, of which one is not 0, special tokens and padding aside. "
                f"Received: {replacement_weights!r:.200}."
            )
        self.replacement_weights = weights
        self.table = alias_table(weights)

    @classmethod
    def from_corpus(
        cls,
        token_id_sequences: Iterable[Any],
        vocabulary_size: int,
        rate: float | Sequence[float],
        **kwargs: Any,
    ) -> "TfIdfReplacement":
        """A layer with the tables of a corpus.

        The replacement's weight is max S - S, where S is a token's number of occurrences times its IDF, and 0 for
        tokens that the corpus does not have, whose IDF is that of tokens in one document.

        Args:
            token_id_sequences: The documents: integers each, of any length. Special tokens and padding are left out.
            vocabulary_size: How many ids there are.
            rate: Of the layer, as every other argument.
            **kwargs: See the layer.
        """
        size = as_integer(vocabulary_size, "vocabulary_size", "TfIdfReplacement", low=1)
        left_out = [*(kwargs.get("special_token_ids") or ()), kwargs.get("pad_token_id", 0)]
        idf, weights = frequencies(token_id_sequences, size, left_out, "TfIdfReplacement")
        return cls(rate, idf, weights, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the tables packed."""
        tables = {"idf": packed(self.idf), "replacement_weights": packed(self.replacement_weights)}
        return {**super().get_config(), **tables}

    def check(self, fields: dict[str, Any]) -> None:
        """Ids must hold the vocabulary's."""
        check_written(fields, len(self.idf) - 1, self._label)

    def draw_params(self, rng: Rng) -> Params:
        """A rate, and a key from which each token gets its random bits."""
        low, high = sorted(self.rate)
        return {"rate": rng.uniform(low, high, neutral=0.0), "key": rng.key()}

    def edit(self, tokens: Tokens, params: Params) -> Change:
        """Writes other ids over what is taken; parameters made by hand may say what, by `"taken"` and `"ids"`."""
        eligible = tokens.eligible & rows_of(tokens.ids, len(self.idf))[1]
        if self.unit == "word":
            tokens.words(self._label)  # raises where there are none
            eligible = eligible & alone(tokens.fields["word_ids"], tokens.segments)
        if "taken" in params:
            taken = ops.cast(params["taken"], "bool") & eligible
        else:
            document = tokens.valid & ops.logical_not(tokens.special)
            rates = replacement_rates(tokens.ids, document, eligible, self.idf, params["rate"])
            taken = to_unit(bits_for(params["key"], tokens.ids)) < rates
        if "ids" in params:
            return Change(ids=params["ids"], written=taken)
        bits = [bits_for(params["key"], tokens.ids, stream) for stream in (1, 2)]
        return Change(ids=draw_by_weight(self.table, *bits), written=taken)
