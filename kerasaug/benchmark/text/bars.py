"""Bar 7: ops on tokens against nlpaug's, tokenizing counted or not, and against KerasHub's."""

from typing import Any

from kerasaug.benchmark.bars.bar import Bar, at_least, listed
from kerasaug.benchmark.rows import Row, ratio
from kerasaug.benchmark.text.tokenizing import PLACE

OURS, LENGTH = "kerasaug", 128
_EAGER = "eager call"


def bars(report: dict[str, Any]) -> list[Bar]:
    """The bars of the text family."""
    rows = {(row["op"], row["length"], row["library"], row["way"]): row for row in report["rows"]}
    compiled = list(dict.fromkeys(way for _, _, library, way in rows if library == OURS and way not in (PLACE, _EAGER)))
    found = [
        _against(f"7a ({way})", f"≥ 10 times nlpaug's throughput at {LENGTH} tokens, {way}", 10.0, rows, "nlpaug", way)
        for way in compiled
    ]
    found.append(_against("7b", f"≥ 3 times nlpaug's at {LENGTH}, tokenizing counted", 3.0, rows, "nlpaug", PLACE))
    for way in compiled:
        demand = f"faster than keras-hub's at every length, {way}"
        found.append(_against(f"7c ({way})", demand, 1.0, rows, "keras-hub", way, every_length=True))
    return found


def _against(
    number: str,
    demand: str,
    limit: float,
    rows: dict[tuple[str, int, str, str], Row],
    library: str,
    way: str,
    every_length: bool = False,
) -> Bar:
    ratios = {}
    for (op, length, owner, _), row in rows.items():
        if owner == library and (every_length or length == LENGTH):
            faster = ratio(row, rows.get((op, length, OURS, way)))
            if faster is not None:
                ratios[f"{op} ({length})"] = faster
    if not ratios:
        return at_least(number, demand, limit, None, f"nothing of {library} was timed")
    worst = sorted(ratios.items(), key=lambda item: item[1])
    below = [f"{name} {value:.1f}" for name, value in worst if value < limit]
    detail = f"{worst[0][1]:.1f} times at least ({worst[0][0]})"
    if below:
        detail = f"{len(ratios) - len(below)} of {len(ratios)} are; not: {listed(below)}"
    return at_least(number, demand, limit, worst[0][1], detail)
