"""Files written whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_atomically(path: str | Path, write: Callable[[Path], None]) -> Path:
    """Writes a file beside its place, then renames it.

    Args:
        path: Where the file shall be; a file that is there is replaced.
        write: Writes the content to the path it is given, which ends as `path` does.

    Raises:
        OSError: When it cannot be written; `path` is then as it was.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    try:
        write(Path(name))
        os.chmod(name, 0o644)  # as other files are; `mkstemp` keeps its own private
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)
    return target
