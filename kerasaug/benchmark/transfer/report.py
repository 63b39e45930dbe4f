"""From runs to rows: means with intervals, and differences paired by seed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasaug.benchmark.transfer.runs import Choice, Runs, choices_for, milliseconds
from kerasaug.benchmark.transfer.ways import AUGMENTED, AWARE, BASELINE, CARRIED, DECOUPLED, PLAIN, WAYS
from kerasaug.finetune.comparison.experiment import Result
from kerasaug.finetune.comparison.statistics import Interval, interval, paired_difference

Row = dict[str, Any]
_AGAINST = {AUGMENTED: PLAIN, CARRIED: PLAIN, AWARE: CARRIED, DECOUPLED: CARRIED}


def row(runs: Runs, way: str, variant: str, choice: Choice, results: Sequence[Result]) -> Row:
    """One way in one variant: what it reached over the seeds.

    Args:
        runs: That made the results.
        way: Its name.
        variant: Its variant.
        choice: Of the learning rate.
        results: One for each seed.
    """
    tests = [one.test for one in results]
    return {
        "way": way,
        "title": WAYS[way].title,
        "variant": variant,
        "learning_rate": choice.learning_rate,
        "trainable": runs.trainable[way],
        "milliseconds_a_step": milliseconds(results),
        "test": _plain_values(interval(tests)),
        "validation": float(np.mean([one.validation for one in results])),
        "train": float(np.mean([one.train for one in results])),
        "runs": [
            {"seed": one.seed, "test": one.test, "validation": one.validation, "train": one.train} for one in results
        ],
    }


def choice_row(way: str, variant: str, choice: Choice) -> Row:
    """How a learning rate was chosen."""
    return {
        "way": way,
        "variant": variant,
        "validation": {f"{rate:g}": mean for rate, mean in choice.validation.items()},
        "chosen": choice.learning_rate,
        "at_the_edge": choice.at_the_edge,
    }


def differences(rows: Sequence[Row]) -> list[Row]:
    """Every way against full fine-tuning in the same variant, and every variant against the one it adds something to.

    Augmentation is held against none, tuning that is aware of it against the same learning rate left as it is.
    """
    found = {(row["way"], row["variant"]): row for row in rows}
    pairs = [((way, variant), (BASELINE, variant)) for way, variant in found if way != BASELINE]
    pairs += [((way, variant), (way, _AGAINST[variant])) for way, variant in found if variant in _AGAINST]
    return [_difference(found[one], found[other]) for one, other in pairs if other in found]


def task_report(runs: Runs, describe: Row, say: Callable[[str], None] = lambda message: None) -> Row:
    """Chooses learning rates, runs every way in every variant with every seed, and sums up.

    Seed by seed, so that a machine whose speed drifts favours no way.

    Args:
        runs: Makes the runs.
        describe: What the report of the task begins with.
        say: Called with a line before each seed.
    """
    settings = runs.settings
    variants = choices_for(settings.variants)
    say(f"{runs.task.title}: choosing learning rates on the validation part")
    chosen = {(way, variant): runs.choose(WAYS[way], variant) for way in settings.ways for variant in variants}
    places = {
        (way, variant): chosen.get((way, variant), chosen[way, PLAIN])
        for way in settings.ways
        for variant in settings.variants
    }
    results: dict[tuple[str, str], list[Result]] = {place: [] for place in places}
    for seed in settings.seeds:
        say(f"{runs.task.title}: seed {seed}, {len(settings.seeds)} in all")
        for (way, variant), choice in places.items():
            results[way, variant].append(runs.result(WAYS[way], variant, choice.learning_rate, seed))
    rows = [row(runs, way, variant, choice, results[way, variant]) for (way, variant), choice in places.items()]
    choices = [choice_row(way, variant, choice) for (way, variant), choice in chosen.items()]
    return {**describe, "choices": choices, "rows": rows, "differences": differences(rows)}


def _difference(one: Row, other: Row) -> Row:
    values, baseline = ([run["test"] for run in found["runs"]] for found in (one, other))
    seeds, others = ([run["seed"] for run in found["runs"]] for found in (one, other))
    if seeds != others:
        raise ValueError(f"benchmark: expected runs with the same seeds to compare. Received: {seeds} and {others}.")
    difference = paired_difference(values, baseline)
    return {
        "way": one["way"],
        "variant": one["variant"],
        "against": {"way": other["way"], "variant": other["variant"]},
        **_plain_values(difference),
        "excludes_zero": difference.excludes_zero,
    }


def _plain_values(found: Interval) -> Row:
    """A bound that does not exist is `None`, as JSON has no nan."""
    return {
        "mean": found.mean,
        "low": found.low if np.isfinite(found.low) else None,
        "high": found.high if np.isfinite(found.high) else None,
    }
