"""Bar 3: each layer against Keras's and keras-cv's, against one pass, and in other layouts."""

from collections.abc import Iterable
from typing import Any

from kerasaug.benchmark.bars.bar import Bar, at_least, at_most, listed
from kerasaug.benchmark.rows import Row, ratio

OURS, LAST, FIRST = "kerasaug", "channels_last", "channels_first"
PASSES = {"pointwise": 2.0, "warp": 3.5}
SLOWER_WITH_UNKNOWN_SIZE = 1.5
SLOWER_CHANNELS_FIRST = 1.5

Key = tuple[str, str, str, str, bool]


def bars(report: dict[str, Any]) -> list[Bar]:
    """The bars of single layers that apply on the backend that ran."""
    rows = {_key(row): row for row in report["layers"]}
    found = [_no_slower("3a", "Keras", rows), _no_slower("3b", "keras-cv", rows)]
    found += [_passes("3c", "pointwise", rows), _passes("3d", "warp", rows)]
    if report["backend"] == "tensorflow":
        found.append(_unknown_size(rows))
    return [*found, _channels_first(rows)]


def _key(row: Row) -> Key:
    return row["layer"], row["library"], row["way"], row["layout"], row["known_size"]


def _no_slower(number: str, library: str, rows: dict[Key, Row]) -> Bar:
    demand = f"no layer slower than {library}'s, compiled or not"
    ratios = {
        f"{layer} ({way}{', channels_first' if layout == FIRST else ''})": faster
        for layer, owner, way, layout, known in rows
        if owner == library and known
        if (faster := ratio(rows[layer, library, way, layout, known], rows.get((layer, OURS, way, layout, known))))
    }
    if not ratios:
        return at_least(number, demand, 1.0, None, f"no layer of {library} was timed")
    slower = [f"{name} {faster:.2f}" for name, faster in _worst(ratios.items(), lowest=True) if faster < 1.0]
    detail = f"{len(ratios) - len(slower)} of {len(ratios)} are faster"
    return at_least(
        number, demand, 1.0, min(ratios.values()), detail + (f"; slower: {listed(slower)}" if slower else "")
    )


def _passes(number: str, kind: str, rows: dict[Key, Row]) -> Bar:
    limit, many = PASSES[kind], {"warp": "warps", "pointwise": "pointwise layers"}[kind]
    demand = f"{many} within {limit:g} times one pass"
    found = {
        f"{row['layer']} ({row['way']})": row["passes"]
        for (_, library, _, layout, known), row in rows.items()
        if library == OURS and layout == LAST and known and row["kind"] == kind and row["passes"] is not None
    }
    return _within(number, demand, limit, found, "passes")


def _unknown_size(rows: dict[Key, Row]) -> Bar:
    demand = f"with unknown height and width, within {SLOWER_WITH_UNKNOWN_SIZE:g} times Keras's time"
    found = {
        layer: slower
        for layer, library, way, layout, known in rows
        if library == OURS and not known
        if (slower := ratio(rows[layer, OURS, way, layout, False], rows.get((layer, "Keras", way, layout, False))))
    }
    return _within("3e", demand, SLOWER_WITH_UNKNOWN_SIZE, found, "times Keras's")


def _channels_first(rows: dict[Key, Row]) -> Bar:
    demand = f"channels_first within {SLOWER_CHANNELS_FIRST:g} times channels_last"
    found = {
        layer: slower
        for layer, library, way, layout, known in rows
        if library == OURS and layout == FIRST
        if (slower := ratio(rows[layer, OURS, way, FIRST, known], rows.get((layer, OURS, way, LAST, known))))
    }
    return _within("3f", demand, SLOWER_CHANNELS_FIRST, found, "times")


def _within(number: str, demand: str, limit: float, found: dict[str, float], unit: str) -> Bar:
    if not found:
        return at_most(number, demand, limit, None, "there is nothing to compare")
    beyond = [f"{name} {value:.1f}" for name, value in _worst(found.items()) if value > limit]
    name, worst = _worst(found.items())[0]
    detail = f"at most {worst:.1f} {unit} ({name})"
    if beyond:
        detail = f"{len(found) - len(beyond)} of {len(found)} are; not: {listed(beyond)}"
    return at_most(number, demand, limit, worst, detail)


def _worst(items: Iterable[tuple[str, float]], lowest: bool = False) -> list[tuple[str, float]]:
    return sorted(items, key=lambda item: item[1], reverse=not lowest)
