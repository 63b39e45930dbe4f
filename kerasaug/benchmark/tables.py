"""A report as tables for the terminal."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table

from kerasaug.benchmark.bars import NOT_THERE_YET
from kerasaug.benchmark.plot import title
from kerasaug.benchmark.rows import Row, ratio
from kerasaug.benchmark.settings import SECTIONS

DRIFT = 1.3  # between the floor at the start and at the end, beyond which the machine was not at rest
_VERDICTS = {"met": "[green]met[/green]", "missed": "[red]missed[/red]", "not measured": "not measured"}


def tables(report: dict[str, Any]) -> Iterator[Table]:
    """A table for each section that ran, and the bars."""
    sections = {
        "recipe": _recipe,
        "train_step": _train_step,
        "policies": _policies,
        "layers": _layers,
        "memory": _memory,
        "scaling": _scaling,
        "tpu": _tpu,
    }
    for name, section in sections.items():
        if name in report:
            yield section(report)
    yield bars_table(report)


def remarks(report: dict[str, Any]) -> list[str]:
    """What a reader must know: who failed and why, how work differed, what is missing."""
    lines = [f"{row['contender']}, {row['place']}: {row['error']}" for row in report.get("recipe", []) if row["error"]]
    for name, added in report.get("train_step", {}).get("added", {}).items():
        lines += [f"{name}, compiled train step: {added['error']}"] if added["error"] else []
    lines += _layer_failures(report.get("layers", []))
    for row in report.get("policies", {}).get("contenders", []):
        lines += [f"{row['library']}, {row['policy']}, {row['way']}: {row['error']}"] if row["error"] else []
    notes = {row["contender"]: row["note"] for row in report.get("recipe", []) if row["note"]}
    lines += [f"{name}: {note}." for name, note in notes.items()]
    lines += [f"{name}: {why}." for name, why in report["peers"].items() if not why.startswith("version")]
    before, after = report["floor"]["milliseconds"], report["floor"]["milliseconds_at_the_end"]
    if max(before, after) > DRIFT * min(before, after):
        lines.append(
            f"One pass took {before:.2f} ms at first and {after:.2f} at the end: this machine was not at rest."
        )
    left = [name for name in SECTIONS if name not in report["settings"]["only"]]
    if left:
        lines.append(f"Not run: {', '.join(left)}.")
    if report["quick"]:
        lines.append("A quick look: sizes too small and timings too few for these figures to be quoted.")
    return [*lines, NOT_THERE_YET]


def _layer_failures(rows: list[Row]) -> list[str]:
    """A line for each reason, with the layers that it stopped."""
    layers: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        if row["error"]:
            layers.setdefault((row["library"], _way(row), row["error"]), []).append(row["layer"])
    return [f"{library}, {way}: {', '.join(names)}: {error}" for (library, way, error), names in layers.items()]


def _way(row: Row) -> str:
    layout = ", channels_first" if row["layout"] == "channels_first" else ""
    return f"{row['way']}{layout}{'' if row['known_size'] else ', unknown size'}"


def _table(heading: str, first: str, *others: str) -> Table:
    table = Table(title=heading, title_justify="left")
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", overflow="fold")
    return table


def _recipe(report: dict[str, Any]) -> Table:
    floor = report["floor"]
    table = _table(
        f"Recipe of eight ops, {title(report)}",
        "",
        "where",
        "ms a batch",
        "passes",
        "images/s",
        "times kerasaug's",
        "first call, s",
    )
    ours = next((row for row in report["recipe"] if row["contender"] == "kerasaug"), None)
    for row in report["recipe"]:
        name = row["contender"] + (f", without {', '.join(row['lacks'])}" if row["lacks"] else "")
        figures = [
            number(row[key], digits) for key, digits in (("milliseconds", 1), ("passes", 1), ("images_per_second", 0))
        ]
        slower = ratio(row, ours)
        table.add_row(name, row["place"], *figures, number(slower, 1), number(row["first_call_seconds"], 1))
    table.add_row("one pass over the batch", floor["place"], number(floor["milliseconds"], 1), "1.0", "", "", "")
    return table


def _train_step(report: dict[str, Any]) -> Table:
    found = report["train_step"]
    table = _table("Inside one compiled train step", "", "ms a step", "augmentation adds, ms", "passes")
    for name, step in found["steps"].items():
        added = found["added"].get(name, {"milliseconds": None, "passes": None})
        table.add_row(
            name, *[number(value, 1) for value in (step["milliseconds"], added["milliseconds"], added["passes"])]
        )
    return table


def _layers(report: dict[str, Any]) -> Table:
    names = ("way", "kerasaug, ms", "passes", "Keras, ms", "times faster", "keras-cv, ms", "times faster")
    table = _table("Layer by layer", "layer", *names)
    cases: dict[tuple[str, str], dict[str, Row]] = {}
    for row in report["layers"]:
        cases.setdefault((row["layer"], _way(row)), {})[row["library"]] = row
    for (layer, way), rows in cases.items():
        ours = rows["kerasaug"]
        cells = [_time(ours), number(ours["passes"], 1)]
        for library in ("Keras", "keras-cv"):
            cells += [_time(rows.get(library)), number(ratio(rows.get(library), ours), 1)]
        table.add_row(layer, way, *cells)
    return table


def _policies(report: dict[str, Any]) -> Table:
    names = ("where", "library", "ms a batch", "passes", "times kerasaug's", "first call, s")
    table = _table("Policies, drawn per sample by kerasaug and keras-cv", "", *names)
    rows = report["policies"]["contenders"]
    ours = {(row["policy"], row["way"]): row for row in rows if row["library"] == "kerasaug"}
    for row in rows:
        slower = ratio(row, ours[row["policy"], row["way"]])
        cells = [_time(row), number(row["passes"], 1), number(slower, 1), number(row["first_call_seconds"], 1)]
        table.add_row(row["policy"], row["way"], row["library"], *cells)
    menu = report["policies"]["menu"]
    for point in menu["points"]:
        choice = f"one of {point['amount']} ops"
        table.add_row(choice, menu["place"], "kerasaug", number(point["milliseconds"], 1), "", "", "")
    return table


def _memory(report: dict[str, Any]) -> Table:
    table = _table("Peak of memory beyond the batch held, in float32 batches", "", "peak", "of which compiling", "")
    for name, found in report["memory"].items():
        table.add_row(name, number(found["batches"], 1), number(found["compiling_batches"], 1), found["error"] or "")
    return table


def _scaling(report: dict[str, Any]) -> Table:
    table = _table(f"How the recipe's cost grows, {report['scaling']['place']}", "with", "ms at each size", "exponent")
    for what in ("batch", "pixels"):
        found = report["scaling"][what]
        points = ", ".join(f"{point['amount']}: {number(point['milliseconds'], 1)}" for point in found["points"])
        table.add_row(what, points, number(found["exponent"], 2))
    return table


def _tpu(report: dict[str, Any]) -> Table:
    table = _table("What a TPU would run", "layer", "gathers over pixels", "ops")
    for row in report["tpu"]:
        ops = ", ".join(f"{count} {op}" for op, count in row["ops"].items())
        table.add_row(row["layer"], number(row["gathers_pixels"], 0), row["error"] or ops)
    return table


def bars_table(report: dict[str, Any]) -> Table:
    """The project's bars, and which are met."""
    quick = ", from a quick look" if report["quick"] else ""
    table = Table(title=f"The project's bars{quick}", title_justify="left")
    for name in ("", "demand", "measured", "verdict"):
        table.add_column(name)
    for bar in report["bars"]:
        table.add_row(bar["number"], bar["demand"], bar["detail"], _VERDICTS[bar["verdict"]])
    return table


def _time(row: Row | None) -> str:
    return "–" if row is None else "fails" if row["error"] else f"{row['milliseconds']:.1f}"


def number(value: float | None, digits: int) -> str:
    """A figure, or a dash."""
    return "–" if value is None else f"{value:,.{digits}f}"
