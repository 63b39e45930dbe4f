"""What was measured, as numbers for a file and as tables for the terminal."""

import dataclasses
import platform
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from rich.table import Table

import kerasaug
from kerasaug.finetune.comparison.arms import AUGMENTED, GRADUAL, SCRATCH, Arm
from kerasaug.finetune.comparison.experiment import Result
from kerasaug.finetune.comparison.pretraining import Pretrained
from kerasaug.finetune.comparison.settings import SOURCE, TARGET, Settings
from kerasaug.finetune.comparison.statistics import CONFIDENCE, Interval, mean_and_spread, paired_difference

FITTED = 0.99


@dataclasses.dataclass(frozen=True)
class Summary:
    """One arm over its seeds: mean and spread of each accuracy, and seconds per run."""

    arm: Arm
    train: tuple[float, float]
    validation: tuple[float, float]
    test: tuple[float, float]
    seconds: float


@dataclasses.dataclass(frozen=True)
class Margin:
    """How much better one arm is than another on the test part, seed by seed."""

    arm: Arm
    baseline: Arm
    interval: Interval


def summaries(results: Sequence[Result]) -> list[Summary]:
    """One summary for each arm, in the order of the runs."""
    rows = []
    for arm, runs in _by_arm(results).values():
        parts = {part: mean_and_spread([getattr(one, part) for one in runs]) for part in _PARTS}
        rows.append(Summary(arm, **parts, seconds=float(np.mean([one.seconds for one in runs]))))
    return rows


def margins(results: Sequence[Result]) -> list[Margin]:
    """Every arm against training from scratch, and what augmentation adds to gradual unfreezing."""
    by_arm = _by_arm(results)
    pairs = [(name, SCRATCH.name) for name in by_arm if name != SCRATCH.name] + [(AUGMENTED.name, GRADUAL.name)]
    return [_margin(*by_arm[name], *by_arm[baseline]) for name, baseline in pairs if {name, baseline} <= by_arm.keys()]


_PARTS = ("train", "validation", "test")


def _by_arm(results: Sequence[Result]) -> dict[str, tuple[Arm, list[Result]]]:
    found: dict[str, tuple[Arm, list[Result]]] = {}
    for result in sorted(results, key=lambda one: one.seed):
        found.setdefault(result.arm.name, (result.arm, []))[1].append(result)
    order = list(dict.fromkeys(result.arm.name for result in results))
    return {name: found[name] for name in order}


def _margin(arm: Arm, runs: list[Result], baseline: Arm, others: list[Result]) -> Margin:
    if [one.seed for one in runs] != [one.seed for one in others]:
        raise ValueError(
            f"report: expected the arms {arm.name!r} and {baseline.name!r} to have run with the same seeds."
        )
    return Margin(arm, baseline, paired_difference([one.test for one in runs], [one.test for one in others]))


def accuracy_table(results: Sequence[Result], settings: Settings) -> Table:
    """Accuracy of every arm: mean and spread over the seeds."""
    seeds = len(settings.seeds)
    table = Table(
        title=f"Digits {_span(TARGET)} from {settings.shots} labels a class: accuracy in %, mean ± sd of {seeds} seed"
        f"{'s' if seeds > 1 else ''}, {settings.steps} steps of {settings.batch_size} images each"
    )
    for header in ("", "test", "own samples", "rate", "decay", "s / run"):
        table.add_column(header, justify="right" if header else "left")
    for row in summaries(results):
        accuracies = [_percent(*getattr(row, part)) for part in ("test", "train")]
        rates = [f"{row.arm.learning_rate:g}", f"{row.arm.weight_decay:g}"]
        table.add_row(row.arm.title, *accuracies, *rates, f"{row.seconds:.1f}")
    return table


def margin_table(results: Sequence[Result]) -> Table:
    """Paired differences in test accuracy."""
    table = Table(title="Differences in test accuracy, paired by seed")
    for header in ("", "points", f"{CONFIDENCE:.0%} interval", "excludes 0"):
        table.add_column(header, justify="right" if header else "left")
    for margin in margins(results):
        interval = margin.interval
        bounds = f"{100 * interval.low:+.1f} … {100 * interval.high:+.1f}" if interval.low == interval.low else "–"
        name = f"{margin.arm.title} − {margin.baseline.title[0].lower()}{margin.baseline.title[1:]}"
        table.add_row(name, f"{100 * interval.mean:+.1f}", bounds, "yes" if interval.excludes_zero else "no")
    return table


def remarks(results: Sequence[Result], settings: Settings) -> list[str]:
    """What a reader must know to judge the tables."""
    found = []
    fits = {row.arm.name: row.train[0] for row in summaries(results)}
    if round(fits.get(SCRATCH.name, 1.0), 6) < FITTED:  # a mean of 0.99s is a hair below
        found.append(
            f"From scratch reached only {fits[SCRATCH.name]:.1%} on its own samples: it was stopped before it had "
            "learnt them, so the margins over it say little. More epochs would tell."
        )
    if len(settings.seeds) < 2:
        found.append("One seed has no spread: run at least three for intervals.")
    found.append(
        "The intervals cover the choice of labelled images, the random weights and the augmentation; the backbone was "
        "pretrained once."
    )
    return found


def as_json(results: Sequence[Result], settings: Settings, pretrained: Pretrained, seconds: float) -> dict[str, Any]:
    """Everything that was measured, as plain values; a bound that does not exist is null."""
    return {
        "task": {"source": list(SOURCE), "target": list(TARGET), "settings": settings.to_dict()},
        "pretraining": {
            "train": pretrained.train_accuracy,
            "validation": pretrained.validation_accuracy,
            "weights": str(pretrained.path),
        },
        "arms": [_arm(row, results) for row in summaries(results)],
        "margins": [
            {
                "arm": margin.arm.name,
                "baseline": margin.baseline.name,
                "confidence": CONFIDENCE,
                **{key: _number(value) for key, value in dataclasses.asdict(margin.interval).items()},
            }
            for margin in margins(results)
        ],
        "remarks": remarks(results, settings),
        "seconds": seconds,
        "versions": {
            "kerasaug": kerasaug.__version__,
            "keras": keras.version(),
            "backend": keras.backend.backend(),
            "python": platform.python_version(),
        },
    }


def _arm(row: Summary, results: Sequence[Result]) -> dict[str, Any]:
    arm = row.arm
    runs = [one for one in results if one.arm.name == arm.name]
    return {
        **{field.name: getattr(arm, field.name) for field in dataclasses.fields(arm) if field.name != "unfreezing"},
        "unfreezing": {str(fraction): first for fraction, first in arm.unfreezing.items()},
        "mean": {part: getattr(row, part)[0] for part in _PARTS},
        "sd": {part: _number(getattr(row, part)[1]) for part in _PARTS},
        "runs": [{key: getattr(one, key) for key in ("seed", *_PARTS, "steps", "seconds")} for one in runs],
    }


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _percent(mean: float, spread: float) -> str:
    return f"{100 * mean:.1f}" + (f" ± {100 * spread:.1f}" if np.isfinite(spread) else "")


def _span(classes: tuple[int, ...]) -> str:
    return f"{classes[0]}–{classes[-1]}"
