"""Mentions of each entity type: read from a corpus, checked, and as tables to be drawn from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasaug.arguments import is_integer
from kerasaug.backend import Tensor, gather_rows, ops
from kerasaug.layers.text.label_table import Rows, rows_of
from kerasaug.layers.text.tagging import TaggingScheme
from kerasaug.ops.tokens.lots import Lots
from kerasaug.ops.tokens.selection import bits_for
from kerasaug.params import Params

Words = tuple[tuple[int, ...], ...]


class MentionBank:
    """Mentions, in groups of one entity type.

    Attributes:
        mentions: Entity type to mentions, each a list of ids, and of lists of them for words of several tokens.
        width: How many tokens the longest has.
        lots: Draws an entry of a type, whose number is the scheme's.
        sizes: int32 (entries,), how many tokens each entry has.
        ids: int32 (entries · width,), the ids of each.
        labels: int32 (entries · width,), their labels.
        words: int32 (entries · width,), the number of the word that each belongs to, in its mention.
        tables: These three.
    """

    def __init__(self, mentions: Mapping[str, Sequence[Words]], scheme: TaggingScheme, each: bool, ignore: int) -> None:
        self.mentions = {kind: [_plain(one) for one in many] for kind, many in mentions.items()}
        entries = [(kind, one) for kind in scheme.types for one in mentions.get(kind, ())]
        lengths = [sum(map(len, one)) for _, one in entries]
        self.width = max(lengths)
        self.lots = Lots([[1.0] * len(mentions.get(kind, ())) for kind in scheme.types])
        self.sizes = np.array(lengths, "int32")
        rows = [[token for word in one for token in word] for _, one in entries]
        words = [[i for i, word in enumerate(one) for _ in word] for _, one in entries]
        labels = [_labels(kind, one, scheme, each, ignore) for kind, one in entries]
        self.ids, self.labels, self.words = self.tables = [self._table(table) for table in (rows, labels, words)]

    def entry(self, kind: Tensor, ids: Tensor, params: Params) -> Tensor:
        """int32 (batch, length), an entry of each type, drawn, or by its number where `"replacement"` says so."""
        if "replacement" in params:
            return self.lots.entry(kind, params["replacement"])
        bits = bits_for(params["key"], ids, 1)
        return self.lots.draw_entry(kind, bits, bits)

    def size_of(self, entry: Tensor) -> Tensor:
        """int32, how many tokens an entry has."""
        return gather_rows(ops.convert_to_tensor(self.sizes), entry)

    def tokens(self, entry: Tensor, inner: Tensor) -> list[Tensor]:
        """int32 each: the id, the label and the word of a token of an entry, by its number in the mention."""
        index = entry * self.width + ops.minimum(inner, self.width - 1)
        return [gather_rows(ops.convert_to_tensor(one), index) for one in self.tables]

    def _table(self, rows: Sequence[Sequence[int]]) -> np.ndarray:
        return np.array([[*row, *(0,) * (self.width - len(row))] for row in rows], "int32").reshape(-1)


def as_bank(bank: Any, scheme: TaggingScheme, each: bool, ignore: int, layer: str) -> MentionBank:
    """Reads mentions.

    Args:
        bank: Entity type to a list of mentions: ids, or lists of them for words of several tokens.
        scheme: The labels.
        each: Whether every token has a label, or only the first of each word.
        ignore: The label of the others.
        layer: Name of the layer, for messages.
    """
    if not isinstance(bank, Mapping) or not any(len(many) for many in bank.values()):
        raise ValueError(
            f"{layer} expects bank, a dict from entity type to a list of mentions, such as {{'PER': [[7, 8], [9]]}}. "
            f"Received: bank={bank!r:.200}."
        )
    unknown = sorted(set(bank) - set(scheme.types))
    if unknown:
        raise ValueError(
            f"{layer} expects mentions of the types {scheme.types}, which its labels have. Received: {unknown}."
        )
    read = {str(kind): [_mention(one, layer) for one in many] for kind, many in bank.items()}
    return MentionBank(read, scheme, each, ignore)


def mentions_of(
    token_ids: Rows,
    token_labels: Rows,
    word_ids: Rows | None,
    scheme: TaggingScheme,
    special: Sequence[int],
    ignore: int,
    longest: int,
    layer: str,
) -> tuple[dict[str, list[list[Any]]], bool]:
    """The distinct mentions in a corpus, in the order in which they come, and whether every token had a label.

    Args:
        token_ids: Sequences of ids.
        token_labels: As many of the numbers of labels.
        word_ids: As many of the numbers of words, or `None`.
        scheme: The labels.
        special: Ids that are part of no mention.
        ignore: The label of a word's further tokens, where these have none of their own.
        longest: How many tokens a mention may have; longer ones are left out.
        layer: Name of the layer, for messages.
    """
    found: dict[str, dict[Words, None]] = {}
    each, barred = True, set(special)
    for ids, labels, numbers in rows_of(token_ids, token_labels, word_ids, layer):
        for one in scheme.mentions(labels):
            last = one.last
            while last + 1 < len(ids) and _goes_on(last + 1, ids, labels, numbers, ignore, barred):
                last += 1
            words: list[list[int]] = []
            for i in range(one.first, last + 1):
                bare = int(labels[i]) == ignore
                each = each and not bare
                joined = words and (bare if numbers is None else numbers[i] == numbers[i - 1])
                words[-1].append(int(ids[i])) if joined else words.append([int(ids[i])])
            if last - one.first < longest and not barred & {token for word in words for token in word}:
                found.setdefault(one.type, {})[tuple(map(tuple, words))] = None
    return {kind: [_plain(one) for one in many] for kind, many in found.items()}, each


def _plain(mention: Words) -> list[Any]:
    return [word[0] if len(word) == 1 else list(word) for word in mention]


def _goes_on(i: int, ids: Any, labels: Any, words: Any, ignore: int, barred: set[int]) -> bool:
    """Whether a token without a label belongs to the word before."""
    return int(labels[i]) == ignore and int(ids[i]) not in barred and (words is None or words[i] == words[i - 1])


def _labels(kind: str, mention: Words, scheme: TaggingScheme, each: bool, ignore: int) -> list[int]:
    if each:
        return scheme.of_mention(kind, sum(map(len, mention)))
    pairs = zip(scheme.of_mention(kind, len(mention)), mention, strict=True)
    return [label for first, word in pairs for label in (first, *(ignore,) * (len(word) - 1))]


def _mention(mention: Any, layer: str) -> Words:
    listed = list(mention) if isinstance(mention, Sequence | np.ndarray) and not isinstance(mention, str) else []
    words = [tuple(word) if isinstance(word, Sequence | np.ndarray) else (word,) for word in listed]
    if not words or not all(word and all(is_integer(one) and 0 <= one < 2**31 for one in word) for word in words):
        raise ValueError(
            f"{layer} expects each mention to be a list of ids from 0 on, and of lists of them. Received: {mention!r}."
        )
    return tuple(tuple(int(one) for one in word) for word in words)
