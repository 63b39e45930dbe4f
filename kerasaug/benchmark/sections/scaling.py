"""How the recipe's cost grows with the number of images and with their pixels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasaug.benchmark import recipe
from kerasaug.benchmark.settings import Settings
from kerasaug.benchmark.timing import in_turns
from kerasaug.benchmark.ways import usual, ways


def measure(settings: Settings) -> dict[str, Any]:
    """Times a quarter, half, once and twice the batch, and images of half the side up to the whole.

    Returns:
        Dict with, for `batch` and `pixels`, the points (how much, milliseconds) and the exponent of the power law
        through them: 1 is linear.
    """
    batch, side = settings.batch_size, settings.image_size
    sizes = sorted({max(1, batch // 4), max(1, batch // 2), batch, 2 * batch})
    sides = sorted({max(8, side // 2), max(8, side * 5 // 7), side})
    return {
        "place": usual(),
        "batch": _growth([(size, size, side) for size in sizes], settings),
        "pixels": _growth([(one * one, batch, one) for one in sides], settings),
    }


def _growth(points: Sequence[tuple[int, int, int]], settings: Settings) -> dict[str, Any]:
    way = ways()[usual()]
    calls = {}
    for amount, batch, side in points:
        pipeline = recipe.pipeline()
        data = recipe.batch(batch, side, settings.dtype)
        calls[str(amount)] = way(recipe.augmenting(pipeline, training=True), [pipeline], data)
    timings = in_turns(calls, settings.rounds)
    found = [{"amount": int(amount), "milliseconds": one.milliseconds} for amount, one in timings.items()]
    errors = [one.error for one in timings.values() if one.error]
    return {"points": found, "exponent": None if errors else exponent(found), "error": errors[0] if errors else None}


def exponent(points: Sequence[dict[str, Any]]) -> float | None:
    """The slope of the least-squares line through the logarithms; `None` for fewer than two points."""
    if len(points) < 2:
        return None
    amounts = np.log([point["amount"] for point in points])
    return float(np.polyfit(amounts, np.log([point["milliseconds"] for point in points]), 1)[0])
