"""Column files as the shared tasks of CoNLL have them: a token and its tags a line, a blank line between sentences."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kerasaug.arguments import as_integer, one_of
from kerasaug.datasets.listing import printable
from kerasaug.datasets.tags import SCHEMES, Sentence, as_bio, misplaced, placed, scheme_of

AUTO = "auto"
_CALLER = "read_conll"
_BLANKS = re.compile(r"[ \t]+")
_RANGE = re.compile(r"\d+[-.]\d+")  # of CoNLL-U: a word of several tokens, or an empty one
_MOST_COLUMNS = 1000


class Raw(NamedTuple):
    """A sentence as its source has it, and for each token the number of the line, or of the record, it comes from."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    numbers: tuple[int, ...]


class _Layout(NamedTuple):
    word: int
    tag: int
    encoding: str
    comment: str | None
    caller: str


def read_conll(
    path: str | os.PathLike,
    word: int = 0,
    tag: int = -1,
    scheme: str = AUTO,
    encoding: str = "utf-8",
    comment: str | None = None,
) -> list[Sentence]:
    r"""Reads a column file with one token a line, as CoNLL-2003 has them, and gives its tags in BIO.

    Columns are separated by tabs where a line has one, else by blanks; all lines have equally many. A blank line ends a
    sentence; lines that begin with `-DOCSTART-` are passed over. Line ends may be those of Windows, and a byte order
    mark may come first. For CoNLL-U and UNER files pass `word=1`, the column of the tags, and `comment="#"`.

    Args:
        path: The file.
        word: Number of the column of the tokens, from 0; from the end where it is negative. Defaults to 0.
        tag: Likewise, of the tags. Defaults to -1, the last.
        scheme: `"BIO"` (also called IOB2), `"IOB1"` (as CoNLL-2003 was published: B only between neighbours of one
            type) or `"BIOES"` (also as BILOU and BMES), to which every tag must then keep. `"auto"` finds out, and
            takes an I that continues nothing, or what else is odd, as `conlleval` does: an entity begins there.
            Defaults to `"auto"`.
        encoding: Of the text. Defaults to `"utf-8"`; older files have `"latin-1"`.
        comment: What the lines begin with that are passed over; with it, so are lines that are numbered 1-2 or 1.1.
            Without it, no line is a comment, since `#` is a token too.

    Returns:
        A list of `(tokens, tags)`.

    Raises:
        FileNotFoundError: When there is no such file.
        ValueError: When a line is not what it must be; the message has its number. Or an argument is out of range.

    Example:

    ```python
    from pathlib import Path

    Path("tiny.txt").write_text("-DOCSTART- -X- O\n\nEU NNP I-ORG\nrejects VBZ O\n\nPeter NNP I-PER\n")
    assert kerasaug.datasets.read_conll("tiny.txt")[0] == (("EU", "rejects"), ("B-ORG", "O"))
    ```

    Reference:
        - [CoNLL-2003](https://www.clips.uantwerpen.be/conll2003/ner/)
    """
    raw = read_raw(path, word, tag, scheme, encoding, comment, _CALLER)
    return [Sentence(one.tokens, as_bio(one.tags)) for one in raw]


def read_raw(
    path: str | os.PathLike, word: int, tag: int, scheme: str, encoding: str, comment: str | None, caller: str
) -> list[Raw]:
    """The sentences of a file with the tags that it has, checked."""
    one_of(scheme, (AUTO, *SCHEMES), "scheme", caller)
    for name, column in (("word", word), ("tag", tag)):
        as_integer(column, name, caller, -_MOST_COLUMNS, _MOST_COLUMNS)
    if comment is not None and (not isinstance(comment, str) or not comment):
        raise ValueError(f"{caller} expects comment, what comments begin with, or None. Received: {comment!r}.")
    file = Path(os.path.expanduser(path))
    layout = _Layout(word, tag, encoding, comment, caller)
    raw = list(_sentences(file, _content(file, layout), layout))
    if not raw:
        raise ValueError(f"{caller}: expected sentences. Received: {_shown(file)}, which has none.")
    check_scheme(printable(str(file)), raw, scheme, caller)
    return raw


