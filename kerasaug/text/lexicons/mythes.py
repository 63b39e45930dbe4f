"""MyThes thesauri, which LibreOffice has of some thirty languages."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from kerasaug.text.lexicons.lexicon import UNKNOWN, Lexicon, Parts
from kerasaug.text.lexicons.malformed import existing, malformed, read_text

DROP = ("generic term", "antonym", "Oberbegriff", "Unterbegriff")
_NOTE = re.compile(r"\s*\(([^()]*)\)\s*")
_NAMES = {
    "adj": "adjective",
    "adv": "adverb",
    "nom": "noun",
    "verbe": "verb",
    "adjectif": "adjective",
    "adverbe": "adverb",
}


def read_mythes(path: str | Path, drop: Iterable[str] = DROP, language: str | None = None) -> Lexicon:
    r"""Reads a MyThes thesaurus, `th_*.dat`, as LibreOffice's dictionaries and Debian's `mythes-*` packages have it.

    The first line names the encoding. A word's line, `word|number of senses`, precedes a line for each sense,
    `(part of speech)|synonym|synonym (note)|…`. Notes in parentheses are taken off the synonyms that stay.

    Args:
        path: The `.dat` file; its `.idx` is not needed.
        drop: Notes whose synonyms are left out, whatever their case. Defaults to `"generic term"` and `"antonym"`, as
            the English thesaurus marks them, and German's `"Oberbegriff"` and `"Unterbegriff"`; `"similar term"` and
            `"related term"` stay.
        language: Defaults to what the name of the file says: `"en_US"` of `th_en_US_v2.dat`.

    Returns:
        A `Lexicon` that knows the parts of speech that the file names.

    Raises:
        FileNotFoundError: When there is no such file.
        LexiconError: When a line is not as expected, with its number.

    Example:

    ```python
    from pathlib import Path
    from kerasaug.text import read_mythes

    Path("th_en_GB.dat").write_text("UTF-8\nbig|1\n(adj)|large|great (similar term)|small (antonym)\n")
    assert read_mythes("th_en_GB.dat")["big"] == ["large", "great"]
    ```

    Reference:
        The data layout that MyThes 1.2 documents.
    """
    found = existing(path, "read_mythes")
    if isinstance(drop, str):
        raise ValueError(f"read_mythes expects drop, a list of notes. Received: drop={drop!r}.")
    unwanted = {note.casefold() for note in drop}
    named = re.match(r"th(?:es)?_(.+?)(?:_v\d+)?\.dat$", found.name)
    entries: dict[str, dict[str, Parts]] = {}
    for word, part, synonyms in _senses(found):
        mine = entries.setdefault(word, {})
        for one in synonyms:
            if unwanted.intersection(_notes(one)):
                continue
            one = _NOTE.sub(" ", one).strip()
            if one and one != word:
                mine[one] = mine.get(one, UNKNOWN) | part
    return Lexicon.of_parts(entries, language or (named[1] if named else None))


def _senses(path: Path) -> Iterator[tuple[str, Parts, list[str]]]:
    lines = _lines(path)
    at = 1
    while at < len(lines):
        head, at = lines[at], at + 1
        if not head.strip():
            continue
        word, bar, count = head.rpartition("|")
        if not bar or not count.strip().isdigit():
            raise malformed(path, at, "a word and the number of its senses, such as 'big|2'", head)
        for _ in range(int(count)):
            if at >= len(lines) or "|" not in lines[at]:
                received = lines[at] if at < len(lines) else "the end of the file"
                raise malformed(path, at + 1, f"a sense of {word!r}, such as '(adj)|large|great'", received)
            part, *synonyms = lines[at].split("|")
            at += 1
            if word.strip():  # the German thesaurus has senses of the empty word
                yield word.strip(), _parts(part), synonyms


def _lines(path: Path) -> list[str]:
    with path.open("rb") as file:
        named = file.readline().strip().removeprefix(b"\xef\xbb\xbf").decode("ascii", "replace")
    encoding = re.sub(r"^ISO(?=\d)", "ISO-", named)
    try:
        "".encode(encoding)
    except LookupError:
        raise malformed(path, 1, "the name of an encoding, such as 'UTF-8' or 'ISO8859-1'", named) from None
    return [line.removesuffix("\r") for line in read_text(path, encoding).split("\n")]


def _notes(synonym: str) -> list[str]:
    return [note.strip().casefold() for note in _NOTE.findall(synonym)] if "(" in synonym else []


@lru_cache(1024)
def _parts(field: str) -> Parts:
    """The parts of speech of a sense; French has several in one field."""
    name = field.strip().strip("()-?").strip().casefold()
    names = name.split() if all(one in _NAMES for one in name.split()) else [name]
    return frozenset(_NAMES.get(one, one) for one in names)
