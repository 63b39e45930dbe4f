"""Why something could not be timed, on one line."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 200
_NO_KERNEL = re.compile(r"(\w+) \(No registered '\w+' OpKernel for XLA")
_NOISE = (
    re.compile(r"\x1b\[\d*m"),  # colours
    re.compile(r"^.*?in user code:.*\n\s+(?=\w+(?:Error|Exception): )", re.DOTALL),  # TensorFlow's traceback in it
    re.compile(r"Arguments received by .*", re.DOTALL),  # Keras's list of them
)


def reason(error: BaseException) -> str:
    """One line that says what went wrong.

    Args:
        error: What was raised; of TensorFlow's page on an op that XLA lacks, the op's name is what is kept.
    """
    text = str(error)
    missing = sorted(set(_NO_KERNEL.findall(text)))
    if missing:
        return f"does not compile: XLA has no kernel for {', '.join(missing)}"
    for noise in _NOISE:
        text = noise.sub("", text)
    text = " ".join(text.split())
    name = type(error).__name__
    line = text if text.startswith(name) else f"{name}: {text}" if text else name
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


@contextmanager
def hushed() -> Iterator[None]:
    """Silences the error stream of the process: XLA writes pages there about an op it lacks, past Python."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
