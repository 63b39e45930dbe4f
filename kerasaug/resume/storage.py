"""Numbered backup files, each written whole or not at all, the newest readable one of which counts."""

import json
import re
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from kerasaug.files import TEMPORARY, replacing

KEPT = 2
_FILE = re.compile(r"backup-(\d{6,})\.npz")
_DESCRIPTION = "description"
_DAMAGE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)


class Backup(NamedTuple):
    """The content of one file."""

    number: int
    description: dict[str, Any]
    arrays: list[np.ndarray]


def write(folder: Path, backup: Backup) -> Path:
    """Writes a backup, and then removes all but the last two.

    Args:
        folder: Where backups are; made when it is not there.
        backup: Its number decides its place in the order.

    Raises:
        OSError: When it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"backup-{backup.number:06d}.npz"
    arrays: dict[str, Any] = {f"array_{index}": _storable(array) for index, array in enumerate(backup.arrays)}
    dtypes = [str(array.dtype) for array in backup.arrays]
    text = json.dumps({"dtypes": dtypes, "content": backup.description})
    arrays[_DESCRIPTION] = np.frombuffer(text.encode(), np.uint8)
    with replacing(path) as temporary:
        np.savez(temporary, **arrays)
    for _, old in _numbered(folder)[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def read_latest(folder: Path) -> Backup | None:
    """The newest backup that can be read; `None` when there is none at all.

    A file that cannot be read is named in a warning, and the one before it is taken.

    Raises:
        ValueError: When there are backups and none can be read.
    """
    damaged = []
    for number, path in reversed(_numbered(folder)):
        try:
            return _read(number, path)
        except _DAMAGE as error:
            damaged.append(path.name)
            warnings.warn(
                f"BackupAndRestore: {path} cannot be read ({type(error).__name__}: {error}); taking the backup before "
                "it.",
                stacklevel=2,
            )
    if damaged:
        raise ValueError(
            f"BackupAndRestore: expected a readable backup in {folder}. Received: {', '.join(damaged)}, none of which "
            "can be read. Remove the folder to begin anew."
        )
    return None


def numbers(folder: Path) -> list[int]:
    """The numbers of the backups in a folder, in order."""
    return [number for number, _ in _numbered(folder)]


def remove(folder: Path) -> None:
    """Removes the backups, and the folder when nothing else is in it."""
    for path in [*(path for _, path in _numbered(folder)), *folder.glob(f"{TEMPORARY}*")]:
        path.unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    found = [(match, path) for path in folder.glob("backup-*.npz") if (match := _FILE.fullmatch(path.name))]
    return sorted((int(match.group(1)), path) for match, path in found)


def _read(number: int, path: Path) -> Backup:
    with np.load(path, allow_pickle=False) as stored:  # reading a member checks its CRC
        header = json.loads(stored[_DESCRIPTION].tobytes())
        arrays = [_restored(stored[f"array_{index}"], dtype) for index, dtype in enumerate(header["dtypes"])]
    return Backup(number, header["content"], arrays)


def _storable(array: np.ndarray) -> np.ndarray:
    """NumPy's format has no name for bfloat16 and its kin: their bits are stored as integers."""
    return array if array.dtype.isbuiltin == 1 else array.view(f"u{array.dtype.itemsize}")


def _restored(array: np.ndarray, dtype: str) -> np.ndarray:
    return array if str(array.dtype) == dtype else array.view(getattr(ml_dtypes, dtype, dtype))
