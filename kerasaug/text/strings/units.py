"""Where the words, or the characters, of a text are."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from kerasaug.text.strings.graphemes import graphemes, is_single

UNITS = ("auto", "word", "character")
WORD, GLYPH, MARK = "word", "glyph", "mark"

# Scripts that are written without spaces: Thai, Lao, Myanmar, Khmer, Japanese's kana, Chinese characters.
_UNSPACED = (
    "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3005-\\u3007\\u3040-\\u30ff\\u31f0-\\u31ff\\u3400-\\u4dbf"
    "\\u4e00-\\u9fff\\uf900-\\ufaff\\uff66-\\uff9f\\U00020000-\\U0003ffff"
)
_OTHER = "\ufffc"  # what stands for a cluster that is a symbol


class Unit(NamedTuple):
    """A piece of a text: `"word"`, `"glyph"` (a character of a script without spaces) or `"mark"` (anything else)."""

    start: int
    end: int
    kind: str


def units_of(text: str, unit: str) -> list[Unit]:
    """Words, single characters where there are no spaces, and marks; white space is none of them.

    Args:
        text: The text.
        unit: `"auto"`, `"word"`, by which runs of letters are words in every script, or `"character"`.
    """
    pattern = _pattern(unit)
    kinds = (WORD, GLYPH, MARK)
    if is_single(text):
        return [Unit(found.start(), found.end(), kinds[found.lastindex - 1]) for found in pattern.finditer(text)]  # type: ignore[operator]
    clusters = graphemes(text)
    stand_in = "".join(map(_stand_in, clusters))
    starts = [0]
    for cluster in clusters:
        starts.append(starts[-1] + len(cluster))
    return [
        Unit(starts[found.start()], starts[found.end()], kinds[found.lastindex - 1])  # type: ignore[operator]
        for found in pattern.finditer(stand_in)
    ]


def kind_of(surface: str) -> str:
    """What a token is, by its characters."""
    if not any(one.isalnum() for one in surface):
        return MARK
    return GLYPH if is_unspaced(surface[0]) else WORD


def is_unspaced(character: str) -> bool:
    """Whether a character is of a script that is written without spaces."""
    return _GLYPH.match(character) is not None


_GLYPH = re.compile(f"[{_UNSPACED}]")


@lru_cache(3)
def _pattern(unit: str) -> re.Pattern[str]:
    unspaced = _UNSPACED if unit == "auto" else ""
    letter = "[^\\W" + unspaced + "]"
    word = f"({letter}+(?:['’\\-]{letter}+)*)" if unit != "character" else "((?!))"
    glyph = {"auto": f"([{_UNSPACED}])", "word": "((?!))", "character": "(\\w)"}[unit]
    return re.compile(f"{word}|{glyph}|([^\\s\\w])")


def _stand_in(cluster: str) -> str:
    """One character of the same kind."""
    if len(cluster) == 1 or cluster == "\r\n":
        return cluster[0]
    return next((one for one in cluster if one.isalnum()), _OTHER)


def tokenized(text: str, tokenizer: Callable[[str], Any], who: str) -> list[Unit] | list[str]:
    """What another tokenizer makes of a text: its pieces in place, or as strings where they are not in the text.

    Args:
        text: The text.
        tokenizer: A callable that returns strings, or (start, end) pairs, or an object with `tokenize_with_offsets`, as
            tensorflow-text's tokenizers have it.
        who: The op, for messages.
    """
    if hasattr(tokenizer, "tokenize_with_offsets"):
        _, starts, ends = tokenizer.tokenize_with_offsets(text)
        pairs = _characters(text, _flat(starts), _flat(ends))
    else:
        pieces = list(tokenizer(text))
        if all(isinstance(one, str) for one in pieces):
            found = _found(text, pieces)
            if found is None:
                return pieces
            pairs = found
        else:
            pairs = [_pair(one, text, who) for one in pieces]
    if any(second[0] < first[1] for first, second in pairwise(pairs)):
        raise ValueError(f"{who} expects a tokenizer whose pieces follow one another. Received: {pairs[:8]}.")
    return [Unit(start, end, kind_of(text[start:end])) for start, end in pairs if end > start]


def _found(text: str, pieces: Sequence[str]) -> list[tuple[int, int]] | None:
    """Where each piece stands, one after the other; `None` where one does not."""
    pairs, at = [], 0
    for piece in pieces:
        start = text.find(piece, at)
        if start < 0:
            return None
        at = start + len(piece)
        pairs.append((start, at))
    return pairs


def _pair(one: Any, text: str, who: str) -> tuple[int, int]:
    try:
        start, end = (int(place) for place in one)
    except (TypeError, ValueError):
        start = end = -1
    if not 0 <= start <= end <= len(text):
        raise ValueError(
            f"{who} expects a tokenizer that returns strings, or (start, end) pairs in the text. Received: {one!r}."
        )
    return start, end


def _flat(offsets: Any) -> list[int]:
    offsets = getattr(offsets, "flat_values", offsets)
    return [int(one) for one in (offsets.numpy() if hasattr(offsets, "numpy") else offsets)]


def _characters(text: str, starts: Iterable[int], ends: Iterable[int]) -> list[tuple[int, int]]:
    """Offsets in bytes of UTF-8 as offsets in characters."""
    if text.isascii():
        return list(zip(starts, ends, strict=True))
    place, places = 0, {}
    for i, character in enumerate(text):
        places[place] = i
        place += len(character.encode("utf-8"))
    places[place] = len(text)
    return [(places[start], places[end]) for start, end in zip(starts, ends, strict=True)]
