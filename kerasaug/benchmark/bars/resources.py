"""Bars 4, 5 and 8: memory, growth, and what a TPU would run."""

from typing import Any

from kerasaug.benchmark.bars.bar import Bar, at_most, listed
from kerasaug.benchmark.sections.tpu import NO_GATHER

BATCHES = 4.0
EXPONENT = 1.1  # a line, but for what caches do to small batches


def memory_bars(report: dict[str, Any]) -> list[Bar]:
    """The peak of the process, what compiling takes included."""
    demand = f"the recipe's peak of memory at most {BATCHES:g} float32 batches beyond the one it is given"
    found = report["memory"]["kerasaug"]
    if found["error"]:
        return [at_most("4", demand, BATCHES, None, found["error"])]
    detail = (
        f"{found['batches']:.1f} batches; {found['compiling_batches']:.1f} for a batch of two, which is the compiler's"
    )
    return [at_most("4", demand, BATCHES, found["batches"], detail)]


def scaling_bars(report: dict[str, Any]) -> list[Bar]:
    """The exponents."""
    return [_growth(report, "5a", "batch"), _growth(report, "5b", "pixels")]


def _growth(report: dict[str, Any], number: str, what: str) -> Bar:
    demand = f"cost grows linearly with the {what}: an exponent of at most {EXPONENT:g}"
    found = report["scaling"][what]
    if found["exponent"] is None:
        return at_most(number, demand, EXPONENT, None, found["error"] or "one size alone was timed")
    return at_most(number, demand, EXPONENT, found["exponent"], f"exponent {found['exponent']:.2f}")


def tpu_bars(report: dict[str, Any]) -> list[Bar]:
    """Of the layers that need no gather, how many have one."""
    demand = "on a TPU, flips, crops and zooms lower without a gather over whole images"
    if "tpu" not in report:
        return [at_most("8", demand, 0, None, "JAX alone lowers for a machine that is not there: --backend jax")]
    rows = [row for row in report["tpu"] if row["layer"] in NO_GATHER]
    failures = [f"{row['layer']}: {row['error']}" for row in rows if row["error"]]
    if failures:
        return [at_most("8", demand, 0, None, listed(failures))]
    gathering = [row["layer"] for row in rows if row["gathers_pixels"]]
    detail = f"a gather in {listed(gathering)}" if gathering else f"none in {listed([row['layer'] for row in rows])}"
    return [at_most("8", demand, 0, len(gathering), detail)]
