"""Progress bars: one for the job, one for the run it is in."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Bars:
    """The progress of a job of several runs, and of the run in progress.

    Args:
        progress: Where the bars are drawn.
        epochs: Epochs of all runs together.
    """

    def __init__(self, progress: Progress, epochs: int) -> None:
        self._progress = progress
        self._job = progress.add_task("All runs", total=epochs)
        self._run = progress.add_task("", visible=False)

    def callback(self, title: str, epochs: int) -> keras.callbacks.Callback:
        """A callback that shows a run of its own bar, and moves both bars with each epoch."""
        return keras.callbacks.LambdaCallback(
            on_train_begin=lambda logs: self._progress.reset(self._run, description=title, total=epochs, visible=True),
            on_epoch_end=lambda epoch, logs: self._advance(),
        )

    def of_run(self, epochs: int) -> Callable[[Any, int], list[keras.callbacks.Callback]]:
        """A function from an arm and a seed to the callbacks of that run."""
        return lambda arm, seed: [self.callback(f"{arm.title}, seed {seed}", epochs)]

    def skip(self, epochs: int) -> None:
        """Counts epochs that need not be run."""
        self._progress.advance(self._job, epochs)

    def _advance(self) -> None:
        self._progress.advance(self._run)
        self._progress.advance(self._job)


@contextmanager
def bars(console: Console, epochs: int) -> Iterator[Bars]:
    """Shows bars for a job of `epochs` epochs in all, and takes them away at its end."""
    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("epochs"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bars(progress, epochs)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self._start
