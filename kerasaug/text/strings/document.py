"""A text in units, with what of it must stay as it is."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from kerasaug.text.strings.units import MARK, Unit, kind_of

Range = tuple[int, int]


class Document:
    """What an op sees of a text: surfaces and kinds of its units, and which of them it may touch.

    Attributes:
        surfaces: The units as strings.
        kinds: `"word"`, `"glyph"` or `"mark"` for each.
        locked: Whether each must stay.
        barred: Gaps into which nothing may go: `i` is the one before unit i.
        text: The text, or `None` of a list of tokens.
        units: Where the units stand in the text.
        blocked: Ranges of the text that must stay, in order.
    """

    def __init__(self, text: str, units: Sequence[Unit], blocked: Iterable[Range]) -> None:
        self.text: str | None = text
        self.units = units
        self.blocked = sorted(set(blocked))
        self.surfaces = [text[start:end] for start, end, _ in units]
        self.kinds = [kind for _, _, kind in units]
        self.locked = [False] * len(units)
        self.barred: set[int] = set()
        for low, high in self.blocked:
            for i, (start, end, _) in enumerate(units):
                self.locked[i] |= low < end and start < high
                if low < start < high:
                    self.barred.add(i)
            if units and low < units[-1].end < high:
                self.barred.add(len(units))

    @classmethod
    def of_tokens(cls, tokens: Sequence[str], locked: Sequence[bool]) -> "Document":
        """A document of tokens that someone else made; nothing goes between two that are locked."""
        document = cls("", (), ())
        document.text = None
        document.surfaces = list(tokens)
        document.kinds = [kind_of(token) for token in tokens]
        document.locked = list(locked)
        document.barred = {i for i in range(1, len(tokens)) if locked[i - 1] and locked[i]}
        return document

    def __len__(self) -> int:
        return len(self.surfaces)

    @cached_property
    def words(self) -> list[int]:
        """Units that are words, or characters of scripts without spaces, and may be touched."""
        return [i for i, kind in enumerate(self.kinds) if kind != MARK and not self.locked[i]]

    @cached_property
    def letters(self) -> list[str]:
        """The letters of its words, in lower case."""
        return sorted({one for i in self.words for one in self.surfaces[i].lower() if one.isalpha()})

    @cached_property
    def gaps(self) -> list[int]:
        """Gaps into which something may go: before a word, and after the last unit where that is one."""
        places = [i for i, kind in enumerate(self.kinds) if kind != MARK]
        places += [len(self)] if self.kinds and self.kinds[-1] != MARK else []
        return [i for i in places if i not in self.barred]

    def space_before(self, i: int) -> Range:
        """Where the white space before unit i stands, or after the last; an empty range where there is none to take."""
        text = self.text or ""
        low = self.units[i - 1].end if i else 0
        high = self.units[i].start if i < len(self.units) else len(text)
        free = text[low:high].isspace() and not any(start < high and low < end for start, end in self.blocked)
        return (low, high) if free else (high, high)


def as_pattern(protected: Any, who: str) -> re.Pattern[str] | None:
    """Reads what is protected, a pattern or words."""
    if protected is None or isinstance(protected, re.Pattern):
        return protected
    if isinstance(protected, str):
        try:
            return re.compile(protected)
        except re.error as error:
            raise ValueError(f"{who} expects protected, a pattern. Received: {protected!r}, {error}.") from error
    words = list(protected) if isinstance(protected, Iterable) else [None]
    if not all(isinstance(word, str) for word in words):
        raise ValueError(f"{who} expects protected, a pattern or a list of words. Received: protected={protected!r}.")
    longest = sorted((re.escape(word) for word in words if word), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest)})(?!\w)" if longest else "(?!)")


def matches(pattern: re.Pattern[str] | None, text: str) -> list[Range]:
    """Where a pattern is found in a text."""
    return [] if pattern is None else [found.span() for found in pattern.finditer(text) if found.group()]


def matching(pattern: re.Pattern[str] | None, tokens: Sequence[str]) -> list[bool]:
    """Which tokens a pattern touches, in the text that they are with spaces between."""
    ranges = matches(pattern, " ".join(tokens))
    at, touched = 0, []
    for token in tokens:
        touched.append(any(start < at + len(token) and at < end for start, end in ranges))
        at += len(token) + 1
    return touched


def ranges_of(spans: Iterable[Any], text: str, who: str) -> list[Range]:
    """Where spans stand: tuples (start, end, …) or dicts with `start` and `end`."""
    ranges = []
    for span in spans:
        try:
            start, end = (span["start"], span["end"]) if isinstance(span, Mapping) else (span[0], span[1])
            valid = 0 <= int(start) <= int(end) <= len(text)
        except (KeyError, IndexError, TypeError, ValueError):
            valid = False
        if not valid:
            raise ValueError(
                f"{who} expects spans, tuples (start, end, …) or dicts with start and end, in characters of a text of "
                f"{len(text)}. Received: {span!r}."
            )
        ranges.append((int(start), int(end)))
    return ranges
