"""What an op does, as a list of edits of units; one place makes texts and tokens of them and moves what is aligned."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from kerasaug.text.strings.document import Document, Range
from kerasaug.text.strings.units import GLYPH, MARK, kind_of


class Edit(NamedTuple):
    """A change of one unit.

    Attributes:
        at: The unit; of an insertion, the one before which it goes, or how many units there are for the end.
        surface: What comes there, or `None` for nothing.
        insert: Whether it comes beside the unit, and not in its place.
        origin: The unit that it comes from, where that is another.
    """

    at: int
    surface: str | None
    insert: bool = False
    origin: int | None = None


def allowed(document: Document, edits: Iterable[Edit]) -> list[Edit]:
    """The edits, in order, that touch nothing which must stay."""
    kept = [
        edit
        for edit in edits
        if (edit.at not in document.barred if edit.insert else not document.locked[edit.at])
        and (edit.insert or edit.surface != document.surfaces[edit.at])
    ]
    return sorted(kept, key=lambda edit: (edit.at, not edit.insert))


Patch = tuple[int, int, str]  # start, end, what comes there


def edited_text(document: Document, edits: Iterable[Edit], ranges: Sequence[Range]) -> tuple[str, list[Range]]:
    """A text after its edits, and where ranges of it that must stay are now."""
    patches = sorted(_patches(document, allowed(document, edits)), key=lambda patch: patch[:2])
    text = document.text or ""
    parts, at = [], 0
    for start, end, new in patches:
        parts += [text[at:start], new]
        at = end
    parts.append(text[at:])
    return "".join(parts), [_moved(one, patches) for one in ranges]


def edited_tokens(document: Document, edits: Iterable[Edit]) -> tuple[list[str], list[int | None]]:
    """Tokens after their edits, and of each the token it comes from, `None` of new ones."""
    by_index: dict[int, list[Edit]] = {}
    for edit in allowed(document, edits):
        by_index.setdefault(edit.at, []).append(edit)
    tokens: list[str] = []
    origins: list[int | None] = []
    for i in range(len(document) + 1):
        stays = i < len(document)
        for edit in by_index.get(i, ()):
            stays &= edit.insert
            if edit.surface is not None:
                tokens.append(edit.surface)
                origins.append(None if edit.insert else i if edit.origin is None else edit.origin)
        if stays:
            tokens.append(document.surfaces[i])
            origins.append(i)
    return tokens, origins


def with_ranges(spans: Iterable[Any], ranges: Sequence[Range]) -> list[Any]:
    """Spans of the form that they had, at other places."""
    moved: list[Any] = []
    for span, (start, end) in zip(spans, ranges, strict=True):
        if isinstance(span, Mapping):
            moved.append({**span, "start": start, "end": end})
        else:
            moved.append(type(span)((start, end, *span[2:])) if isinstance(span, list) else (start, end, *span[2:]))
    return moved


def _moved(one: Range, patches: Sequence[Patch]) -> Range:
    """What is inserted where a range begins, or ends, does not become part of it."""
    start, end = one
    before = sum(len(new) - (high - low) for low, high, new in patches if high <= start)
    return start + before, end + before


def _patches(document: Document, edits: Sequence[Edit]) -> list[Patch]:
    patches: list[Patch] = []
    gone = {edit.at for edit in edits if edit.surface is None}
    for edit in edits:
        if edit.surface is None:
            continue
        if edit.insert:
            patches.append(_inserted(document, edit.at, edit.surface))
        else:
            start, end, _ = document.units[edit.at]
            patches.append((start, end, edit.surface))
    patches += [(document.units[i].start, document.units[i].end, "") for i in gone]
    for first, last in _runs(gone):
        patches += [(*place, "") for place in _spaces(document, first, last) if place[0] < place[1]]
    return patches


def _inserted(document: Document, i: int, surface: str) -> Patch:
    """A new word before unit i, or after the last, with a space where the script has spaces."""
    beside = document.kinds[min(i, len(document) - 1)]
    space = "" if beside == GLYPH or kind_of(surface) == GLYPH else " "
    if i < len(document):
        return document.units[i].start, document.units[i].start, surface + space
    return document.units[-1].end, document.units[-1].end, space + surface


def _runs(gone: set[int]) -> list[tuple[int, int]]:
    """Neighbours that go together: first and last."""
    runs: list[tuple[int, int]] = []
    for i in sorted(gone):
        runs = [*runs[:-1], (runs[-1][0], i)] if runs and runs[-1][1] == i - 1 else [*runs, (i, i)]
    return runs


def _spaces(document: Document, first: int, last: int) -> list[Range]:
    """The white space that goes with the units from first to last: what is between, and one of both sides."""
    between = [document.space_before(i) for i in range(first + 1, last + 1)]
    left, right = document.space_before(first), document.space_before(last + 1)
    has_left, has_right = left[0] < left[1], right[0] < right[1]
    if first == 0:
        side = right
    elif last == len(document) - 1:
        side = left
    elif has_left and has_right:
        side = right if "\n" in _at(document, left) and "\n" not in _at(document, right) else left
    elif has_left:
        spaced = _at(document, (document.units[last].end, document.units[last].end + 1)).isspace()
        side = left if spaced or document.kinds[last + 1] == MARK else (0, 0)
    else:
        spaced = _at(document, (document.units[first].start - 1, document.units[first].start)).isspace()
        opening = unicodedata.category(document.surfaces[first - 1][-1]) in ("Ps", "Pi")
        side = right if spaced or opening else (0, 0)
    return [*between, side]


def _at(document: Document, place: Range) -> str:
    return (document.text or "")[slice(*place)]
