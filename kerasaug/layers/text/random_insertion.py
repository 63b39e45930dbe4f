"""Random insertion of synonyms."""

from collections.abc import Mapping, Sequence
from typing import Any

from kerasaug.backend import Tensor, gather_tokens, ops, place
from kerasaug.layers.text.inserting import InsertionEdit
from kerasaug.layers.text.rated import as_most
from kerasaug.layers.text.synonym_edit import SynonymEdit
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.tokens.change import Change
from kerasaug.ops.tokens.insertion import at_most, opened, room
from kerasaug.ops.tokens.movement import sources
from kerasaug.ops.tokens.runs import preceding, runs_of
from kerasaug.ops.tokens.selection import bits_for, places
from kerasaug.ops.tokens.swap_or_not import shuffled
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomInsertion(SynonymEdit, InsertionEdit):
    """Inserts synonyms of tokens of a sequence at random places of it, from a table by token id.

    A synonym of a token comes anywhere in the token's segment, behind a token that is not special, but not within an
    answer, nor within a word where `unit="word"`. No token gives two, and none is followed by two; there are as many as
    padding gives way to, so that the last token never falls off.

    New tokens are words of their own, with `word_ids` from the largest of the sequence on, `offsets` of (0, 0) and a
    `protected_mask` of false. Whatever else has an entry for each token is that of the token they follow.

    Targets: whatever has an entry for each token moves along, and positions of spans, which are never touched.

    Args:
        rate: Share of the tokens (or words) of which a synonym is inserted, from 0 to 1, or a pair from which each
            sample draws its own.
        synonyms: Integers `(vocabulary, most)`: row i holds the synonyms of token i, and then i itself until it is
            full. None of them may be special, or padding. `unit="word"` uses those of words of a single token.
        synonym_counts: Integers `(vocabulary,)`, how many entries of each row are synonyms, for tables that are filled
            up with something else. Defaults to those that differ from the row's own id.
        max_insertions: How many at most in a sequence; `None` (the default) for no limit.
        count: `"exact"` (the default) inserts ⌊rate · n⌋, and at least one, where n counts all that may be touched,
            with synonyms or without, as EDA's α does; or as many as have synonyms. `"bernoulli"` tosses a coin for each
            that has some.
        inserted_labels: The `token_labels` of new tokens: `"ignore"` (the default) for `ignore_class`, `"outside"` for
            `outside_class`, `"inherit"` for that of the token they follow, as `continuation` says. One-hot labels that
            are ignored are zeros.
        outside_class: Label of what is no entity. Defaults to 0.
        continuation: What `"inherit"` makes of a label, by which an entity goes on: a dict, such as {1: 2} where 1 is
            B-PER and 2 is I-PER, or a list of a label for each. Labels without an entry stay.
        **kwargs: `special_token_ids`, `skip_list`, `pad_token_id`, `unit`, `aligned` and `ignore_class`, see
            `kerasaug.layers.TokenEdit`; `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        Integers `(batch, length)` or `(length,)`, or a dict with `token_ids`, and `padding_mask` at best.

    Output shape:
        The input's; padding becomes tokens.

    Raises:
        ValueError: When an argument cannot be, the dtype of the ids is too small for those of the table, or
            `unit="word"` finds no `word_ids`.

    Example:

    ```python
    synonyms = np.tile(np.arange(200)[:, None], (1, 2))
    synonyms[7], synonyms[9] = [17, 27], [19, 9]  # two synonyms of token 7, one of 9
    insert = kerasaug.layers.RandomInsertion(
        0.5, synonyms, inserted_labels="inherit", continuation={1: 2}, special_token_ids=[101, 102], seed=1
    )
    batch = insert({
        "token_ids": np.array([[101, 7, 8, 9, 10, 102, 0, 0]]),
        "padding_mask": np.array([[1, 1, 1, 1, 1, 1, 0, 0]]),
        "token_labels": np.array([[-100, 0, 1, 2, 0, -100, -100, -100]]),  # O, B-PER, I-PER, O
    })
    ```

    Reference:
        Wei and Zou, "EDA: Easy Data Augmentation Techniques", 2019, RI; its code may take a word, or a place, twice.
    """

    def __init__(
        self,
        rate: float | Sequence[float],
        synonyms: Any,
        synonym_counts: Any = None,
        max_insertions: int | None = None,
        count: str = "exact",
        inserted_labels: str = "ignore",
        outside_class: int = 0,
        continuation: Mapping[int, int] | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        labels = {"outside_class": outside_class, "continuation": continuation}
        super().__init__(rate, synonyms, synonym_counts, count, inserted_labels=inserted_labels, **labels, **kwargs)
        self.max_insertions = as_most(max_insertions, "max_insertions", "RandomInsertion")

    def edit(self, tokens: Tokens, params: Params) -> Change:
        """Parameters made by hand may say by `"taken"`, boolean (batch, length), of which tokens synonyms come."""
        gaps, whose = self._places(tokens, self._whose(tokens, params), params["key"])
        of = gather_tokens(tokens.ids, whose)
        return opened(
            gaps, tokens.valid, tokens.left, self.table.draw_synonym(of, bits_for(params["key"], tokens.ids, 1))
        )

    def _whose(self, tokens: Tokens, params: Params) -> Tensor:
        """Boolean (batch, length): the tokens of which synonyms are inserted."""
        most = room(tokens.valid, tokens.left)
        if self.max_insertions is not None:
            most = ops.minimum(most, self.max_insertions)
        return at_most(self.with_synonyms(tokens, params, most), most)

    def _places(self, tokens: Tokens, whose: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Boolean (batch, length), which tokens a new one follows, and int32, the places of the tokens it comes of."""
        gaps, runs, at = self.gaps(tokens), runs_of(tokens.segments), places(whose)
        length = ops.shape(whose)[1]
        own, there = runs.tally(whose), runs.tally(gaps)
        which = there.before + shuffled(own.rank, there.total, there.before, key, 0)
        members, _ = sources(ops.where(gaps, preceding(gaps), length))
        target = gather_tokens(members, ops.where(whose, which, 0))
        mark = place(ops.where(whose, target, length), at + 1)
        return mark > 0, ops.maximum(mark - 1, 0)
