"""Bars 2, 5 and 6: RandAugment against its peers, the size of a menu, and the first call."""

from typing import Any

from kerasaug.benchmark.bars.bar import Bar, at_least, at_most
from kerasaug.benchmark.rows import Row, ratio

NAME, OURS = "RandAugment", "kerasaug"
TIMES_KERAS = {"tensorflow": 10.0, "jax": 100.0}
MENU_RATIO = 1.25  # of the largest menu's time to the smallest's; timings of one thing differ by as much
FIRST_CALL_SECONDS = 10.0


def bars(report: dict[str, Any]) -> list[Bar]:
    """The bars of policies."""
    return [_against(report, "2a", "Keras"), _against(report, "2b", "keras-cv"), _menu(report), _first_call(report)]


def _against(report: dict[str, Any], number: str, library: str) -> Bar:
    usual = report["floor"]["place"]
    limit = TIMES_KERAS.get(report["backend"], 10.0) if library == "Keras" else 1.0
    demand = f"RandAugment, per sample, in a {usual}: at least {limit:g} times faster than {library}'s, at its best"
    ours, theirs = _row(report, OURS, usual), _fastest(report, library)
    measured = ratio(theirs, ours)
    if measured is None or not ours or not theirs:
        return at_least(number, demand, limit, None, _why(report, library))
    detail = f"{measured:.1f} times: {ours['milliseconds']:.1f} ms against {theirs['milliseconds']:.1f}"
    return at_least(number, demand, limit, measured, f"{detail} ({theirs['way']})")


def _menu(report: dict[str, Any]) -> Bar:
    found = report["policies"]["menu"]
    first, last = found["points"][0], found["points"][-1]
    demand = f"a policy's cost does not grow with its menu: at most {MENU_RATIO:g} times from {first['amount']} layers"
    demand += f" to {last['amount']}"
    if found["ratio"] is None:
        return at_most("5c", demand, MENU_RATIO, None, found["error"])
    times = f"{first['milliseconds']:.1f} ms and {last['milliseconds']:.1f}"
    return at_most("5c", demand, MENU_RATIO, found["ratio"], f"{found['ratio']:.2f} times: {times}")


def _first_call(report: dict[str, Any]) -> Bar:
    demand = f"RandAugment's first call, which compiles, within {FIRST_CALL_SECONDS:g} s"
    rows = [row for row in _rows(report, OURS) if row["first_call_seconds"] is not None]
    if not rows:
        return at_most("6", demand, FIRST_CALL_SECONDS, None, _why(report, OURS))
    slowest = max(rows, key=lambda row: row["first_call_seconds"])
    detail = ", ".join(f"{row['first_call_seconds']:.1f} s ({row['way']})" for row in rows)
    return at_most("6", demand, FIRST_CALL_SECONDS, slowest["first_call_seconds"], detail)


def _rows(report: dict[str, Any], library: str) -> list[Row]:
    return [row for row in report["policies"]["contenders"] if (row["policy"], row["library"]) == (NAME, library)]


def _row(report: dict[str, Any], library: str, way: str) -> Row | None:
    return next((row for row in _rows(report, library) if row["way"] == way and row["error"] is None), None)


def _fastest(report: dict[str, Any], library: str) -> Row | None:
    rows = [row for row in _rows(report, library) if row["milliseconds"] is not None]
    return min(rows, key=lambda row: row["milliseconds"], default=None)


def _why(report: dict[str, Any], library: str) -> str:
    failed = [row for row in (*_rows(report, OURS), *_rows(report, library)) if row["error"]]
    if failed:
        return f"{failed[0]['library']}, {failed[0]['way']}: {failed[0]['error']}"
    return f"{library}: {report['peers'].get(library.lower(), 'not measured')}"
