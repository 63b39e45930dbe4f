"""Replacement of mentions by others of their entity type."""

from typing import Any

from kerasaug.arguments import as_integer, one_of
from kerasaug.backend import gather_tokens
from kerasaug.layers.text.label_table import Rows
from kerasaug.layers.text.mention_bank import as_bank, mentions_of
from kerasaug.layers.text.rated import RatedEdit
from kerasaug.layers.text.tagging import TaggingScheme
from kerasaug.layers.text.written import check_written
from kerasaug.ops.tokens.change import Change, carried
from kerasaug.ops.tokens.mentions import mentions_in, of_new, replaced
from kerasaug.params import Params
from kerasaug.registry import register

RULES = ("inherit", "ignore")


@register
class MentionReplacement(RatedEdit):
    """Replaces mentions of entities by others of the same type, of any length; what follows moves.

    Targets: whatever has an entry for each token, and positions of spans, follow. New tokens have the labels of a
    mention, B- first, the segment and the weight of the mention's first token, offsets of 0, and words of new numbers.

    Labels are read as seqeval's default mode reads them, so that an odd I- after an O begins a mention; where only the
    first token of a word has a label and the others `ignore_class`, those belong to their word. Mentions grow into the
    padding, and nothing falls off: one that does not fit is left alone, the last ones first. So is one with a token
    that may not be touched, or of a type that the bank does not have.

    Args:
        rate: Probability with which each mention is replaced, from 0 to 1, or a pair from which each sample draws its
            own.
        bank: Dict from entity type to mentions, of which each is as likely: lists of ids, in which a word of several
            tokens may be a list: `{"PER": [[7, 8], [[9, 10], 11]]}`. `from_corpus` makes it.
        labels: Names of the labels in the order of their numbers, such as `["O", "B-PER", "I-PER"]`; BIO, BIOES or
            BILOU.
        inserted_labels: `"inherit"` (the default) gives every new token a label; `"ignore"` only the first one of each
            word, and the others `ignore_class`.
        **kwargs: `count`, by which `"bernoulli"` (the default) tosses a coin for each mention and `"exact"` takes
            ⌊rate · n⌋ of n, and at least one; `special_token_ids`, `skip_list`, `pad_token_id`, `aligned` and
            `ignore_class`, see `kerasaug.layers.TokenEdit`; `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        A dict with `token_ids`, integers `(batch, length)` or `(length,)`, and `token_labels`, integers likewise;
        `padding_mask` at best.

    Output shape:
        The input's.

    Raises:
        ValueError: When an argument cannot be, `labels` lack one that a mention needs, or there are no `token_labels`.

    Example:

    ```python
    bank = {"PER": [[20], [21, 22], [23, 24, 25]]}
    replace = kerasaug.layers.MentionReplacement(0.5, bank, ["O", "B-PER", "I-PER"], special_token_ids=[101, 102])
    batch = replace({
        "token_ids": np.array([[101, 7, 8, 9, 10, 102, 0, 0]]),
        "padding_mask": np.array([[1, 1, 1, 1, 1, 1, 0, 0]]),
        "token_labels": np.array([[-100, 0, 1, 2, 0, -100, -100, -100]]),
    })
    ```

    Reference:
        Dai and Adel, "An Analysis of Simple Data Augmentation for Named Entity Recognition", COLING 2020: MR.
    """

    def __init__(self, rate: Any, bank: Any, labels: Any, inserted_labels: str = "inherit", **kwargs: Any) -> None:
        super().__init__(rate, **kwargs)
        name = type(self).__name__
        self._scheme = TaggingScheme(labels, name)
        self.labels = self._scheme.labels
        self.inserted_labels = one_of(inserted_labels, RULES, "inserted_labels", name)
        self._bank = as_bank(bank, self._scheme, inserted_labels == "inherit", self.ignore_class, name)

    @classmethod
    def from_corpus(
        cls,
        token_ids: Rows,
        token_labels: Rows,
        rate: Any,
        labels: Any,
        word_ids: Any = None,
        max_length: int = 16,
        **kwargs: Any,
    ) -> "MentionReplacement":
        """Collects the distinct mentions in a corpus; the paper's are those of the training set.

        Args:
            token_ids: Sequences of ids.
            token_labels: As many of the numbers of labels.
            rate: See the class.
            labels: See the class.
            word_ids: As many of the numbers of words, where several tokens with labels may be one word.
            max_length: How many tokens a mention may have. Defaults to 16; longer ones are left out.
            **kwargs: See the class. `inserted_labels` is what the corpus does, unless given.
        """
        name, ignore = cls.__name__, kwargs.get("ignore_class", -100)
        special = kwargs.get("special_token_ids") or ()
        scheme, longest = TaggingScheme(labels, name), as_integer(max_length, "max_length", name, low=1)
        bank, each = mentions_of(token_ids, token_labels, word_ids, scheme, special, ignore, longest, name)
        return cls(rate, bank, labels, **{"inserted_labels": RULES[0 if each else 1], **kwargs})

    @property
    def bank(self) -> dict[str, list[Any]]:
        """Mentions by entity type."""
        return self._bank.mentions

    def edited(self, fields: dict[str, Any], params: Params) -> dict[str, Any]:
        """The fields that change; ids must fit what holds them."""
        check_written(fields, int(self._bank.ids.max()), self._label)
        tokens = self.read(fields)
        read = self._scheme.read(tokens, self.ignore_class, self._label)
        found = mentions_in(read, self._scheme.type_of, tokens.eligible, self._bank.lots)
        heads = found.taken(params, tokens.ids, self.count == "exact")
        entry = self._bank.entry(found.type, tokens.ids, params)
        new = replaced(found, heads, self._bank.size_of(entry), tokens.valid, tokens.left)
        ids, labels, words = self._bank.tokens(gather_tokens(entry, new.source), new.inner)
        change = Change(new.source, new.valid, ids, new.inserted, new.inserted)
        if "chosen" in params:
            change = change.where(params["chosen"][:, None], tokens.valid)
        return carried(fields, self._fills(fields), change, tokens.valid, of_new(labels, words - new.inner))
