"""From a lexicon and a vocabulary to the integer table that layers draw synonyms from."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerasaug.arguments import as_flag, as_integer
from kerasaug.files import replacing
from kerasaug.text.lexicons.coverage import Coverage
from kerasaug.text.lexicons.lexicon import Lexicon, as_lexicon
from kerasaug.text.lexicons.malformed import existing, malformed
from kerasaug.text.lexicons.vocabulary import Vocabulary, as_vocabulary, without_accents

_WHO = "build_synonym_table"
_EXAMPLES = 4


class SynonymTable(NamedTuple):
    """Synonyms by id: what `kerasaug.layers.SynonymReplacement` and `RandomInsertion` draw from.

    Attributes:
        synonyms: int32 (V, K): ids of synonyms, the likeliest first; the rest of a row is the id itself.
        counts: int32 (V,): how many synonyms an id has.
        report: A `Coverage`, or `None` of a table that was loaded.

    Example:

    ```python
    from kerasaug.text import SynonymTable, build_synonym_table

    table = build_synonym_table({"film": ["movie"]}, ["[PAD]", "film", "movie"], k=2)
    table.save("synonyms.npz")
    assert SynonymTable.load("synonyms.npz").synonyms.tolist() == [[0, 0], [2, 1], [2, 2]]
    ```
    """

    synonyms: np.ndarray
    counts: np.ndarray
    report: Coverage | None = None

    def save(self, path: str | Path) -> None:
        """Writes both arrays into an `.npz` file, which is replaced where it exists."""
        target = Path(path)
        if target.suffix != ".npz":
            raise ValueError(f"SynonymTable.save expects path, a name that ends in .npz. Received: {str(path)!r}.")
        with replacing(target) as temporary:
            np.savez_compressed(temporary, synonyms=self.synonyms, counts=self.counts)

    @classmethod
    def load(cls, path: str | Path) -> "SynonymTable":
        """Reads what `save` wrote."""
        found = existing(path, "SynonymTable.load")
        try:
            with np.load(found, allow_pickle=False) as arrays:
                return cls(arrays["synonyms"], arrays["counts"])
        except (KeyError, ValueError, OSError, AttributeError) as error:
            raise malformed(found, None, "synonyms and counts, as SynonymTable.save writes them", str(error)) from error


def build_synonym_table(
    lexicon: Lexicon | Mapping[str, Iterable[str]],
    vocabulary: Any,
    k: int = 8,
    lowercase: bool | None = None,
    strip_accents: bool | None = None,
    style: str | None = None,
    special_tokens: Iterable[Any] | None = None,
) -> SynonymTable:
    """Makes a table of synonyms by token id from a lexicon.

    Only ids that are whole words have synonyms, and only those synonyms stay that are one id: a token becomes another,
    and no sequence changes its length. Where the vocabulary has capitals, "Film" gets "Movie" and "FILM" gets "MOVIE".

    Args:
        lexicon: A `Lexicon`, or a mapping from word to synonyms.
        vocabulary: The tokens in the order of their ids, a dict from token to id, or the path of a file: `vocab.txt`
            (a token each line), `vocab.json` or `tokenizer.json`, SentencePiece's `.vocab`.
        k: How many synonyms of a word are kept, the first ones of the lexicon. Defaults to 8.
        lowercase: Whether the tokenizer lowers case. Defaults to whether no word of the vocabulary has a capital.
        strip_accents: Whether the tokenizer strips accents. Defaults to whether it lowers case and no word of the
            vocabulary has an accent.
        style: `"plain"`, `"wordpiece"`, `"sentencepiece"` or `"gpt2"`: how the vocabulary marks words. Defaults to what
            its tokens show.
        special_tokens: Further tokens, or ids, that stand for no text, beyond those such as `[CLS]` and `<s>`.

    Returns:
        A `SynonymTable`, which unpacks into the table, int32 (V, K), the counts, int32 (V,), and a `Coverage` to print.

    Raises:
        ValueError: When an argument cannot be.

    Example:

    ```python
    from kerasaug.text import build_synonym_table

    vocabulary = ["[PAD]", "[UNK]", "the", "film", "movie", "picture", "##s"]
    table, counts, report = build_synonym_table({"film": ["movie", "motion picture", "picture"]}, vocabulary, k=3)
    assert table[3].tolist() == [4, 5, 3]
    assert counts.tolist() == [0, 0, 0, 2, 0, 0, 0]
    print(report)
    ```
    """
    words = as_vocabulary(vocabulary, _WHO, style, special_tokens)
    most = as_integer(k, "k", _WHO, low=1)
    lower = words.uncased if lowercase is None else as_flag(lowercase, "lowercase", _WHO)
    strip = lower and words.unaccented if strip_accents is None else as_flag(strip_accents, "strip_accents", _WHO)
    lookup = _Lookup(as_lexicon(lexicon, _WHO), words, lower, strip)
    table = np.repeat(np.arange(len(words), dtype="int32")[:, None], most, axis=1)
    counts = np.zeros(len(words), "int32")
    tally = dict.fromkeys(("in_lexicon", "synonyms", "not_one_id", "the_word_itself", "beyond_k"), 0)
    examples: list[tuple[str, str]] = []
    for i, word in enumerate(words.words):
        if word is None:
            continue
        row: list[int] = []
        found = list(lookup.synonyms(word))
        tally["in_lexicon"] += bool(found)
        for synonym in found:
            other = lookup.id_of(synonym, like=word)
            fate = "not_one_id" if other is None else "the_word_itself" if other == i or other in row else "synonyms"
            if fate == "synonyms" and len(row) == most:
                fate = "beyond_k"
            if fate == "synonyms":
                row.append(other)  # type: ignore[arg-type]
            elif fate == "not_one_id" and len(examples) < _EXAMPLES:
                examples.append((word, synonym))
            tally[fate] += 1
        table[i, : len(row)], counts[i] = row, len(row)
    return SynonymTable(table, counts, _report(words, counts, tally, examples))


class _Lookup:
    """A lexicon's synonyms, and a vocabulary's ids, as the tokenizer would spell them."""

    def __init__(self, lexicon: Lexicon, vocabulary: Vocabulary, lower: bool, strip: bool) -> None:
        self.lexicon, self.vocabulary, self.lower, self.strip = lexicon, vocabulary, lower, strip
        self.respelt: dict[str, list[str]] = {}
        if strip:
            for word in lexicon:
                self.respelt.setdefault(self._spelt(word), []).append(word)

    def synonyms(self, word: str) -> Iterator[str]:
        if not self.strip or word in self.lexicon:  # "be" is not also "Be", beryllium
            return iter(self.lexicon.synonyms(word))
        return iter(dict.fromkeys(one for other in self.respelt.get(word, ()) for one in self.lexicon[other]))

    def id_of(self, synonym: str, like: str) -> int | None:
        """The id of a synonym, in the case of the word it replaces, or in its own where it is a name."""
        synonym, ids = self._spelt(synonym), self.vocabulary.ids
        if self.lower:
            return ids.get(synonym)
        found = ids.get(in_case_of(synonym, like))
        return ids.get(synonym) if found is None and synonym != synonym.lower() else found

    def _spelt(self, word: str) -> str:
        word = word.lower() if self.lower else word
        return without_accents(word) if self.strip else word


def in_case_of(word: str, like: str) -> str:
    """A word with the case of another: capitals where that has only capitals, a capital first where it has one."""
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if like[:1].isupper() else word


def _report(words: Vocabulary, counts: np.ndarray, tally: dict[str, int], examples: list[tuple[str, str]]) -> Coverage:
    return Coverage(
        style=words.style,
        entries=len(words),
        special=len([i for i in words.special if i < len(words)]),
        words=sum(word is not None for word in words.words),
        with_synonyms=int((counts > 0).sum()),
        examples=tuple(examples),
        **tally,
    )
