"""One bar: what it demands, what was measured, and whether that meets it."""

import dataclasses
from collections.abc import Sequence
from typing import Any

MET, MISSED, NOT_MEASURED = "met", "missed", "not measured"


@dataclasses.dataclass(frozen=True)
class Bar:
    """A demand and its verdict.

    Args:
        number: By which the bar is known.
        demand: What it asks for.
        measured: The figure that decides, or `None`.
        detail: The figures in words, or why there is none.
        verdict: `MET`, `MISSED` or `NOT_MEASURED`.
    """

    number: str
    demand: str
    measured: float | None
    detail: str
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return dataclasses.asdict(self)


def at_least(number: str, demand: str, limit: float, measured: float | None, detail: str) -> Bar:
    """A bar that asks for no less than `limit`; `detail` says why where nothing was measured."""
    verdict = NOT_MEASURED if measured is None else (MET if measured >= limit else MISSED)
    return Bar(number, demand, measured, detail, verdict)


def at_most(number: str, demand: str, limit: float, measured: float | None, detail: str) -> Bar:
    """A bar that asks for no more than `limit`; `detail` says why where nothing was measured."""
    verdict = NOT_MEASURED if measured is None else (MET if measured <= limit else MISSED)
    return Bar(number, demand, measured, detail, verdict)


def listed(names: Sequence[str], longest: int = 6) -> str:
    """Names for a sentence, the first few of many."""
    shown = ", ".join(names[:longest])
    return f"{shown} and {len(names) - longest} more" if len(names) > longest else shown
