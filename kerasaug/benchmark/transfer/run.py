"""Runs the tasks and the step times, and gathers what they found."""

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any

import keras

from kerasaug.benchmark.machine import describe
from kerasaug.benchmark.transfer.learner import TuningLearner
from kerasaug.benchmark.transfer.report import task_report
from kerasaug.benchmark.transfer.runs import Runs, choices_for
from kerasaug.benchmark.transfer.settings import STEPS, Settings
from kerasaug.benchmark.transfer.steps import measure
from kerasaug.benchmark.transfer.tasks import TASKS, Task
from kerasaug.extras import require
from kerasaug.finetune.comparison.data import Data
from kerasaug.finetune.comparison.pretraining import location, pretrain
from kerasaug.finetune.graphs import unoptimised_graphs

SCHEMA = 1
FAMILY = "transfer"
Say = Callable[[str], None]
Progress = Callable[[str, int], AbstractContextManager[Callable[[], None]]]


def run(
    settings: Settings | None = None,
    say: Say = lambda message: None,
    progress: Progress = lambda title, runs: nullcontext(lambda: None),
    cache: str | os.PathLike | None = None,
) -> dict[str, Any]:
    """Compares ways to learn a task from few labels, and times steps with ever more layers trained.

    Args:
        settings: What to measure; the whole benchmark when `None`.
        say: Called with a line before each part.
        progress: From a title and a number of runs to a context, in which what it gives is called after each run.
        cache: The cache folder; see `kerasaug.datasets.cache_dir` for the default.

    Returns:
        The report: plain values, accuracies in [0, 1].

    Raises:
        ImportError: When an optional dependency is missing.

    Example:

    ```python
    from kerasaug.benchmark.transfer import Settings, run

    report = run(Settings(sections=("digits",), ways=("full", "lora"), seeds=(0, 1, 2)), say=print)
    report["tasks"]["digits"]["rows"][0]["test"]["mean"]
    ```
    """
    settings = settings or Settings()
    for module in ("scipy.stats", "sklearn"):
        require(module, "data", "kerasaug benchmark --family transfer")
    started, start = datetime.now(UTC), time.perf_counter()
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "family": FAMILY,
        "quick": settings.quick,
        "backend": keras.backend.backend(),
        "machine": describe(["scikit-learn", "matplotlib", "pillow"]),
        "settings": settings.to_dict(),
        "started": started.isoformat(timespec="seconds"),
    }
    tasks = [TASKS[name] for name in settings.sections if name in TASKS]
    with unoptimised_graphs():
        report["tasks"] = {task.name: _learn(task, settings, say, progress, cache) for task in tasks}
    if STEPS in settings.sections:
        report["steps"] = measure(settings, say)
    report["seconds"] = time.perf_counter() - start
    return report


def runs_at_most(settings: Settings) -> int:
    """How many runs a task takes when none is the same as another."""
    choosing = len(choices_for(settings.variants)) * len(settings.rates) * len(settings.selection_seeds)
    return len(settings.ways) * (choosing + len(settings.variants) * len(settings.seeds))


def _learn(
    task: Task, settings: Settings, say: Say, progress: Progress, cache: str | os.PathLike | None
) -> dict[str, Any]:
    settings = settings.for_shots(task.shots)
    say(f"{task.title}: data")
    data = task.load(settings, cache)
    learner = TuningLearner(settings, task.classes)
    say(f"{task.title}: pretraining, unless it was done before")
    folder = location(settings, cache, task.name, task.version)
    pretrained = pretrain(learner, data, cache, folder=folder)
    with progress(f"{task.title}: runs", runs_at_most(settings)) as advance:
        runs = Runs(settings, task, data, learner, pretrained.weights, lambda arm, seed: [_after(advance)])
        return task_report(
            runs,
            {
                "title": task.title,
                "description": task.description,
                "classes": task.classes,
                "shots": task.shots,
                "images": _sizes(data),
                "pretraining": {"train": pretrained.train_accuracy, "validation": pretrained.validation_accuracy},
            },
            say,
        )


def _sizes(data: Data) -> dict[str, int]:
    return {name: len(part) for name, part in vars(data).items()}


def _after(advance: Callable[[], None]) -> keras.callbacks.Callback:
    return keras.callbacks.LambdaCallback(on_train_end=lambda logs: advance())
