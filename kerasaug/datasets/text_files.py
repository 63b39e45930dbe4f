"""Texts with a label each, from class folders and from tables; what cannot be used is named and passed over."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kerasaug.datasets.listing import Skipped, holds_folders_only, list_folder, printable
from kerasaug.datasets.split_names import measured

TABLES = (".csv", ".tsv", ".jsonl")
_FILES = (".txt",)
_FOLDERS = {"train": ("train",), "validation": ("validation", "valid", "val", "dev"), "test": ("test",)}


class Item(NamedTuple):
    """A text and the name of its class."""

    text: str
    label: str


class Columns(NamedTuple):
    """Where a table has the text and the label, and the encoding of files."""

    text: str
    label: str
    encoding: str


class Unusable(ValueError):
    """Why one item is passed over, in a few words."""


def read_folders(root: Path, encoding: str, skipped: list[Skipped]) -> dict[str, list[Item]]:
    """The texts of `root/class/file.txt`, or of `root/train/class/file.txt` and those of the other parts."""
    parts = {}
    for part, folder in _part_folders(root).items():
        listing = list_folder(folder, None, _FILES)
        above = "" if folder == root else f"{printable(folder.name)}/"
        skipped += [Skipped(f"{above}{one.path}", one.reason) for one in listing.skipped]
        items: list[Item] = []
        for label, files in listing.parts["train"].items():
            for file in files:
                try:
                    items.append(Item(_text(file, encoding), printable(label)))
                except Unusable as reason:
                    skipped.append(Skipped(printable(file.relative_to(root).as_posix()), str(reason)))
        parts[part] = items
    return measured(parts)


def _part_folders(root: Path) -> dict[str, Path]:
    folders = {one.name.lower(): one for one in sorted(root.iterdir()) if one.is_dir()}
    if "train" not in folders or not holds_folders_only(folders["train"], _FILES):
        return {"train": root}
    found = {part: next((folders[one] for one in names if one in folders), None) for part, names in _FOLDERS.items()}
    return {part: folder for part, folder in found.items() if folder is not None}


def _text(file: Path, encoding: str) -> str:
    try:
        content = file.read_bytes()
    except PermissionError:
        raise Unusable("no permission") from None
    except OSError as error:
        raise Unusable(f"unreadable: {error.strerror or error}") from None
    try:
        return usable(content.removeprefix(b"\xef\xbb\xbf").decode(encoding))
    except UnicodeDecodeError as error:
        raise Unusable(f"not {encoding}: the byte 0x{content[error.start]:02x} at {error.start}") from None


def usable(text: Any) -> str:
    """A text without blanks around it.

    Raises:
        Unusable: When it is none, or empty, or holds what is no character.
    """
    if not isinstance(text, str):
        raise Unusable("no text" if text is None else f"the text is {type(text).__name__}")
    text = text.strip()
    if not text:
        raise Unusable("empty")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Unusable("undecodable") from None
    return text


def read_table(file: Path, columns: Columns, caller: str, skipped: list[Skipped]) -> list[Item]:
    """The rows of a table: `.csv`, `.tsv` (without quotes) or `.jsonl` (an object a line).

    Raises:
        ValueError: When it has no such columns.
    """
    content = file.read_bytes().removeprefix(b"\xef\xbb\xbf").decode(columns.encoding, "surrogateescape")
    if file.suffix.lower() == ".jsonl":
        rows = _json_rows(content, columns)
    else:
        rows = _rows(content, file, columns, caller)
    items = []
    for number, row in rows:
        try:
            text, label = row()
            items.append(Item(usable(text), _label(label)))
        except Unusable as reason:
            skipped.append(Skipped(f"{printable(file.name)}:{number}", str(reason)))
    return items


Row = tuple[int, Callable[[], tuple[Any, Any]]]  # the number of its line, and what gives text and label, or raises


def _json_rows(content: str, columns: Columns) -> Iterator[Row]:
    def row(line: str) -> tuple[Any, Any]:
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            raise Unusable("no JSON") from None
        if not isinstance(values, dict):
            raise Unusable("no JSON object")
        missing = [name for name in columns[:2] if name not in values]
        if missing:
            raise Unusable(f"no key {missing[0]!r}")
        return values[columns.text], values[columns.label]

    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            yield number, lambda line=line: row(line)  # type: ignore[misc]


def _rows(content: str, file: Path, columns: Columns, caller: str) -> Iterator[Row]:
    tabs = file.suffix.lower() == ".tsv"
    records = _records(content, tabs)
    header = next((cells for _, cells in records if isinstance(cells, list)), [])
    names = [name.strip() for name in header]
    if any(names.count(name) != 1 for name in columns[:2]):
        shown = ", ".join(map(repr, names[:20])) or "none"
        raise ValueError(
            f"{caller}: {printable(str(file))}:1: expected columns {columns.text!r} and {columns.label!r}, once each. "
            f"Received: {shown}. Name them in the first line, or pass text= and label=."
        )
    places = [names.index(name) for name in columns[:2]]

    def row(cells: list[str] | str) -> tuple[Any, Any]:
        if isinstance(cells, str):
            raise Unusable(cells)
        if len(cells) != len(names):
            raise Unusable(f"{len(cells)} fields where the first line has {len(names)}")
        return cells[places[0]], cells[places[1]]

    for number, cells in records:
        yield number, lambda cells=cells: row(cells)  # type: ignore[misc]


def _records(content: str, tabs: bool) -> Iterator[tuple[int, list[str] | str]]:
    """The records with the numbers of their first lines; or a reason, where quotes are broken, and the next line.

    An opening quote that nothing closes would otherwise swallow the rest of the file.
    """
    lines = content.split("\n")
    options: Any = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if tabs else {"strict": True}
    start = 0
    while start < len(lines):
        reader = csv.reader((f"{line}\n" for line in lines[start:]), **options)
        first = start
        try:
            for cells in reader:
                if cells and any(cells):
                    yield first + 1, cells
                first = start + reader.line_num
            return
        except csv.Error as error:
            yield first + 1, f"no record of a table: {error}"
            start = first + 1


def _label(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str | int | float) and str(value).strip():
        return printable(str(value).strip())
    raise Unusable("no label" if value is None or value == "" or isinstance(value, str) else "the label is no name")


def class_order(labels: Sequence[str]) -> tuple[str, ...]:
    """The different labels by name, or by number where all are numbers."""
    different = set(labels)
    numbers = all(one.removeprefix("-").isdecimal() for one in different)
    return tuple(sorted(different, key=lambda one: (int(one) if numbers else 0, one)))
