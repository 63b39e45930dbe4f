"""Every bar that applies, held against a report."""

from typing import Any

from kerasaug.benchmark.bars import layers, policies, recipe, resources
from kerasaug.benchmark.bars.bar import Bar

NOT_THERE_YET = "Not there yet, and so not measured: text, audio and time series (bar 7)."
_SECTIONS = {
    "recipe": recipe.bars,
    "policies": policies.bars,
    "layers": layers.bars,
    "memory": resources.memory_bars,
    "scaling": resources.scaling_bars,
    "tpu": resources.tpu_bars,
}


def evaluate(report: dict[str, Any]) -> list[Bar]:
    """The bars of the sections that ran, in order.

    Args:
        report: As `run` returns it.
    """
    return [bar for name, bars in _SECTIONS.items() if name in report["settings"]["only"] for bar in bars(report)]
