"""What the report holds of each contender: plain values, ready for JSON."""

from typing import Any

from kerasaug.benchmark.peers import Contender
from kerasaug.benchmark.timing import Timing

Row = dict[str, Any]


def row_of(contender: Contender, timing: Timing, floor: float, images: int) -> Row:
    """A timed contender.

    Args:
        contender: What was timed.
        timing: What timing it gave.
        floor: Milliseconds of one pass over the batch.
        images: How many images a batch has.
    """
    return {
        "contender": contender.name,
        "place": contender.place,
        **figures(timing, floor),
        "images_per_second": None if timing.milliseconds is None else 1e3 * images / timing.milliseconds,
        "ran": list(contender.ran),
        "lacks": list(contender.lacks),
        "note": contender.note,
    }


def failed(contender: str, place: str, error: str) -> Row:
    """A contender that could not be built."""
    return {**row_of(Contender(contender, place, lambda: None, ran=()), Timing(error=error), 1.0, 1), "lacks": []}


def figures(timing: Timing, floor: float) -> Row:
    """The figures of a timing: the median, the quickest and slowest call, in milliseconds, and passes."""
    middle = timing.milliseconds
    return {
        "milliseconds": middle,
        "low": min(timing.calls) if middle is not None else None,
        "high": max(timing.calls) if middle is not None else None,
        "timings": len(timing.calls),
        "first_call_seconds": timing.first,
        "passes": None if middle is None else middle / floor,
        "error": timing.error,
    }


def ratio(theirs: Row | None, ours: Row | None) -> float | None:
    """How many times longer theirs takes than ours; `None` where either was not measured."""
    if not theirs or not ours or theirs["milliseconds"] is None or ours["milliseconds"] is None:
        return None
    return theirs["milliseconds"] / ours["milliseconds"]
