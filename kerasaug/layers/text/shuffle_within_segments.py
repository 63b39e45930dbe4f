"""Shuffling within segments of one label."""

from collections.abc import Sequence
from typing import Any

from kerasaug.backend import Tensor, gather_tokens, ops, place
from kerasaug.layers.text.rated import RatedEdit
from kerasaug.layers.text.tagging import TaggingScheme
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.tokens.change import Change, carried
from kerasaug.ops.tokens.segments import Labelled, random_order, relaid, shuffled_within
from kerasaug.ops.tokens.selection import bits_for, by_rate
from kerasaug.ops.tokens.words import begins, words_of
from kerasaug.params import Params
from kerasaug.registry import register


@register
class ShuffleWithinSegments(RatedEdit):
    """Shuffles the tokens, or words, within segments of one label (mentions, and runs of O); labels stay in place.

    Targets: whatever has an entry for each token moves with it, but for `token_labels`, and positions of spans follow.

    Labels are read as seqeval's default mode reads them, so that an odd I- after an O begins a mention; a label that is
    none of `labels` belongs to no segment. Where only the first token of a word has a label and the others
    `ignore_class`, those belong to their word's segment; shuffle whole words then, by `unit="word"`, and each word's
    first token carries the label of its new place. Tokens that may not be touched end a segment.

    Args:
        rate: Probability with which each segment is shuffled, from 0 to 1, or a pair from which each sample draws its
            own.
        labels: Names of the labels in the order of their numbers, such as `["O", "B-PER", "I-PER"]`; BIO, BIOES or
            BILOU.
        count: `"bernoulli"` (the default) tosses a coin for each segment; `"exact"` takes ⌊rate · n⌋ of the n that have
            two tokens or more, and at least one.
        **kwargs: `special_token_ids`, `skip_list`, `pad_token_id`, `unit`, `aligned` and `ignore_class`, see
            `kerasaug.layers.TokenEdit`; `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        A dict with `token_ids`, integers `(batch, length)` or `(length,)`, and `token_labels`, integers likewise;
        `padding_mask` at best.

    Output shape:
        The input's.

    Raises:
        ValueError: When an argument cannot be, there are no `token_labels`, or `unit="word"` finds no `word_ids`.

    Example:

    ```python
    shuffle = kerasaug.layers.ShuffleWithinSegments(0.5, ["O", "B-PER", "I-PER"], special_token_ids=[101, 102], seed=1)
    batch = shuffle({
        "token_ids": np.array([[101, 7, 8, 9, 10, 102, 0, 0]]),
        "padding_mask": np.array([[1, 1, 1, 1, 1, 1, 0, 0]]),
        "token_labels": np.array([[-100, 0, 0, 1, 2, -100, -100, -100]]),
    })
    ```

    Reference:
        Dai and Adel, "An Analysis of Simple Data Augmentation for Named Entity Recognition", COLING 2020: SiS.
    """

    def __init__(
        self, rate: float | Sequence[float], labels: Sequence[str], count: str = "bernoulli", **kwargs: Any
    ) -> None:
        super().__init__(rate, count, **kwargs)
        self._scheme = TaggingScheme(labels, type(self).__name__)
        self.labels = self._scheme.labels

    def edited(self, fields: dict[str, Any], params: Params) -> dict[str, Any]:
        """The fields that change; labels do where words of several tokens change places."""
        tokens = self.read(fields)
        read = self._scheme.read(tokens, self.ignore_class, self._label)
        change = Change(self._source(tokens, read, params))
        if "chosen" in params:
            change = change.where(params["chosen"][:, None], tokens.valid)
        result = carried(fields, self._fills(fields), change, tokens.valid, {})
        labels = fields["token_labels"]
        stays = labels if self.unit == "subword" else relaid(labels, read.carries, change.source)
        return {**result, "token_labels": stays}

    def _source(self, tokens: Tokens, read: Labelled, params: Params) -> Tensor:
        """Where each place gets its token from."""
        movable, bits = tokens.eligible, bits_for(params["key"], tokens.ids, 1) if "key" in params else None
        if self.unit == "word":
            words = tokens.words(self._label)
            movable = words.spread(words.eligible)
            bits = None if bits is None else gather_tokens(bits, words.index)
        inside = movable & (read.label < len(self.labels))
        first = read.first | begins(inside)
        index = ops.cumsum(ops.cast(first, "int32"), axis=1)
        taken = self._taken_segments(tokens, index, inside, params)
        order = params["order"] if bits is None or "order" in params else random_order(bits)
        sizes = place(index, ops.cast(taken, "int32"))
        return shuffled_within(index, ops.where(taken, order, 0), ops.max(sizes))

    def _taken_segments(self, tokens: Tokens, index: Tensor, inside: Tensor, params: Params) -> Tensor:
        """Boolean (batch, length): the tokens of segments that are shuffled."""
        segments = words_of(ops.where(inside, index, -1), inside)
        if "taken" in params:
            marks = ops.cast(params["taken"], "int32")
            return segments.spread(place(segments.index, ops.where(inside, marks, 0)) > 0)
        several = place(segments.index, ops.cast(inside, "int32")) > 1
        bits = bits_for(params["key"], tokens.ids)
        return segments.spread(by_rate(bits, segments.eligible & several, params["rate"], self.count == "exact"))
