"""Wordnets of other languages, in the tab files of the Open Multilingual Wordnet."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from kerasaug.text.lexicons.lexicon import Lexicon, Parts
from kerasaug.text.lexicons.malformed import existing, malformed, read_text

_PARTS = {"n": "noun", "v": "verb", "a": "adjective", "s": "adjective", "r": "adverb"}
_SYNSET = re.compile(r"\d{8}-([a-z])$")
_SUFFIX = re.compile(r"\+(?=[的地]$)")  # how the Chinese wordnet writes the endings of adjectives and adverbs
_ADVICE = "Give a wn-data-*.tab file of https://github.com/omwn/omw-data."


def read_omw(path: str | Path | Iterable[str | Path], language: str | None = None) -> Lexicon:
    r"""Reads tab files of the Open Multilingual Wordnet, `synset<tab>language:lemma<tab>word`.

    Synonyms are the words that share a synset. Files are of one language mostly, and of several at times.

    Args:
        path: A file such as `wn-data-fra.tab`, or several, whose synsets are put together.
        language: Code of the language to read, such as `"fra"`. Defaults to the only one there is.

    Returns:
        A `Lexicon` of that language, which knows the parts of speech.

    Raises:
        FileNotFoundError: When there is no such file.
        LexiconError: When a line is not as expected, with its number.
        ValueError: When the files do not hold the language, or hold several and none is named.

    Example:

    ```python
    from pathlib import Path
    from kerasaug.text import read_omw

    lines = "00001740-n\tfra:lemma\tchose\n00001740-n\tfra:lemma\tobjet\n"
    Path("wn-data-fra.tab").write_text("# WOLF\tfra\thttp://wolf\tCeCILL-C\n" + lines, encoding="utf-8")
    assert read_omw("wn-data-fra.tab")["chose"] == ["objet"]
    ```

    Reference:
        Bond and Foster, "Linking and Extending an Open Multilingual Wordnet", 2013.
    """
    paths = [path] if isinstance(path, str | Path) else list(path)
    synsets: dict[str, dict[str, dict[str, None]]] = {}  # language → synset → its words, in order
    for one in paths:
        for of, synset, word in _lemmas(existing(one, "read_omw")):
            synsets.setdefault(of, {}).setdefault(synset, {})[word] = None
    if language is None and len(synsets) == 1:
        language = next(iter(synsets))
    if language not in synsets:
        raise ValueError(
            f"read_omw expects language, of those in the files: {sorted(synsets)}. Received: language={language!r}."
        )
    entries: dict[str, dict[str, Parts]] = {}
    for synset, words in synsets[language].items():
        part = frozenset([_PARTS.get(synset[-1], synset[-1])])
        for word in words:
            mine = entries.setdefault(word, {})
            for other in words:
                if other != word:
                    mine[other] = mine[other] | part if other in mine else part
    return Lexicon.of_parts(entries, language)


def _lemmas(path: Path) -> Iterator[tuple[str, str, str]]:
    """Language, synset and word of each line that is a lemma; other lines hold definitions, counts and examples."""
    language = None
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        line = line.rstrip("\r")
        if line.startswith("#"):
            header = line.split("\t")
            language = header[1].strip() if len(header) > 1 else language
            continue
        if not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) < 3 or not _SYNSET.match(fields[0].strip()):
            raise malformed(path, number, "synset, language:lemma and word with tabs between", line, _ADVICE)
        named, _, kind = fields[1].strip().rpartition(":")
        of = named or language
        if kind != "lemma":
            continue
        if not of:
            raise malformed(
                path, number, "the language, as in 'fra:lemma', here or in a first line", fields[1], _ADVICE
            )
        word = _SUFFIX.sub("", fields[2].replace("_", " ").strip())
        if word:
            yield of, fields[0].strip(), word
