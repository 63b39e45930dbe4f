"""Which entries of a tokenizer's vocabulary are whole words, and which words they are."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kerasaug.arguments import is_integer, one_of
from kerasaug.text.lexicons.malformed import existing, malformed, read_text

STYLES = ("plain", "wordpiece", "sentencepiece", "gpt2")
_SPECIAL = re.compile(r"\[[^\[\]\s]+\]|<[^<>\s]+>|<\|.+\|>")
_MARKS = {"sentencepiece": "▁", "gpt2": "Ġ"}
_MOST = 2**31 - 2


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a tokenizer by their ids, and how it marks where words start.

    Attributes:
        tokens: Id to token, `None` where no token has the id.
        style: `"wordpiece"` (`##` continues a word), `"sentencepiece"` (`▁` starts one), `"gpt2"` (`Ġ` starts one, in
            characters that stand for bytes), or `"plain"` (every token is a word).
        special: Ids that stand for no text.
    """

    tokens: tuple[str | None, ...]
    style: str
    special: frozenset[int]

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def words(self) -> tuple[str | None, ...]:
        """Id to the word it is, whole; `None` for specials, pieces of words, numbers and punctuation."""
        return tuple(
            None if token is None or i in self.special else self._word(token) for i, token in enumerate(self.tokens)
        )

    @cached_property
    def uncased(self) -> bool:
        """Whether no word has a capital."""
        return not any(word != word.lower() for word in self.words if word)

    @cached_property
    def unaccented(self) -> bool:
        """Whether no word has an accent, as where a tokenizer strips them."""
        return not any(not word.isascii() and without_accents(word) != word for word in self.words if word)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Word to the first id it has."""
        found: dict[str, int] = {}
        for i, word in enumerate(self.words):
            if word is not None:
                found.setdefault(word, i)
        return found

    def _word(self, token: str) -> str | None:
        if self.style == "wordpiece" and token.startswith("##"):
            return None
        if self.style in _MARKS:
            if not token.startswith(_MARKS[self.style]):
                return None
            token = token[1:]
        if self.style == "gpt2":
            token = _from_bytes(token)
        is_word = any(one.isalpha() for one in token) and not any(one.isspace() or one in "▁\ufffd" for one in token)
        return unicodedata.normalize("NFC", token) if is_word else None


def as_vocabulary(value: Any, who: str, style: str | None = None, special: Iterable[Any] | None = None) -> Vocabulary:
    """Reads a vocabulary: a list of tokens, a dict from token to id, or the path of a file.

    Args:
        value: What the caller gave.
        who: Who asks, for messages.
        style: One of `STYLES`, or `None` to tell from the tokens.
        special: Further tokens, or ids, that stand for no text, beyond those in brackets, such as `[CLS]` and `<s>`.
    """
    if isinstance(value, str | Path):
        value = _read(existing(value, who))
    tokens = _listed(value, who)
    if not tokens:
        raise ValueError(f"{who} expects vocabulary with at least one token. Received: an empty one.")
    named = set(special or ())
    ids = {i for i, token in enumerate(tokens) if token is None or token == "" or _SPECIAL.fullmatch(token)}
    ids |= {i for i, token in enumerate(tokens) if token in named} | {int(one) for one in named if is_integer(one)}
    found = _style(tokens) if style is None else one_of(style, STYLES, "style", who)
    return Vocabulary(tuple(tokens), found, frozenset(ids))


def without_accents(word: str) -> str:
    """A word without combining marks, as uncased BERT's tokenizer leaves it."""
    parts = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", "".join(one for one in parts if unicodedata.category(one) != "Mn"))


def _listed(value: Any, who: str) -> list[str | None]:
    if isinstance(value, Mapping):
        ids = list(value.values())
        valid = all(isinstance(token, str) for token in value) and all(is_integer(i) and 0 <= i <= _MOST for i in ids)
        if not valid or len(set(ids)) < len(ids):
            wrong = next(
                (pair for pair in value.items() if not is_integer(pair[1])), "ids that come twice or cannot be"
            )
            raise ValueError(f"{who} expects vocabulary, a dict from token to an id of its own. Received: {wrong!r}.")
        by_id = {int(i): token for token, i in value.items()}
        return [by_id.get(i) for i in range(max(by_id, default=-1) + 1)]
    listed = None if isinstance(value, bytes) or not isinstance(value, Iterable) else list(value)
    if listed is None or not all(isinstance(token, str) for token in listed):
        wrong = value if listed is None else next(token for token in listed if not isinstance(token, str))
        raise ValueError(
            f"{who} expects vocabulary: a list of tokens, a dict from token to id, or the path of a file. Received: "
            f"{wrong!r}."
        )
    return [str(token) for token in listed]


def _read(path: Path) -> Any:
    """A `vocab.txt`, a `vocab.json` or `tokenizer.json`, or SentencePiece's `.vocab`."""
    if path.suffix == ".model":
        raise malformed(
            path, None, "a list of tokens", "SentencePiece's binary model", "Give the .vocab file beside it."
        )
    text = read_text(path)
    if path.suffix == ".json":
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise malformed(path, error.lineno, f"JSON ({error.msg})", text.split("\n")[error.lineno - 1]) from error
        if isinstance(value, dict) and isinstance(value.get("model"), dict):
            value = value["model"].get("vocab")
        if isinstance(value, list) and value and isinstance(value[0], list):
            value = [pair[0] for pair in value]  # Unigram: pairs of a token and its score
        return value
    lines = text.split("\n")
    lines = [line.removesuffix("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]
    return [line.partition("\t")[0] for line in lines] if path.suffix == ".vocab" else lines


def _style(tokens: list[str | None]) -> str:
    present = [token for token in tokens if token]
    if any(token.startswith("##") and len(token) > 2 for token in present):
        return "wordpiece"
    for style, mark in _MARKS.items():
        marked = sum(token.startswith(mark) and len(token) > 1 for token in present)
        if marked > len(present) / 20:
            return style
    return "plain"


def _byte_characters() -> dict[str, int]:
    """GPT-2's characters for bytes: printable ones of Latin-1 stand for themselves, others for U+0100 and on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [one for one in range(256) if one not in printable]
    return {chr(one): one for one in printable} | {chr(256 + i): one for i, one in enumerate(others)}


_BYTES = _byte_characters()


def _from_bytes(token: str) -> str:
    try:
        return bytes(_BYTES[one] for one in token).decode("utf-8", "replace")
    except KeyError:  # a token that was added later, as text
        return token
