"""Two ways to run pytest in a folder: in a new process, or in a fork of one that has imported Keras already."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FORKS = hasattr(os, "fork")


class Cold:
    """Begins every run anew, as `python -m pytest` does.

    Args:
        folder: Where tests run, and from where they import.
        environment: Of the processes.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment

    def run(self, arguments: Sequence[str], timeout: float) -> tuple[int | None, str]:
        """Exit status, `None` when it took too long, and what was printed."""
        command = [sys.executable, "-m", "pytest", *arguments]
        pipe: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        try:
            done = subprocess.run(
                command, cwd=self.folder, env=self.environment, errors="replace", timeout=timeout, check=False, **pipe
            )
        except subprocess.TimeoutExpired:
            return None, ""
        return done.returncode, done.stdout

    def close(self) -> None:
        """Nothing is left running."""


class Warm:
    """Forks every run from a process of `warm.py`.

    Args:
        folder: Where tests run, and from where they import.
        environment: Of the processes.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._output = folder.with_name(f"{folder.name}-{environment['KERAS_BACKEND']}.txt")
        self._process = subprocess.Popen(
            [sys.executable, os.fspath(Path(__file__).with_name("warm.py"))],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, arguments: Sequence[str], timeout: float) -> tuple[int | None, str]:
        """Exit status, `None` when it took too long, and what was printed."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps([os.fspath(self._output), list(arguments), timeout]) + "\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise RuntimeError("The process that runs the tests has ended. Try --cold.")
        return json.loads(answer), self._output.read_text(errors="replace")

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
