"""How far a slow piece of reading has come, shown as a bar or told to a function."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Report = Callable[[str, int, int], None]


@contextmanager
def reporting(progress: Any) -> Iterator[Report]:
    """Gives a function of (what is done, how many of it, of how many).

    Args:
        progress: A `rich.console.Console` to draw bars on, which go away at the end; such a function itself; or `None`.
    """
    if progress is None:
        yield _silent
    elif callable(progress):
        yield progress
    else:
        with _bars(progress) as report:
            yield report


def _silent(what: str, done: int, total: int) -> None:
    pass


@contextmanager
def _bars(console: Any) -> Iterator[Report]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, Any] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what)
            progress.update(tasks[what], completed=done, total=total)

        yield report
