"""How far a table of synonyms covers a vocabulary."""

import io
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Coverage:
    """What became of the entries of a vocabulary, and of the synonyms of a lexicon; printed, it is a table.

    Attributes:
        style: How the vocabulary marks words: `"plain"`, `"wordpiece"`, `"sentencepiece"` or `"gpt2"`.
        entries: How many ids there are.
        special: Of these, those that stand for no text.
        words: Of these, those that are whole words.
        in_lexicon: Of the words, those that the lexicon has.
        with_synonyms: Of the words, those that got synonyms, and may be replaced.
        synonyms: Synonyms in the table.
        not_one_id: Synonyms that were dropped because they are not one id of the vocabulary.
        the_word_itself: Synonyms that were dropped because they are the word, but for case or accents, or came twice.
        beyond_k: Synonyms that were dropped because the word had `k` already.
        examples: Some of the synonyms that are not one id, with their words.

    Example:

    ```python
    from kerasaug.text import build_synonym_table

    coverage = build_synonym_table({"film": ["movie"]}, ["[PAD]", "the", "film", "movie"]).report
    assert coverage.share == 1 / 3
    print(coverage)
    ```
    """

    style: str
    entries: int
    special: int
    words: int
    in_lexicon: int
    with_synonyms: int
    synonyms: int
    not_one_id: int
    the_word_itself: int
    beyond_k: int
    examples: tuple[tuple[str, str], ...] = ()

    @property
    def share(self) -> float:
        """Share of the words that got synonyms, from 0 to 1."""
        return self.with_synonyms / self.words if self.words else 0.0

    @property
    def mean(self) -> float:
        """Mean number of synonyms of the words that have any."""
        return self.synonyms / self.with_synonyms if self.with_synonyms else 0.0

    def __rich__(self) -> Any:
        """A table, for rich."""
        from rich.table import Table
        from rich.text import Text

        table = Table(title=f"synonyms of a {self.style} vocabulary")
        table.add_column("")
        table.add_column("count", justify="right")
        table.add_column("share", justify="right")
        for name, count, whole in self._rows():
            table.add_row(name, f"{count:,}", f"{100 * count / whole:.1f} %" if whole else "–")
        if self.examples:
            table.caption = Text("not one id: " + ", ".join(f"{word} → {one}" for word, one in self.examples))
        return table

    def __str__(self) -> str:
        from rich.console import Console

        console = Console(file=io.StringIO(), width=80)
        console.print(self)
        return console.file.getvalue().rstrip("\n")  # type: ignore[attr-defined]

    def _rows(self) -> list[tuple[str, int, int]]:
        found = self.synonyms + self.not_one_id + self.the_word_itself + self.beyond_k
        return [
            ("entries of the vocabulary", self.entries, self.entries),
            ("  specials", self.special, self.entries),
            ("  whole words", self.words, self.entries),
            ("  words in the lexicon", self.in_lexicon, self.words),
            ("  words with synonyms", self.with_synonyms, self.words),
            ("synonyms of these words", found, found),
            ("  in the table", self.synonyms, found),
            ("  not one id", self.not_one_id, found),
            ("  the word itself, or twice", self.the_word_itself, found),
            ("  beyond k", self.beyond_k, found),
        ]
