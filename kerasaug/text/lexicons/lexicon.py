"""Words and their synonyms, whatever file they came from."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from kerasaug.files import replacing

Parts = frozenset[str]
UNKNOWN: Parts = frozenset()


class Lexicon(Mapping[str, list[str]]):
    """A mapping from words to lists of synonyms, the likeliest first, as a dict would be.

    Words keep the case of their source; `synonyms` looks them up without regard to it. A word is none of its own
    synonyms, and none comes twice.

    Args:
        entries: A mapping from word to synonyms.
        language: Code of the language, such as `"en"`; only ever shown and compared. Defaults to `None`.
        parts: A mapping from (word, synonym) to the parts of speech in which the pair was found. Pairs that are missing
            are of unknown part of speech.

    Raises:
        ValueError: When the entries are no mapping from strings to lists of strings.

    Example:

    ```python
    from kerasaug.text import Lexicon

    lexicon = Lexicon({"big": ["large", "great"], "film": ["movie"]}, language="en")
    lexicon = lexicon.merge({"big": ["huge"]})
    assert lexicon["big"] == ["large", "great", "huge"]
    assert lexicon.synonyms("Film") == ["movie"]
    ```
    """

    def __init__(
        self,
        entries: Mapping[str, Iterable[str]],
        language: str | None = None,
        parts: Mapping[tuple[str, str], Iterable[str]] | None = None,
    ) -> None:
        known = {pair: frozenset(names) for pair, names in (parts or {}).items()}
        self.language = language
        self._entries: dict[str, dict[str, Parts]] = {}
        for word, synonyms in _checked(entries):
            kept = {one: known.get((word, one), UNKNOWN) for one in synonyms if one != word}
            if kept:
                self._entries[word] = kept

    @classmethod
    def of_parts(cls, entries: dict[str, dict[str, Parts]], language: str | None = None) -> "Lexicon":
        """A lexicon of word → synonym → parts of speech, as the readers build it, without words that have none."""
        lexicon = cls({}, language)
        lexicon._entries = {word: synonyms for word, synonyms in entries.items() if synonyms}
        return lexicon

    def __getitem__(self, word: str) -> list[str]:
        return list(self._entries[word])

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, word: object) -> bool:
        return word in self._entries

    def __repr__(self) -> str:
        language = "" if self.language is None else f", language={self.language!r}"
        return f"Lexicon({len(self)} words, {self.pairs} pairs{language})"

    @property
    def pairs(self) -> int:
        """How many pairs of a word and a synonym there are."""
        return sum(map(len, self._entries.values()))

    @property
    def parts_of_speech(self) -> list[str]:
        """Names of the parts of speech that are known of some pair."""
        sets = {parts for synonyms in self._entries.values() for parts in synonyms.values()}
        return sorted(frozenset().union(*sets))

    def parts(self, word: str, synonym: str) -> Parts:
        """The parts of speech in which two words are synonyms; empty where that is unknown."""
        return self._entries[word][synonym]

    def synonyms(self, word: str) -> list[str]:
        """Synonyms of a word, whatever its case; none where there are none.

        What stands under the word as it is written comes alone; otherwise what stands under any other case of it.
        """
        exact = self._entries.get(word)
        if exact is not None:
            return list(exact)
        others = self._folded.get(word.casefold(), ())
        found = (synonym for other in others for synonym in self._entries[other])
        return list(dict.fromkeys(one for one in found if one.casefold() != word.casefold()))

    def filter(self, parts: str | Iterable[str] | None = None, single_words: bool = False) -> "Lexicon":
        """The pairs that remain.

        Args:
            parts: A part of speech, or several, such as `"noun"`: pairs of others, and of unknown ones, go. Defaults to
                all.
            single_words: Whether words and synonyms that hold a space go.
        """
        wanted = None if parts is None else frozenset([parts] if isinstance(parts, str) else parts)
        unknown = sorted((wanted or UNKNOWN) - set(self.parts_of_speech))
        if unknown:
            raise ValueError(
                f"Lexicon.filter expects parts among {self.parts_of_speech}. Received: {unknown}, which no pair has."
            )
        return Lexicon.of_parts(
            {
                word: {
                    one: found if wanted is None else found & wanted
                    for one, found in synonyms.items()
                    if (wanted is None or found & wanted) and not (single_words and " " in one)
                }
                for word, synonyms in self._entries.items()
                if not (single_words and " " in word)
            },
            self.language,
        )

    def merge(self, other: Mapping[str, Iterable[str]]) -> "Lexicon":
        """Both lexicons in one: this one's synonyms of a word come first, then what the other adds.

        Args:
            other: A `Lexicon` of the same language, or a mapping from word to synonyms.
        """
        added = other if isinstance(other, Lexicon) else Lexicon(other, self.language)
        if _differ(self.language, added.language):
            raise ValueError(
                f"Lexicon.merge expects a lexicon of the same language, {self.language!r}. Received: one of "
                f"{added.language!r}."
            )
        entries = {word: dict(synonyms) for word, synonyms in self._entries.items()}
        for word, synonyms in added._entries.items():
            mine = entries.setdefault(word, {})
            for one, parts in synonyms.items():
                mine[one] = mine.get(one, UNKNOWN) | parts
        return Lexicon.of_parts(entries, self.language or added.language)

    def save(self, path: str | Path) -> None:
        """Writes `{word: [synonyms]}` as JSON, which `read_lexicon` reads; parts of speech are not kept.

        Args:
            path: The file, which is replaced where it exists.
        """
        with replacing(Path(path)) as temporary:
            text = json.dumps({word: list(one) for word, one in self._entries.items()}, ensure_ascii=False, indent=0)
            temporary.write_text(text, encoding="utf-8")

    @cached_property
    def _folded(self) -> dict[str, list[str]]:
        folded: dict[str, list[str]] = {}
        for word in self._entries:
            folded.setdefault(word.casefold(), []).append(word)
        return folded


def _differ(one: str | None, other: str | None) -> bool:
    """Whether two codes surely name different languages: "en" and "fr" do, "en" and "en_US" or "eng" do not."""
    one, other = (re.split("[-_]", code or "")[0].lower() for code in (one, other))
    return one != other and len(one) == len(other)


def as_lexicon(value: Any, who: str) -> Lexicon:
    """Reads a lexicon, or a mapping from word to synonyms."""
    if isinstance(value, Lexicon):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(
            f"{who} expects lexicon, a Lexicon or a dict from word to synonyms. Received: lexicon={value!r}. Read one "
            "with kerasaug.text.read_wordnet or another reader."
        )
    return Lexicon(value)


def _checked(entries: Any) -> Iterator[tuple[str, list[str]]]:
    if not isinstance(entries, Mapping):
        raise ValueError(f"Lexicon expects entries, a mapping from word to synonyms. Received: {entries!r}.")
    for word, synonyms in entries.items():
        listed = None if isinstance(synonyms, str | bytes) or not isinstance(synonyms, Iterable) else list(synonyms)
        if not isinstance(word, str) or listed is None or not all(isinstance(one, str) for one in listed):
            raise ValueError(
                "Lexicon expects every word to be a string, with a list of strings as its synonyms. Received: "
                f"{word!r}: {synonyms!r}."
            )
        yield word, listed
