"""A copy of the repository, in which one mistake at a time is made and tests are run."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mutation import ROOT, Mutation
from processes import Cold, Warm

TIMEOUT = 900  # seconds that the tests of one mutation may take
_CANNOT_RUN = ("ImportError", "ModuleNotFoundError", "SyntaxError", "NameError")
_SUMMARY = re.compile(r"^(?:FAILED|ERROR) ([^\s:]+::\S+?(?:\[.*?\])?)(?: - (.*))?$", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """How a run of pytest ended.

    Attributes:
        code: Its exit status; `None` when it ran too long.
        failures: Node id and message of each test that failed.
        output: What it printed.
        seconds: How long it took.
    """

    code: int | None
    failures: tuple[tuple[str, str], ...]
    output: str
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether tests ran and all of them passed."""
        return self.code == 0

    @property
    def caught_by(self) -> str | None:
        """The test that failed; `None` when none did, or when all that failed could not even import what they test."""
        if self.code != 1:
            return None
        tests = [test for test, message in self.failures if not message.startswith(_CANNOT_RUN)]
        return tests[0] if tests else None


def failures_in(output: str) -> tuple[tuple[str, str], ...]:
    """Node id and message of each test that pytest's summary names."""
    return tuple(_SUMMARY.findall(output))


class Workplace:
    """A copy of the files that git tracks, and of those it does not ignore, as they lie in the working tree.

    Args:
        folder: Where to put it; made here.
        way: How tests are run.
    """

    def __init__(self, folder: Path, way: type[Cold] | type[Warm]) -> None:
        self.folder, self._way = folder, way
        self._processes: dict[str, Cold | Warm] = {}
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for name in listed.split("\0"):
            if name and (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, folder / name)

    def check_import(self, backend: str) -> None:
        """Raises a `RuntimeError` unless the copy's `kerasaug` is the one that tests here import."""
        command = [sys.executable, "-c", "import kerasaug; print(kerasaug.__file__)"]
        done = subprocess.run(command, cwd=self.folder, env=self._environment(backend), capture_output=True, text=True)
        expected = self.folder / "kerasaug" / "__init__.py"
        if done.stdout.strip() != str(expected):
            raise RuntimeError(
                f"Expected the tests to import {expected}. Received: {done.stdout.strip() or done.stderr.strip()}."
            )

    @contextmanager
    def mutated(self, mutation: Mutation) -> Iterator[None]:
        """Within the block the mistake is in the copy."""
        path = self.folder / mutation.file
        source = path.read_text()
        path.write_text(mutation.applied(source))
        try:
            yield
        finally:
            path.write_text(source)

    def test(
        self, tests: Sequence[str], backend: str, options: Sequence[str] = ("-x",), timeout: float = TIMEOUT
    ) -> Outcome:
        """Runs tests in a process of their own."""
        if backend not in self._processes:
            self._processes[backend] = self._way(self.folder, self._environment(backend))
        start = time.perf_counter()
        arguments = ["-q", "-rfE", "-p", "no:cacheprovider", *options, *tests]
        code, output = self._processes[backend].run(arguments, timeout)
        return Outcome(code, failures_in(output), output, time.perf_counter() - start)

    def close(self) -> None:
        """Ends what still runs."""
        for process in self._processes.values():
            process.close()

    def _environment(self, backend: str) -> dict[str, str]:
        return {
            **os.environ,
            "KERAS_BACKEND": backend,
            "PYTHONPATH": str(self.folder),  # before the site-packages, where an editable install points elsewhere
            "PYTHONDONTWRITEBYTECODE": "1",  # two versions of a file may have one size and one second
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "COLUMNS": "1000",  # else pytest cuts off the messages
        }
