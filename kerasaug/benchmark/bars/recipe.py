"""Bar 1: the recipe against Keras's layers, albumentations and one pass over the batch."""

from typing import Any

from kerasaug.benchmark.bars.bar import Bar, at_least, at_most
from kerasaug.benchmark.rows import Row, ratio
from kerasaug.benchmark.sections.places import MAPPED, PARALLEL, UINT8

OURS = "kerasaug"
TIMES_KERAS = {"tensorflow": 10.0, "jax": 30.0}
TIMES_ALBUMENTATIONS = 2.0
PASSES = 5.0
STEP_PASSES = {"float32": 8.0, "uint8": 6.0}


def bars(report: dict[str, Any]) -> list[Bar]:
    """The bars of the recipe that apply on the backend that ran."""
    mapped = [_against_keras_mapped(report)] if report["backend"] == "tensorflow" else []
    return [_against_keras(report), *mapped, _against_albumentations(report), _passes(report), _train_step(report)]


def _against_keras(report: dict[str, Any]) -> Bar:
    usual, limit = report["floor"]["place"], TIMES_KERAS.get(report["backend"], 10.0)
    demand = f"the recipe in a {usual}: at least {limit:g} times faster than Keras's layers, at their best setting"
    best = _fastest(report, "Keras", but=(MAPPED, PARALLEL))
    return _faster("1a", demand, limit, best, _row(report, OURS, usual), _why(report, "Keras"))


def _against_keras_mapped(report: dict[str, Any]) -> Bar:
    limit = TIMES_KERAS["tensorflow"]
    demand = f"the recipe in dataset.map: at least {limit:g} times faster than Keras's layers, each at its best setting"
    theirs, ours = (_fastest(report, name, among=(MAPPED, PARALLEL)) for name in ("Keras", OURS))
    return _faster("1b", demand, limit, theirs, ours, _why(report, "Keras"))


def _against_albumentations(report: dict[str, Any]) -> Bar:
    limit, usual = TIMES_ALBUMENTATIONS, report["floor"]["place"]
    threads = report["machine"]["threads"]
    demand = f"the recipe in a {usual}: at least {limit:g} times faster than albumentations with {threads} threads"
    theirs = _fastest(report, "albumentations")
    bar = _faster("1c", demand, limit, theirs, _row(report, OURS, usual), _why(report, "albumentations"))
    alike = ratio(theirs, _row(report, UINT8, usual))
    if alike is None:
        return bar
    return at_least(
        "1c", demand, limit, bar.measured, f"{bar.detail}; with uint8 in and out as there, {alike:.1f} times"
    )


def _passes(report: dict[str, Any]) -> Bar:
    usual = report["floor"]["place"]
    rows = [_row(report, OURS, usual), _fastest(report, OURS, among=(MAPPED, PARALLEL))]
    found = [row for row in rows if row]
    demand = f"the recipe, compiled: at most {PASSES:g} times one pass over the batch"
    if not found:
        return at_most("1d", demand, PASSES, None, _why(report, OURS))
    detail = ", ".join(f"{row['passes']:.1f} passes ({row['place']})" for row in found)
    return at_most("1d", demand, PASSES, max(row["passes"] for row in found), detail)


def _train_step(report: dict[str, Any]) -> Bar:
    dtype = report["settings"]["dtype"]
    limit = STEP_PASSES[dtype]
    demand = f"the recipe inside one compiled train step: at most {limit:g} passes ({dtype})"
    added = report["train_step"]["added"]
    ours, theirs = added[OURS], added.get("Keras")
    if ours["error"]:
        return at_most("1e", demand, limit, None, ours["error"])
    detail = f"{ours['passes']:.1f} passes"
    if theirs and theirs["error"] is None:
        detail += f"; Keras's layers add {theirs['passes']:.1f}"
    elif theirs:
        detail += "; Keras's layers do not run there"
    return at_most("1e", demand, limit, ours["passes"], detail)


def _faster(number: str, demand: str, limit: float, theirs: Row | None, ours: Row | None, why: str) -> Bar:
    measured = ratio(theirs, ours)
    if measured is None or not theirs or not ours:
        return at_least(number, demand, limit, None, why)
    times = f"{measured:.1f} times: {ours['milliseconds']:.1f} ms against {theirs['milliseconds']:.1f}"
    lacks = f"; it does not do {', '.join(theirs['lacks'])}" if theirs["lacks"] else ""
    return at_least(number, demand, limit, measured, f"{times} ({theirs['place']}){lacks}")


def _row(report: dict[str, Any], contender: str, place: str) -> Row | None:
    rows = [row for row in report["recipe"] if (row["contender"], row["place"]) == (contender, place)]
    return rows[0] if rows and rows[0]["milliseconds"] is not None else None


def _fastest(
    report: dict[str, Any], contender: str, among: tuple[str, ...] | None = None, but: tuple[str, ...] = ()
) -> Row | None:
    rows = [row for row in report["recipe"] if row["contender"] == contender and row["milliseconds"] is not None]
    rows = [row for row in rows if (among is None or row["place"] in among) and row["place"] not in but]
    return min(rows, key=lambda row: row["milliseconds"], default=None)


def _why(report: dict[str, Any], contender: str) -> str:
    """Why there is no figure of a contender, or of kerasaug beside it."""
    failed = [row for row in report["recipe"] if row["contender"] in (OURS, contender) and row["error"]]
    if failed:
        return f"{failed[0]['contender']}: {failed[0]['error']}"
    return f"{contender}: {report['peers'].get(contender.lower(), 'not measured')}"
