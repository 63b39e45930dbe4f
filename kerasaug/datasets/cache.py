"""Where prepared files live, and how they get there whole or not at all."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ABANDONED_AFTER = 3600.0  # seconds: no preparation here takes minutes, let alone an hour
_PREFIX = ".preparing-"


def cache_dir(path: str | os.PathLike | None = None) -> Path:
    """Returns the folder for everything that kerasaug prepares once.

    Args:
        path: The folder to use. By default the environment variable `KERASAUG_CACHE`, else `kerasaug` in
            `XDG_CACHE_HOME`, else `~/.cache/kerasaug`.

    Returns:
        An absolute path. The folder is not created.

    Example:
    ```python
    from kerasaug.datasets import cache_dir

    print(cache_dir("/tmp/kerasaug-cache"))  # /tmp/kerasaug-cache
    ```
    """
    chosen = path or os.environ.get("KERASAUG_CACHE")
    if chosen is None:
        chosen = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kerasaug"
    return Path(chosen).expanduser().absolute()


def publish(target: Path, prepare: Callable[[Path], Path]) -> Path:
    """Makes `target`, a file or a folder, appear complete or not at all.

    The work is done in a private folder beside the target, which is then renamed. A process that is killed
    leaves no half target; of two processes that prepare at once, the first to finish wins and both return its
    result.

    Args:
        target: The path to make. Nothing is done when it exists.
        prepare: Given an empty folder, makes the content somewhere inside it and returns its path.

    Returns:
        `target`.
    """
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(target.parent)
    workplace = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=target.parent))
    try:
        ready = prepare(workplace)
        if ready.is_dir():
            _rename_unless_there(ready, target)
        else:
            os.replace(ready, target)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    return target


def _rename_unless_there(ready: Path, target: Path) -> None:
    try:
        os.rename(ready, target)
    except OSError:
        if not target.is_dir():
            raise


def _remove_abandoned(folder: Path) -> None:
    for left in folder.glob(f"{_PREFIX}*"):
        try:
            abandoned = time.time() - left.stat().st_mtime > ABANDONED_AFTER
        except FileNotFoundError:
            continue  # its owner has just finished
        if abandoned:
            shutil.rmtree(left, ignore_errors=True)
