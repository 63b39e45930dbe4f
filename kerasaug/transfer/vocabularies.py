"""Vocabularies, and which word of one is which of another."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

_SPECIAL = (
    ("", "[PAD]", "<pad>", "<PAD>", "xxpad"),
    ("[UNK]", "<unk>", "<UNK>", "[OOV]", "<oov>", "xxunk"),
    ("[CLS]", "[START]", "<s>", "<bos>", "xxbos"),
    ("[SEP]", "[END]", "</s>", "<eos>", "xxeos"),
    ("[MASK]", "<mask>"),
)
_ALIKE = {token: tuple(other for other in group if other != token) for group in _SPECIAL for token in group}
PADDING = _SPECIAL[0]


class Found(NamedTuple):
    """A word of the source, and how it was found: `"word"`, `"case"` or `"special"`."""

    word: str
    rule: str


def words_of(vocabulary: Any, name: str) -> list[str | None]:
    """The word of each row; `None` for a row without one.

    Args:
        vocabulary: A list of words, a dict from words to rows, or a layer with `get_vocabulary`.
        name: The argument's name, for messages.

    Raises:
        TypeError: When it is something else.
        ValueError: When it is empty, or a row is negative or taken twice.
    """
    if hasattr(vocabulary, "get_vocabulary"):
        vocabulary = vocabulary.get_vocabulary()
    if isinstance(vocabulary, Mapping):
        words = _by_row(vocabulary, name)
    elif isinstance(vocabulary, Sequence | np.ndarray) and not isinstance(vocabulary, str | bytes):
        words = [_text(word, name) for word in vocabulary]
    else:
        raise TypeError(
            f"transfer_embeddings expects `{name}` as a list of words, a dict from words to rows, or a layer such as "
            f"TextVectorization or StringLookup. Received: {type(vocabulary).__name__}."
        )
    if not words:
        raise ValueError(
            f"transfer_embeddings expects words in `{name}`. Received: none. Call `adapt` on the layer first."
        )
    return words


def candidates(word: str, special_tokens: Mapping[str, str], match_case: bool) -> Iterator[Found]:
    """What to look for in the source for a word of the target, best first."""
    if word in special_tokens:
        yield Found(special_tokens[word], "special")
    yield Found(word, "word")
    for other in _ALIKE.get(word, ()):
        yield Found(other, "special")
    if not match_case and word not in _ALIKE:
        for other in dict.fromkeys((word.lower(), word.capitalize(), word.title(), word.upper())):
            if other != word:
                yield Found(other, "case")


def _by_row(vocabulary: Mapping[Any, Any], name: str) -> list[str | None]:
    rows = {int(row): _text(word, name) for word, row in vocabulary.items()}
    if len(rows) < len(vocabulary) or min(rows, default=0) < 0:
        raise ValueError(f"transfer_embeddings expects a row of its own for each word of `{name}`, from 0 on.")
    return [rows.get(row) for row in range(max(rows, default=-1) + 1)]


def _text(word: Any, name: str) -> str:
    if isinstance(word, bytes):
        return word.decode()
    if not isinstance(word, str):
        raise TypeError(
            f"transfer_embeddings expects `{name}` to hold words. Received: {word!r}, of {type(word).__name__}."
        )
    return str(word)
