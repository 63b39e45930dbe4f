"""WordNet's own dictionary files, without nltk and without a download."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from kerasaug.text.lexicons.lexicon import Lexicon, Parts
from kerasaug.text.lexicons.malformed import malformed, read_text

# name of a part of speech → the ending of its files
FILES = {"noun": "noun", "verb": "verb", "adjective": "adj", "adverb": "adv"}
_KINDS = {"1": "noun", "2": "verb", "3": "adjective", "4": "adverb", "5": "adjective"}  # in sense keys
_MARKERS = ("(p)", "(a)", "(ip)")  # where an adjective may stand; no part of the word
_ADVICE = "Point to WordNet's dictionary files, such as /usr/share/wordnet after `apt install wordnet-base`."

_Sense = tuple[int, int, int, str, list[str]]  # −count, rank, order of the part, its name, words of the synset


def read_wordnet(folder: str | Path, parts: str | Iterable[str] | None = None) -> Lexicon:
    """Reads WordNet's dictionary files, `data.*` and `index.*`, as Princeton and Debian's `wordnet-base` lay them out.

    The synonyms of a word are the other words of its synsets. Those of its commonest sense come first: by how often
    `cntlist.rev` counts the sense, where that file is there, and by the order that `index.*` has within each part of
    speech. Words keep their case, and collocations their spaces.

    Args:
        folder: The folder of the files, such as `"/usr/share/wordnet"`.
        parts: Which of `"noun"`, `"verb"`, `"adjective"`, `"adverb"` to read. Defaults to all four.

    Returns:
        A `Lexicon` of language `"en"` that knows the parts of speech.

    Raises:
        FileNotFoundError: When a file is missing.
        LexiconError: When a line is not WordNet's, with the file and the line.

    Example:

    ```python
    from pathlib import Path
    from kerasaug.text import read_wordnet

    if Path("/usr/share/wordnet").is_dir():
        print(read_wordnet("/usr/share/wordnet").synonyms("film"))
    ```

    Reference:
        wndb(5WN), the format of the files.
    """
    names = list(FILES) if parts is None else [parts] if isinstance(parts, str) else list(parts)
    unknown = [name for name in names if name not in FILES]
    if unknown or not names:
        raise ValueError(f"read_wordnet expects parts, of {list(FILES)}. Received: parts={parts!r}.")
    counts = _counts(Path(folder).expanduser() / "cntlist.rev")
    senses: dict[str, list[_Sense]] = {}
    for order, name in enumerate(names):
        synsets = _synsets(_file(folder, "data", name))
        index = _file(folder, "index", name)
        for line, lemma, offsets in _index(index):
            of_lemma = senses.setdefault(lemma, [])
            for rank, offset in enumerate(offsets):
                if offset not in synsets:
                    raise malformed(index, line, f"offsets of synsets in data.{FILES[name]}", offset, _ADVICE)
                count = counts.get((lemma, name, rank + 1), 0)
                of_lemma.append((-count, rank, order, name, synsets[offset]))
    return Lexicon.of_parts(_entries(senses), "en")


def _entries(senses: dict[str, list[_Sense]]) -> dict[str, dict[str, Parts]]:
    entries: dict[str, dict[str, Parts]] = {}
    single = {name: frozenset([name]) for name in FILES}
    for lemma, found in senses.items():
        for *_, name, words in sorted(found, key=lambda one: one[:3]):
            for word in words:
                if word.lower() != lemma:
                    continue
                mine = entries.setdefault(word, {})
                for other in words:
                    if other != word:
                        mine[other] = mine[other] | single[name] if other in mine else single[name]
    return entries


def _file(folder: str | Path, kind: str, name: str) -> Path:
    path = Path(folder).expanduser() / f"{kind}.{FILES[name]}"
    if not path.is_file():
        raise FileNotFoundError(
            f"read_wordnet expects a folder with {kind}.{FILES[name]}. Received: {str(folder)!r}, which has none. "
            f"{_ADVICE}"
        )
    return path


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without the licence, whose lines begin with spaces."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip() and not line.startswith("  "):
            yield number, line


def _counts(path: Path) -> dict[tuple[str, str, int], int]:
    """How often each sense of a lemma was counted in tagged texts: (lemma, part, number of the sense) → count."""
    counts = {}
    for number, line in _lines(path) if path.is_file() else ():
        try:
            key, sense, count = line.split()
            lemma, _, kind = key.partition("%")
            counts[lemma.replace("_", " "), _KINDS[kind[:1]], int(sense)] = int(count)
        except (KeyError, ValueError):
            raise malformed(path, number, "a sense key, the number of the sense and a count", line, _ADVICE) from None
    return counts


def _synsets(path: Path) -> dict[str, list[str]]:
    synsets = {}
    for number, line in _lines(path):
        fields = line.partition("|")[0].split()
        try:
            count = int(fields[3], 16)
            words = fields[4 : 4 + 2 * count : 2]
            valid = fields[0].isdigit() and 0 < len(words) == count and len(fields) > 4 + 2 * count
        except (IndexError, ValueError):
            valid = False
        if not valid:
            raise malformed(path, number, "a synset: offset, file, type, hexadecimal count, words", line, _ADVICE)
        synsets[fields[0]] = [_surface(word) for word in words]
    return synsets


def _surface(word: str) -> str:
    if word.endswith(")"):
        for marker in _MARKERS:
            word = word.removesuffix(marker)
    return word.replace("_", " ")


def _index(path: Path) -> Iterator[tuple[int, str, list[str]]]:
    for number, line in _lines(path):
        fields = line.split()
        try:
            synsets, pointers = int(fields[2]), int(fields[3])
            offsets = fields[6 + pointers :]
            valid = 0 < len(offsets) == synsets
        except (IndexError, ValueError):
            valid = False
        if not valid:
            raise malformed(
                path, number, "a lemma: word, part, counts, pointers, offsets of its synsets", line, _ADVICE
            )
        yield number, fields[0].replace("_", " "), offsets
