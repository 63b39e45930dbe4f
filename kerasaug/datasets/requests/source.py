"""The corpus as a source of data that is chosen by a name, `"requests"` or `"requests:80"`."""

import os
import re

from kerasaug.datasets.requests.corpus import Request, requests_corpus

TRAIN, VALIDATION, TEST = 400, 400, 800  # requests
_NAME = re.compile(r"requests(?::(.*))?", re.DOTALL)


def is_requests(source: str | os.PathLike) -> bool:
    """Whether a source is this corpus."""
    return isinstance(source, str) and _NAME.fullmatch(source) is not None


def requests_parts(source: str, seed: int, caller: str) -> dict[str, list[Request]]:
    """The parts: as many requests to train on as the name says, drawn with `seed`; those to measure on never change.

    Raises:
        ValueError: When the name ends with something else than a number from 16 on, two of each intent.
    """
    found = _NAME.fullmatch(source)
    said = found[1] if found is not None else None
    if said is not None and (not said.isdecimal() or not 16 <= int(said) < 2**31):
        raise ValueError(
            f"{caller}: expected 'requests', or 'requests:COUNT' with 16 requests to train on or more. Received: "
            f"{source!r}."
        )
    return {
        "train": requests_corpus("train", TRAIN if said is None else int(said), seed),
        "validation": requests_corpus("validation", VALIDATION),
        "test": requests_corpus("test", TEST),
    }
