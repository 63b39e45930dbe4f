"""Flags set for a whole model, where a layer that never trains need not object."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_QUIET = ContextVar("quiet", default=False)


def quiet() -> bool:
    """Whether the flags of a whole model are being set."""
    return _QUIET.get()


@contextmanager
def quietly() -> Iterator[None]:
    """Within the block `quiet()` is true."""
    token = _QUIET.set(True)
    try:
        yield
    finally:
        _QUIET.reset(token)
