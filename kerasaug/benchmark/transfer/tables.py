"""A report as tables for the terminal, and what a reader must know to judge them."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table

from kerasaug.benchmark.transfer.steps import FORWARD, FREEZE_TO, ZEROED
from kerasaug.benchmark.transfer.ways import AUGMENTED, AWARE, BASELINE, CARRIED, DECOUPLED, PLAIN, VARIANTS, WAYS
from kerasaug.finetune.comparison.statistics import CONFIDENCE

Row = dict[str, Any]
HEADINGS = {
    PLAIN: "plain",
    AUGMENTED: "augmented",
    CARRIED: "same rate",
    AWARE: "aware",
    DECOUPLED: "aware, decoupled",
}
_AGAINST = {
    AUGMENTED: "augmented − plain",
    CARRIED: "same rate − plain",
    AWARE: "aware − same rate",
    DECOUPLED: "decoupled − same rate",
}
FEW = 5  # seeds, below which an interval says little


def tables(report: dict[str, Any]) -> Iterator[Table]:
    """For each task accuracies and differences, and the step times."""
    for task in report.get("tasks", {}).values():
        yield accuracies(task, report)
        yield against_full(task, report)
        yield of_augmentation(task, report)
    if "steps" in report:
        yield step_times(report["steps"])


def accuracies(task: Row, report: Row) -> Table:
    """Test accuracy of every way in every variant."""
    settings = report["settings"]
    steps = settings["epochs"] * settings["steps_per_epoch"]
    quick = " — quick: not to be quoted" if report["quick"] else ""
    variants = settings["variants"]
    table = _table(
        f"{task['title']}: test accuracy in %, mean ± half of the {CONFIDENCE:.0%} interval, {len(settings['seeds'])} "
        f"seeds, {task['shots']} labels a class, {steps} steps of {settings['batch_size']}, {report['backend']}{quick}",
        ("", "trained", "ms/step", *[HEADINGS[variant] for variant in variants], "rates"),
    )
    found = _by_place(task["rows"])
    for way in settings["ways"]:
        rows = [found[way, variant] for variant in variants]
        rates = dict.fromkeys(f"{row['learning_rate']:g}" for row in rows if row["variant"] in (PLAIN, AUGMENTED))
        cells = [_accuracy(row["test"]) for row in rows]
        table.add_row(
            WAYS[way].title,
            f"{rows[0]['trainable']:,}",
            f"{rows[0]['milliseconds_a_step']:.1f}",
            *cells,
            ", ".join(rates),
        )
    return table


def against_full(task: Row, report: Row) -> Table:
    """Every way against full fine-tuning, in the same variant."""
    variants = [variant for variant in report["settings"]["variants"] if variant in (PLAIN, AUGMENTED)]
    table = _table(
        f"{task['title']}: against full fine-tuning, in points, paired by seed (* excludes 0)",
        ("", *[HEADINGS[variant] for variant in variants]),
    )
    found = {
        (one["way"], one["variant"]): one for one in task["differences"] if one["against"]["variant"] == one["variant"]
    }
    for way in report["settings"]["ways"]:
        if way != BASELINE:
            table.add_row(WAYS[way].title, *[points(found.get((way, variant))) for variant in variants])
    return table


def of_augmentation(task: Row, report: Row) -> Table:
    """What augmentation adds to each way, and what being aware of it adds to that."""
    variants = [variant for variant in report["settings"]["variants"] if variant in _AGAINST]
    table = _table(
        f"{task['title']}: what augmentation and tuning add, in points, paired by seed (* excludes 0)",
        ("", *[_AGAINST[variant] for variant in variants]),
    )
    found = {(one["way"], one["variant"]): one for one in task["differences"] if one["against"]["way"] == one["way"]}
    for way in report["settings"]["ways"]:
        table.add_row(WAYS[way].title, *[points(found.get((way, variant))) for variant in variants])
    return table


def step_times(steps: Row) -> Table:
    """Milliseconds a step by stage of unfreezing, and as multiples of the forward pass."""
    table = _table(
        f"A step of {steps['network']}, {'×'.join(map(str, steps['batch']))}, by layer groups that train, of "
        f"{len(steps['groups'])}",
        ("", "groups", "ms", "forward passes"),
    )
    forward = next(row["milliseconds"] for row in steps["rows"] if row["way"] == FORWARD)
    for row in steps["rows"]:
        time = row["milliseconds"]
        passes = f"{time / forward:.2f}" if time and forward else "–"
        name = {FREEZE_TO: "kerasaug: freeze_to", ZEROED: "learning rates below times 0"}.get(row["way"], row["way"])
        table.add_row(name, str(row["groups"]) if row["groups"] else "", f"{time:.1f}" if time else "fails", passes)
    return table


def remarks(report: dict[str, Any]) -> list[str]:
    """How rates were chosen, what the intervals cover, and what was not run."""
    settings = report["settings"]
    lines = []
    if report.get("tasks"):
        lines += [
            f"Learning rates: the best of {', '.join(f'{rate:g}' for rate in settings['rates'])} on the validation "
            f"part, by {len(settings['selection_seeds'])} seeds that are not reported, for each way with and without "
            "augmentation. The test part had no say in anything.",
            *[f"“{HEADINGS[variant]}”: {VARIANTS[variant]}." for variant in settings["variants"]],
            "Intervals cover the choice of labelled images, the random weights and the augmentation; the backbone was "
            "pretrained once. They are for one comparison each: of twenty true zeros one is starred.",
            "ms/step: the median of runs, callbacks and all; for what freezing saves take the section steps.",
        ]
        lines += _edges(report["tasks"])
    if report.get("tasks") and len(settings["seeds"]) < FEW:
        lines.append(f"{len(settings['seeds'])} seeds: too few for the intervals to mean much.")
    if report["quick"]:
        lines.append("A quick look: runs too short and too few for these figures to be quoted.")
    return lines


def points(difference: Row | None) -> str:
    """A difference as text."""
    if difference is None:
        return "–"
    if difference["low"] is None:
        return f"{100 * difference['mean']:+.1f}"
    star = " *" if difference["excludes_zero"] else ""
    return f"{100 * difference['mean']:+.1f} ({100 * difference['low']:+.1f} … {100 * difference['high']:+.1f}){star}"


def _edges(tasks: dict[str, Row]) -> list[str]:
    lines = []
    for task in tasks.values():
        named = [f"{one['way']} ({one['variant']}, {one['chosen']:g})" for one in task["choices"] if one["at_the_edge"]]
        if named:
            lines.append(
                f"{task['title']}: the chosen rate is the least or greatest of those tried in {', '.join(named)}."
            )
    return lines


def _by_place(rows: Sequence[Row]) -> dict[tuple[str, str], Row]:
    return {(row["way"], row["variant"]): row for row in rows}


def _accuracy(found: Row) -> str:
    half = "" if found["high"] is None else f" ± {100 * (found['high'] - found['mean']):.1f}"
    return f"{100 * found['mean']:.1f}{half}"


def _table(heading: str, names: Sequence[str]) -> Table:
    table = Table(title=heading, title_justify="left")
    for index, name in enumerate(names):
        table.add_column(name, justify="right" if index else "left", overflow="fold")
    return table
