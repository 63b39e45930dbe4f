"""Names that come from files, made fit for a terminal and a picture."""

from typing import Any


def printable(value: Any) -> str:
    """A name without what could break a terminal: control characters, and bytes that are no UTF-8."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in str(value))


def elide(name: Any, length: int) -> str:
    """A printable name of at most `length` characters, its middle left out."""
    text = printable(name)
    if len(text) <= length:
        return text
    head = length // 2
    return f"{text[:head]}…{text[len(text) - (length - head - 1) :]}"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
