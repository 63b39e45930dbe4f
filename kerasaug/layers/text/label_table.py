"""Tokens, or words, that a corpus has under each label: read from one, checked, and ready to be drawn from."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from kerasaug.arguments import is_integer
from kerasaug.backend import Tensor, gather_rows, ops
from kerasaug.ops.tokens.lots import Lots

Word = tuple[int, ...]
Rows = Iterable[Sequence[int]]


class LabelTable:
    """Words of each label, with how often each occurs, in groups of one label and one number of tokens.

    Attributes:
        tokens: Of each label, the words: an id, or several, each.
        counts: Of each label, a number for each word.
        width: How many tokens the longest word has.
        lots: Draws an entry from a group, whose number is that of the label times the width, plus tokens less one.
        ids: int32 (entries · width,), the ids of each entry, in the order of the groups.
    """

    def __init__(self, tokens: list[list[Word]], counts: list[list[float]]) -> None:
        self.tokens = [[list(word) if len(word) > 1 else word[0] for word in words] for words in tokens]
        self.counts = counts
        self.width = max(len(word) for words in tokens for word in words)
        words: list[list[Word]] = [[] for _ in range(len(tokens) * self.width)]
        weights: list[list[float]] = [[] for _ in words]
        for label, (each, numbers) in enumerate(zip(tokens, counts, strict=True)):
            for word, number in zip(each, numbers, strict=True):
                words[label * self.width + len(word) - 1].append(word)
                weights[label * self.width + len(word) - 1].append(number)
        self.lots = Lots(weights)
        padded = [[*word, *(0,) * (self.width - len(word))] for group in words for word in group]
        self.ids = np.array(padded, "int32").reshape(-1)

    def group(self, label: Tensor, size: Tensor) -> tuple[Tensor, Tensor]:
        """int32, the number of the group of a label and a number of tokens, and boolean, whether it has words."""
        fits = (label >= 0) & (label < len(self.tokens)) & (size >= 1) & (size <= self.width)
        group = ops.where(fits, label * self.width + size - 1, 0)
        return group, fits & self.lots.has(group)

    def id_at(self, entry: Tensor, inner: Tensor) -> Tensor:
        """int32, the id of an entry's token, by its number in the word."""
        index = entry * self.width + ops.clip(inner, 0, self.width - 1)
        return gather_rows(ops.convert_to_tensor(self.ids), index)


def as_label_table(tokens: Any, counts: Any, layer: str) -> LabelTable:
    """Reads words and counts of each label.

    Args:
        tokens: For each label a list of ids, or of words of several ids.
        counts: For each label as many numbers, not negative; `None` where every word is as likely.
        layer: Name of the layer, for messages.
    """
    words = [_words(one, layer) for one in _listed(tokens, "tokens", layer)]
    if not any(words):
        raise ValueError(f"{layer} expects tokens with at least one token of a label. Received: {tokens!r:.200}.")
    numbers = _listed([[1] * len(one) for one in words] if counts is None else counts, "counts", layer)
    read = [[float(one) for one in each] for each in numbers]
    fits = [len(each) for each in read] == [len(each) for each in words]
    if not fits or not all(np.isfinite(one) and one >= 0 for each in read for one in each):
        raise ValueError(
            f"{layer} expects counts, a number of 0 or more for each of the {[len(each) for each in words]} tokens of "
            f"each label. Received: counts={counts!r:.200}."
        )
    return LabelTable(words, read)


def counted(
    token_ids: Rows,
    token_labels: Rows,
    word_ids: Rows | None,
    left_out: Sequence[int],
    power: float,
    layer: str,
) -> tuple[list[list[Any]], list[list[float]]]:
    """Words of each label in a corpus, from the most frequent on, and their counts to some power.

    Args:
        token_ids: Sequences of ids.
        token_labels: As many of the numbers of labels; a negative one, such as -100, is none.
        word_ids: As many of the numbers of words, negative for none, which makes words the unit; `None` for tokens.
        left_out: Ids that no word counts with.
        power: To which counts are raised: 0 makes every word as likely.
        layer: Name of the layer, for messages.
    """
    found: dict[int, Counter[Word]] = {}
    barred = set(left_out)
    for ids, labels, numbers in rows_of(token_ids, token_labels, word_ids, layer):
        for first, last in units_of(ids, numbers):
            word = tuple(int(one) for one in ids[first:last])
            if int(labels[first]) >= 0 and not barred & set(word):
                found.setdefault(int(labels[first]), Counter())[word] += 1
    listed = [found.get(label, Counter()).most_common() for label in range(max(found, default=-1) + 1)]
    words = [[list(word) if len(word) > 1 else word[0] for word, _ in each] for each in listed]
    return words, [[float(count**power) for _, count in each] for each in listed]


def rows_of(
    token_ids: Any, token_labels: Any, word_ids: Any, layer: str
) -> Iterator[tuple[Sequence[int], Sequence[int], Sequence[int] | None]]:
    """Sequences of a corpus, each with its labels and words; raises where they differ in length."""
    ids, labels = list(token_ids), list(token_labels)
    words = [None] * len(ids) if word_ids is None else list(word_ids)
    if not len(ids) == len(labels) == len(words):
        raise ValueError(
            f"{layer} expects as many sequences of labels, and of word ids, as of tokens. Received: {len(ids)} of "
            f"tokens, {len(labels)} of labels, {len(words)} of word ids."
        )
    for i, (one, each, numbers) in enumerate(zip(ids, labels, words, strict=True)):
        if len(one) != len(each) or (numbers is not None and len(numbers) != len(one)):
            raise ValueError(
                f"{layer} expects a label, and a word id, for each token. Received: sequence {i} of {len(one)} tokens "
                f"and {len(each)} labels" + ("." if numbers is None else f" and {len(numbers)} word ids.")
            )
        yield one, each, numbers


def units_of(ids: Sequence[int], words: Sequence[int] | None) -> Iterator[tuple[int, int]]:
    """Where each word begins and ends; each token is one where words are not known, and else none without a number."""
    if words is None:
        yield from ((i, i + 1) for i in range(len(ids)))
        return
    bounds = [0, *(i for i in range(1, len(ids)) if words[i] != words[i - 1]), len(ids)]
    yield from ((i, j) for i, j in pairwise(bounds) if i < j and words[i] >= 0)


def _listed(value: Any, name: str, layer: str) -> list[list[Any]]:
    many = Sequence | np.ndarray
    if not isinstance(value, many) or isinstance(value, str) or not all(isinstance(one, many) for one in value):
        raise ValueError(f"{layer} expects {name}, a list for each label. Received: {name}={value!r:.200}.")
    return [list(one) for one in value]


def _words(words: list[Any], layer: str) -> list[Word]:
    read = [tuple(word) if isinstance(word, Sequence | np.ndarray) else (word,) for word in words]
    for word in read:
        if not word or not all(is_integer(one) and 0 <= one < 2**31 for one in word):
            raise ValueError(f"{layer} expects tokens to be ids from 0 on, or lists of them. Received: {word!r}.")
    return [tuple(int(one) for one in word) for word in read]
