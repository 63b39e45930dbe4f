"""Makes each mistake of the catalogue in a copy of the repository, and looks whether the tests notice.

    python tests/mutations/run.py [--backend tensorflow|jax] [--only PATTERN] [--whole] [--jobs 1|2] [--cold]

Exits with 1 when a mistake survives, and with 2 when the tests fail as things are. Nothing is changed in the repository
itself.
"""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from catalogue import MUTATIONS
from mutation import Mutation
from processes import FORKS, Cold, Warm
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table
from workplace import Outcome, Workplace

BACKENDS = ("tensorflow", "jax")
EVERYTHING = ("tests", "--ignore=tests/mutations")
HOURS = 3 * 3600.0  # seconds that everything may take


@dataclass(frozen=True)
class Verdict:
    """What became of a mutation."""

    mutation: Mutation
    outcome: Outcome

    @property
    def words(self) -> str:
        """The test that caught it, without its folder, or why none did."""
        if self.outcome.caught_by is not None:
            file, *names = self.outcome.caught_by.split("::")
            return "::".join([Path(file).name, *names])
        if self.outcome.passed:
            return "SURVIVED"
        why = self.outcome.failures[0][1] if self.outcome.failures else self.outcome.output.strip()[-200:]
        return f"NOT CAUGHT BY A TEST: pytest ended with {self.outcome.code}, {why}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    options = _parser().parse_args(arguments)
    console = Console()
    pattern = re.compile(options.only or "", re.IGNORECASE)
    chosen = [one for one in MUTATIONS if pattern.search(f"{one.name} {one.file}")]
    if not chosen:
        console.print(f"No mutation has {options.only!r} in its name or its file.", markup=False)
        return 2
    with tempfile.TemporaryDirectory(prefix="kerasaug-mutations-") as folder:
        way = Warm if FORKS and not options.cold else Cold
        places = [Workplace(Path(folder).resolve() / str(job), way) for job in range(options.jobs)]
        try:
            if not _tests_pass_unmutated(chosen, options.backend, places[0], console):
                return 2
            verdicts = _judge(chosen, options.backend, places, console)
            if options.whole:
                verdicts = [_by_everything(one, options.backend, places[0], console) for one in verdicts]
        finally:
            for place in places:
                place.close()
    return _report(verdicts, console)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    own = os.environ.get("KERAS_BACKEND", "tensorflow")
    parser.add_argument(
        "--backend", choices=BACKENDS, default=own, help="of mutations that name none (default: %(default)s)"
    )
    parser.add_argument("--only", metavar="PATTERN", help="regular expression, searched in names and files")
    parser.add_argument(
        "--whole", action="store_true", help="run the whole suite on those that survive their own tests"
    )
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=1, help="mutations at a time (default: 1)")
    parser.add_argument("--cold", action="store_true", help="begin a new process for each instead of forking one")
    return parser


def _tests_pass_unmutated(chosen: Sequence[Mutation], backend: str, place: Workplace, console: Console) -> bool:
    """Whether the chosen tests pass as things are: else every mutation would look caught."""
    tests: dict[str, dict[str, None]] = {}
    for one in chosen:
        tests.setdefault(one.backend or backend, {}).update(dict.fromkeys(one.tests))
    for name, own in tests.items():
        place.check_import(name)
        console.print(f"Without a mutation, on {name}: {len(own)} files or tests …", highlight=False)
        outcome = place.test(list(own), name, options=(), timeout=HOURS)
        if not outcome.passed:
            console.print(outcome.output[-4000:], markup=False, highlight=False)
            console.print(f"The tests fail on {name} without any mutation (pytest ended with {outcome.code}).")
            return False
    return True


def _judge(chosen: Sequence[Mutation], backend: str, places: Sequence[Workplace], console: Console) -> list[Verdict]:
    free: SimpleQueue[Workplace] = SimpleQueue()
    for place in places:
        free.put(place)

    def judge(mutation: Mutation) -> Verdict:
        place = free.get()
        try:
            with place.mutated(mutation):
                return Verdict(mutation, place.test(mutation.tests, mutation.backend or backend))
        finally:
            free.put(place)

    verdicts = []
    with ThreadPoolExecutor(len(places)) as pool, Progress(console=console, transient=True) as progress:
        task = progress.add_task("Mutations", total=len(chosen))
        for verdict in pool.map(judge, chosen):
            verdicts.append(verdict)
            if verdict.outcome.caught_by is None:
                console.print(f"{verdict.mutation.name}: {verdict.words}", markup=False, highlight=False)
            progress.advance(task)
    return verdicts


def _by_everything(verdict: Verdict, backend: str, place: Workplace, console: Console) -> Verdict:
    """Whether a survivor of its own tests survives the whole suite."""
    mutation = verdict.mutation
    if verdict.outcome.caught_by is not None:
        return verdict
    console.print(f"The whole suite on: {mutation.name} …", markup=False, highlight=False)
    with place.mutated(mutation):
        return Verdict(mutation, place.test(EVERYTHING, mutation.backend or backend, timeout=HOURS))


def _report(verdicts: Sequence[Verdict], console: Console) -> int:
    table = Table()
    table.add_column("mutation")
    table.add_column("caught by", overflow="fold")
    table.add_column("s", justify="right")
    for verdict in verdicts:
        style = None if verdict.outcome.caught_by is not None else "bold red"
        seconds = f"{verdict.outcome.seconds:.0f}"
        table.add_row(escape(verdict.mutation.name), escape(verdict.words), seconds, style=style)
    console.print(table)
    survivors = [one.mutation for one in verdicts if one.outcome.caught_by is None]
    total = sum(one.outcome.seconds for one in verdicts)
    console.print(f"{len(verdicts) - len(survivors)} of {len(verdicts)} caught, {total:.0f} s of tests.")
    for one in survivors:
        console.print(f"Not caught: {one.name} ({one.file})", markup=False, highlight=False)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
