"""Replacement of tokens by others of the same label."""

from collections.abc import Sequence
from typing import Any

from kerasaug.backend import gather_tokens, ops
from kerasaug.layers.text.label_table import Rows, as_label_table, counted
from kerasaug.layers.text.rated import RatedEdit
from kerasaug.layers.text.tagging import labels_in
from kerasaug.layers.text.tokens import Tokens
from kerasaug.layers.text.written import check_written
from kerasaug.ops.tokens.change import Change
from kerasaug.ops.tokens.segments import in_words
from kerasaug.ops.tokens.selection import bits_for
from kerasaug.params import Params
from kerasaug.registry import register


@register
class LabelwiseTokenReplacement(RatedEdit):
    """Replaces tokens, or words, by others that have the same label in a corpus, the frequent ones more often.

    Targets: `token_ids`; whatever else has an entry for each token stays, labels too, since a word is replaced by one
    of as many tokens.

    What is drawn may be what was there. Tokens without a label (-100, or any number that has no list in `tokens`), and
    of a label that has no tokens, stay. With `unit="word"` a word has the label of its first token.

    Args:
        rate: Share of the tokens (or words), from 0 to 1, or a pair from which each sample draws its own.
        tokens: For each label, in the order of their numbers, a list of ids, or of words of several ids:
            `[[7, 8], [[9, 10], 11]]`. `from_corpus` makes it.
        counts: For each label as many numbers, to which the probabilities are proportional; `None` (the default) for
            equal ones.
        count: `"bernoulli"` (the default) tosses a coin for each; `"exact"` takes ⌊rate · n⌋ of n, and at least one.
        **kwargs: `special_token_ids`, `skip_list` (the paper leaves stop words alone), `pad_token_id`, `unit`,
            `aligned` and `ignore_class`, see `kerasaug.layers.TokenEdit`; `p`, `seed` and others, see
            `kerasaug.Augmentation`.

    Input shape:
        A dict with `token_ids`, integers `(batch, length)` or `(length,)`, and `token_labels`, integers likewise;
        `padding_mask` at best.

    Output shape:
        The input's.

    Raises:
        ValueError: When an argument cannot be, there are no `token_labels`, or `unit="word"` finds no `word_ids`.

    Example:

    ```python
    corpus, labels = [[101, 7, 8, 9, 102], [101, 8, 10, 102]], [[-100, 0, 0, 1, -100], [-100, 0, 1, -100]]
    cls = kerasaug.layers.LabelwiseTokenReplacement
    layer = cls.from_corpus(corpus, labels, rate=0.3, special_token_ids=[101, 102])
    batch = layer({"token_ids": np.array(corpus[:1]), "token_labels": np.array(labels[:1])})
    ```

    Reference:
        Dai and Adel, "An Analysis of Simple Data Augmentation for Named Entity Recognition", COLING 2020: LwTR.
    """

    def __init__(
        self, rate: float | Sequence[float], tokens: Any, counts: Any = None, count: str = "bernoulli", **kwargs: Any
    ) -> None:
        super().__init__(rate, count, **kwargs)
        self._table = as_label_table(tokens, counts, type(self).__name__)

    @classmethod
    def from_corpus(
        cls,
        token_ids: Rows,
        token_labels: Rows,
        rate: Any,
        word_ids: Rows | None = None,
        power: float = 1,
        **kwargs: Any,
    ) -> "LabelwiseTokenReplacement":
        """Counts the tokens of each label in a corpus; the paper's counts are those of the training set.

        Args:
            token_ids: Sequences of ids.
            token_labels: As many of the numbers of labels.
            rate: See the class.
            word_ids: As many of the numbers of words, for `unit="word"`, which is then the default.
            power: To which counts are raised, `p_power` of the paper's code.
            **kwargs: See the class; special tokens and those of the `skip_list` are not counted.
        """
        kwargs = {**kwargs, "unit": kwargs.get("unit", "subword" if word_ids is None else "word")}
        left_out = [one for name in ("special_token_ids", "skip_list") for one in kwargs.get(name) or ()]
        tokens, counts = counted(token_ids, token_labels, word_ids, left_out, power, cls.__name__)
        return cls(rate, tokens, counts, **kwargs)

    @property
    def tokens(self) -> list[list[Any]]:
        """The tokens of each label."""
        return self._table.tokens

    @property
    def counts(self) -> list[list[float]]:
        """A number for each of them."""
        return self._table.counts

    def check(self, fields: dict[str, Any]) -> None:
        """Ids must fit what holds them."""
        super().check(fields)
        check_written(fields, int(self._table.ids.max()), self._label)

    def edit(self, tokens: Tokens, params: Params) -> Change:
        """Draws an entry for each token, or each word, of its label's."""
        label, index = ops.cast(labels_in(tokens.fields, self._label), "int32"), None
        size, inner = ops.ones_like(label), ops.zeros_like(label)
        if self.unit == "word":
            words = tokens.words(self._label)
            label, size, inner = in_words(label, words, tokens.fields["word_ids"], tokens.segments)
            index = words.index
        group, there = self._table.group(label, size)
        taken = self.taken(tokens, params, among=there)
        if "drawn" in params:
            entry = self._table.lots.entry(group, params["drawn"])
        else:
            bits = (bits_for(params["key"], tokens.ids, stream) for stream in (1, 2))
            each = (one if index is None else gather_tokens(one, index) for one in bits)
            entry = self._table.lots.draw_entry(group, *each)
        return Change(ids=self._table.id_at(entry, inner), written=taken)
