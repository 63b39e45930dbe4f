"""The transfer family as the command line sees it."""

import argparse
import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

IMAGE_ONLY = ("batch_size", "image_size", "peers", "layers", "dtype")


def check(options: argparse.Namespace) -> None:
    """Stops the command when options of the image family are given."""
    given = [f"--{name.replace('_', '-')}" for name in IMAGE_ONLY if getattr(options, name)]
    if given:
        options.fail(f"{', '.join(given)}: of --family image only")


def settings_of(options: argparse.Namespace) -> Any:
    """The settings that the options ask for."""
    from kerasaug.benchmark.transfer.settings import QUICK, SECTIONS, Settings
    from kerasaug.benchmark.transfer.ways import WAYS

    values: dict[str, Any] = dict(QUICK) if options.quick else {}
    if options.seeds:
        values["seeds"] = tuple(range(options.seeds))
    if options.rounds:
        values["rounds"] = options.rounds
    for names, key in ((SECTIONS, "sections"), (WAYS, "ways")):
        chosen = tuple(name for name in names if name in (options.only or ()))
        if chosen:
            values[key] = chosen
    unknown = [name for name in options.only or () if name not in (*SECTIONS, *WAYS)]
    if unknown or options.only == ():
        options.fail(f"argument --only: expected names among {', '.join((*SECTIONS, *WAYS))}, received {unknown}")
    return dataclasses.replace(Settings(), **values)


@contextmanager
def bars(title: str, runs: int) -> Iterator[Callable[[], None]]:
    """A bar on the error stream, taken away at the end; what it gives moves it by a run."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(title, total=runs)
        yield lambda: shown.advance(task)
