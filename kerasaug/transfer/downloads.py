"""What goes wrong on the way to a preset."""

import difflib
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def explained(load: Callable[[], T], what: str, arguments: str, advice: str = "") -> T:
    """Calls `load`; says what to do when there is no network, or the arguments are not accepted.

    Args:
        load: Loads the preset.
        what: Name of the preset, for messages.
        arguments: What was asked of it, for messages.
        advice: What to do when it is refused.

    Raises:
        ConnectionError: When a host could not be reached.
        FileNotFoundError: When the preset lacks a file.
        ValueError: When it is refused for another reason.
    """
    try:
        return load()
    except Exception as error:
        if any(_is_network(one) for one in _chain(error)):
            raise ConnectionError(
                f"load_backbone: {what} could not be downloaded ({_first_line(error)}). Download it on another machine "
                "(`keras_hub.models.Backbone.from_preset(name).save_to_preset(folder)`, and the same of its "
                "`keras_hub.layers.ImageConverter`), copy the folder here, and pass its path."
            ) from error
        if isinstance(error, FileNotFoundError) or not isinstance(error, ValueError | TypeError | KeyError | OSError):
            raise
        asked = f" with {arguments}" if arguments else ""
        raise ValueError(f"load_backbone: {what} was refused{asked}: {_first_line(error)} {advice}".rstrip()) from error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_network(error: BaseException) -> bool:
    # requests, httpx and huggingface_hub have classes of their own, which share only their names
    named = any(word in type(error).__name__ for word in ("Connect", "Timeout", "LocalEntryNotFound"))
    return named or isinstance(error, ConnectionError | TimeoutError | socket.gaierror)


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def check_known(name: str, known: Iterable[str], package: str, prefix: str) -> None:
    """Raises a `ValueError` with near matches, unless `name` is known, a handle or a folder."""
    known = list(known)
    if name in known or "://" in name or Path(name).is_dir():
        return
    near = [f"{prefix}{one}" for one in difflib.get_close_matches(name, known, n=5, cutoff=0.5)]
    hint = f"Did you mean {', '.join(near)}?" if near else f"It has {len(known)}, such as {', '.join(known[:5])}."
    raise ValueError(f"load_backbone: {package} has no preset called {name!r}, and there is no such folder. {hint}")
