"""A process that has imported what every test imports, and forks for each run of pytest: seconds less a mutation.

It reads lines from stdin, `[file for the output, arguments of pytest, seconds it may take]` as JSON, and answers each
with the exit status, or null when the run took too long. It never imports `kerasaug` itself: its children do, from the
folder that it was started in.
"""

import json
import os
import signal
import sys
import time

import keras  # noqa: F401
import numpy as np  # noqa: F401
import pytest

WRONG_PACKAGE = 70
_LOOK = 0.05  # seconds between two looks whether a run has ended


def run(output: str, arguments: list[str], timeout: float) -> int | None:
    """Runs pytest in a child and waits for it."""
    child = os.fork()
    if child == 0:
        os._exit(_in_child(output, arguments))
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_LOOK)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _in_child(output: str, arguments: list[str]) -> int:
    os.setpgrp()  # so that processes which tests start can be ended with it
    nothing, file = os.open(os.devnull, os.O_RDONLY), os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for source, target in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(source, target)
    code = int(pytest.main(arguments))
    sys.stdout.flush()
    package = sys.modules.get("kerasaug")
    here = package is None or str(package.__file__).startswith(os.getcwd() + os.sep)
    return code if here else WRONG_PACKAGE


def main() -> None:
    """Serves until stdin ends."""
    sys.path[0] = os.getcwd()  # as `python -m pytest` has it
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what imports print is no answer
    for line in sys.stdin:
        output, arguments, timeout = json.loads(line)
        answers.write(json.dumps(run(output, arguments, timeout)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
