"""A report of the text family as tables for the terminal."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table

from kerasaug.benchmark.rows import ratio
from kerasaug.benchmark.tables import bars_table, number

OURS = "kerasaug"


def tables(report: dict[str, Any]) -> Iterator[Table]:
    """One for each length, and the bars."""
    for length in report["settings"]["lengths"]:
        yield _table(report, length)
    yield bars_table(report)


def remarks(report: dict[str, Any]) -> list[str]:
    """What a reader must know: who failed and why, who is missing."""
    lines = [
        f"{row['library']}, {row['way']}, {row['op']}, {row['length']} tokens: {row['error']}"
        for row in report["rows"]
        if row["error"]
    ]
    lines += [f"{name}: {why}." for name, why in report["peers"].items() if not why.startswith("version")]
    lines.append(
        "Libraries of strings are given the same words as strings; nlpaug's synonyms are those of its ReservedAug, of "
        "2000 lists. KerasHub's deletion and swap are given rows without special tokens, which they cannot skip here."
    )
    if report["quick"]:
        lines.append("A quick look: sizes too small and timings too few for these figures to be quoted.")
    return lines


def _table(report: dict[str, Any], length: int) -> Table:
    settings = report["settings"]
    heading = f"{settings['batch_size']} sequences of {length} tokens, rate {settings['rate']:g}, {report['backend']}"
    table = Table(title=heading, title_justify="left")
    for i, name in enumerate(("op", "library", "where", "ms a batch", "sequences/s", "kerasaug's best is faster by")):
        table.add_column(name, justify="left" if i < 3 else "right")
    rows = [row for row in report["rows"] if row["length"] == length]
    for op in dict.fromkeys(row["op"] for row in rows):
        of_op = [row for row in rows if row["op"] == op]
        timed = [row for row in of_op if row["library"] == OURS and row["milliseconds"] is not None]
        best = min(timed, key=lambda row: row["milliseconds"], default=None)
        for i, row in enumerate(of_op):
            slower = None if row["library"] == OURS else ratio(row, best)
            figures = number(row["milliseconds"], 2), number(row["sequences_per_second"], 0), number(slower, 1)
            table.add_row(op if i == 0 else "", row["library"], row["way"], *figures)
    return table
