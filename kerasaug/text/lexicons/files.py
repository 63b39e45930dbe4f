"""Lexicons of one's own: JSON, CSV and TSV files."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path

from kerasaug.text.lexicons.lexicon import Lexicon
from kerasaug.text.lexicons.malformed import existing, malformed, read_text

_HEADERS = ("word", "words", "term")
_DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}


def read_lexicon(path: str | Path, language: str | None = None) -> Lexicon:
    r"""Reads a lexicon from a JSON, CSV or TSV file in UTF-8.

    JSON holds an object `{"word": ["synonym", …]}`, as `Lexicon.save` writes it; a single synonym may stand without its
    list. CSV and TSV hold a row for each word, which comes first, with its synonyms in the cells that follow, or one
    row for each pair; a first row that begins with "word" is a header.

    Args:
        path: The file, which ends in `.json`, `.csv`, `.tsv` or `.tab`.
        language: Code of the language. Defaults to `None`.

    Returns:
        A `Lexicon` that knows no parts of speech.

    Raises:
        FileNotFoundError: When there is no such file.
        LexiconError: When the file is not as expected, with the line.

    Example:

    ```python
    from pathlib import Path
    from kerasaug.text import read_lexicon

    Path("mine.csv").write_text("word,synonym\nbig,large\nbig,great\nfilm,movie\n")
    assert read_lexicon("mine.csv")["big"] == ["large", "great"]
    ```
    """
    found = existing(path, "read_lexicon")
    ending = found.suffix.lower()
    if ending == ".json":
        return Lexicon(_json(found), language)
    if ending not in _DELIMITERS:
        raise ValueError(
            f"read_lexicon expects path, a file that ends in one of {['.json', *_DELIMITERS]}. Received: {str(path)!r}."
        )
    return Lexicon(_rows(found, _DELIMITERS[ending]), language)


def _json(path: Path) -> dict[str, list[str]]:
    text = read_text(path)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        line = text.split("\n")[error.lineno - 1]
        raise malformed(path, error.lineno, f"JSON ({error.msg}, column {error.colno})", line) from error
    if not isinstance(value, dict):
        raise malformed(path, None, "an object from word to synonyms", value)
    entries = {word: [one] if isinstance(one, str) else one for word, one in value.items()}
    for word, one in entries.items():
        if not isinstance(one, list) or not all(isinstance(synonym, str) for synonym in one):
            raise malformed(path, _line_of(text, word), f"a list of strings as synonyms of {word!r}", one)
    return entries


def _line_of(text: str, word: str) -> int | None:
    at = max(text.find(json.dumps(word)), text.find(json.dumps(word, ensure_ascii=False)))
    return text.count("\n", 0, at) + 1 if at >= 0 else None


def _rows(path: Path, delimiter: str) -> dict[str, Iterable[str]]:
    entries: dict[str, dict[str, None]] = {}
    reader = csv.reader(io.StringIO(read_text(path), newline=""), delimiter=delimiter, strict=True)
    first = True
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            header, first = first and bool(cells) and cells[0].lower() in _HEADERS, False
            if header or not any(cells):
                continue
            if len(cells) < 2 or not cells[0]:
                raise malformed(path, reader.line_num, f"a word and its synonyms with {delimiter!r} between", row)
            entries.setdefault(cells[0], {}).update(dict.fromkeys(cell for cell in cells[1:] if cell))
    except csv.Error as error:
        raise malformed(path, reader.line_num, f"rows with {delimiter!r} between cells", str(error)) from error
    return {word: list(synonyms) for word, synonyms in entries.items()}