def _content(file: Path, layout: _Layout) -> bytes:
    if file.is_dir():
        raise ValueError(f"{layout.caller}: expected a file. Received: {_shown(file)}, which is a directory.")
    try:
        if not "\n\n".encode(layout.encoding).endswith(b"\n\n"):
            raise LookupError(layout.encoding)
        return file.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{layout.caller}: expected a file. Received: {_shown(file)}, which does not exist. Check the path."
        ) from None
    except (LookupError, TypeError):
        raise ValueError(
            f"{layout.caller}: expected encoding, one that Python has and in which a line ends with one byte, such as "
            f"'utf-8'. Received: {layout.encoding!r}."
        ) from None


def _lines(file: Path, content: bytes, layout: _Layout) -> Iterator[tuple[int, str]]:
    """The lines with their numbers. Bytes are divided, not text, in which other characters end lines too."""
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        try:
            yield number, line.decode(layout.encoding).strip(" \r")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{layout.caller}: {_at(file, number)}: expected {layout.encoding}. Received: the byte "
                f"0x{line[error.start]:02x} at position {error.start}. Pass the file's encoding, such as "
                "encoding='latin-1'."
            ) from None


def _sentences(file: Path, content: bytes, layout: _Layout) -> Iterator[Raw]:
    columns: tuple[int, int] | None = None  # how many, and in which line they were counted
    rows: list[tuple[str, str, int]] = []
    for number, line in _lines(file, content, layout):
        if not line.strip(" \t"):
            yield from _ended(rows)
            rows = []
            continue
        if line.startswith("-DOCSTART-") or (layout.comment is not None and line.startswith(layout.comment)):
            continue
        cells = line.split("\t") if "\t" in line else _BLANKS.split(line)
        if layout.comment is not None and _RANGE.fullmatch(cells[0]):
            continue
        columns = columns or (len(cells), number)
        rows.append((*_row(cells, columns, _at(file, number), layout), number))
    yield from _ended(rows)


def _ended(rows: list[tuple[str, str, int]]) -> Iterator[Raw]:
    if rows:
        yield Raw(*zip(*rows, strict=True))


def _row(cells: list[str], columns: tuple[int, int], place: str, layout: _Layout) -> tuple[str, str]:
    caller, received = layout.caller, " ".join(map(repr, cells[:6])) + " …" * (len(cells) > 6)
    if len(cells) != columns[0]:
        raise ValueError(
            f"{caller}: {place}: expected {columns[0]} columns, as in line {columns[1]}. Received: {len(cells)}, "
            f"{received}. Separate columns by tabs where a token has blanks."
        )
    for name, column in (("word", layout.word), ("tag", layout.tag)):
        if not -len(cells) <= column < len(cells):
            raise ValueError(
                f"{caller}: {place}: expected a column {column}. Received: {len(cells)} columns, {received}. Pass "
                f"{name}, from 0 to {len(cells) - 1}."
            )
    token, tag = cells[layout.word].strip(" "), cells[layout.tag].strip(" ")
    if not token:
        raise ValueError(f"{caller}: {place}: expected a token in column {layout.word}. Received: {received}.")
    if placed(tag) is None:
        raise ValueError(
            f"{caller}: {place}: expected a tag in column {layout.tag}: O, or B, I, E or S, a dash and a type. "
            f"Received: {tag!r}. Pass tag, the column that has them."
        )
    return token, tag


def check_scheme(where: str, raw: list[Raw], scheme: str, caller: str) -> None:
    """Raises where a tag is not what a scheme that is named allows.

    Raises:
        ValueError: With the place, `where` and the number that the sentence has for the token.
    """
    if scheme == AUTO:
        return
    for one in raw:
        position = misplaced(one.tags, scheme)
        if position is not None:
            before = f" after {one.tags[position - 1]!r}" if position else " at the beginning of a sentence"
            ends = " and at its end" if position == len(one.tags) - 1 else ""
            raise ValueError(
                f"{caller}: {where}:{one.numbers[position]}: expected {scheme} tags. Received: "
                f"{one.tags[position]!r}{before}{ends}. As a whole the tags look like "
                f"{scheme_of(each.tags for each in raw)}; scheme='auto' reads them."
            )


def _at(file: Path, number: int) -> str:
    return f"{printable(str(file))}:{number}"


def _shown(file: Path) -> str:
    return repr(printable(str(file)))
