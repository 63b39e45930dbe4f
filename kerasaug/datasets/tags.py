"""Tags of named entities: the schemes in which they are written, and BIO, in which they are used here."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

SCHEMES = ("BIO", "IOB1", "BIOES")
_PLACES = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S"}  # BILOU and BMES say the same as BIOES
_LETTERS = {"BIO": "BI", "IOB1": "BI", "BIOES": "BIES"}


class Sentence(NamedTuple):
    """One sentence.

    Attributes:
        tokens: Words and punctuation marks.
        tags: One for each: `"O"`, or `"B-"` or `"I-"` and a type.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]


def placed(tag: str) -> tuple[str, str] | None:
    """Where in an entity a tag stands (B, I, E or S) and the entity's type; ("O", "") outside; `None` for no tag."""
    if tag == "O":
        return "O", ""
    letter, dash, kind = tag.partition("-")
    return (_PLACES[letter], kind) if letter in _PLACES and dash and kind else None


def as_bio(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags of any scheme as BIO.

    An entity begins where `conlleval` sees one begin: at B and S, and at any other tag that does not continue an
    entity of its type. So IOB1 needs no word about it, and an I that continues nothing begins an entity.
    """
    result = []
    running = ""  # the type that the next tag may continue
    for tag in tags:
        place, kind = placed(tag) or ("O", "")
        if place == "O":
            result.append("O")
        else:
            result.append(("I-" if place in "IE" and kind == running else "B-") + kind)
        running = "" if place in "ES" else kind
    return tuple(result)


def scheme_of(sequences: Iterable[Sequence[str]]) -> str:
    """The scheme that all sequences keep to, told by what each letter does; `"BIO"` too when none fits."""
    every = list(sequences)
    if any(placed(tag)[0] in "ES" for tags in every for tag in set(tags)):  # type: ignore[index]
        return "BIOES"
    fits = [scheme for scheme in ("BIO", "IOB1") if all(misplaced(tags, scheme) is None for tags in every)]
    return fits[0] if fits else "BIO"


def misplaced(tags: Sequence[str], scheme: str) -> int | None:
    """The position of the first tag that the scheme does not allow there, or `None`."""
    before, kind_before = "O", ""
    for position, tag in enumerate(tags):
        place, kind = placed(tag) or ("", "")
        same = kind == kind_before and before in "BI"
        wrong = {
            "BIO": place == "I" and not same,
            "IOB1": place == "B" and not same,
            "BIOES": (place in "IE") != (before in "BI") or (place in "IE" and not same),
        }[scheme]
        if wrong or place not in _LETTERS[scheme] + "O":
            return position
        before, kind_before = place, kind
    return len(tags) - 1 if scheme == "BIOES" and before in "BI" else None


def types_of(sequences: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The types of entities in BIO tags, by name."""
    return tuple(sorted({tag[2:] for tags in sequences for tag in tags if tag != "O"}))


def label_names(types: Sequence[str]) -> tuple[str, ...]:
    """The labels of a model for these types: `"O"`, and the beginning and the inside of each."""
    return ("O", *(f"{place}-{kind}" for kind in types for place in "BI"))
