"""Versions as folders: written aside, made visible by one rename, never replaced."""

import contextlib
import errno
import operator
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
_FULL = os.strerror(errno.ENOSPC)
_GREATEST = 2**63 - 1  # TensorFlow Serving reads a version as int64


def check_version(version: Any) -> int | None:
    """Returns the version as an int, or None for the next free one."""
    if version is None:
        return None
    try:
        number = operator.index(version)
    except TypeError:
        number = None
    if number is None or isinstance(version, bool):
        raise TypeError(
            f"export_savedmodel: version must be an integer, as TensorFlow Serving numbers them, received {version!r}."
        )
    if not 0 <= number <= _GREATEST:
        raise ValueError(f"export_savedmodel: version must be between 0 and 2**63 - 1, received {number}.")
    return number


class StagedVersion:
    """A version being written: `folder` is a name that servers ignore, until `publish` renames it."""

    def __init__(self, parent: Path, version: int | None):
        self.parent = parent
        self.version = version
        self.folder = parent / f".export-{uuid.uuid4().hex}"

    def publish(self) -> Path:
        """Flushes the folder to the disk and renames it to its version."""
        _flush(self.folder)
        while True:
            target = self.parent / str(self._next_free() if self.version is None else self.version)
            self.refuse_existing()
            try:
                os.rename(self.folder, target)  # fails if another process made this version meanwhile
            except OSError as error:
                if error.errno not in _TAKEN or not os.path.lexists(target):
                    raise
                continue
            _flush_entry(self.parent)
            return target

    def _next_free(self) -> int:
        return max(_versions(self.parent), default=0) + 1

    def refuse_existing(self) -> None:
        """Raises `FileExistsError` if the version asked for is there."""
        if self.version is not None and self.version in _versions(self.parent):
            raise FileExistsError(
                f"export_savedmodel: version {self.version} exists in {self.parent} and is never "
                f"overwritten: leave out `version` for the next free one ({self._next_free()}), or remove "
                "the old one."
            )


@contextlib.contextmanager
def staged_version(path: str | os.PathLike[str], version: int | None) -> Iterator[StagedVersion]:
    """Yields a folder to write into; on any error, removes it and every folder that was made for it."""
    if "://" in os.fspath(path):
        raise ValueError(
            f"export_savedmodel: path must be a local folder, received {os.fspath(path)!r}: export to a "
            "local one, and copy the version to its store from there."
        )
    parent = Path(path).absolute()
    missing = [folder for folder in (parent, *parent.parents) if not os.path.lexists(folder)]
    staged = StagedVersion(parent, version)
    try:
        _make_folder(staged)
        staged.refuse_existing()
        yield staged
    except BaseException as error:
        shutil.rmtree(staged.folder, ignore_errors=True)
        for folder in missing:
            with contextlib.suppress(OSError):  # another process may have put something there
                folder.rmdir()
        if _FULL in str(error) and not isinstance(error, OSError):  # TensorFlow has an error of its own for it
            raise OSError(errno.ENOSPC, f"export_savedmodel: {_FULL}", os.fspath(parent)) from error
        raise


def _make_folder(staged: StagedVersion) -> None:
    try:
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.folder.mkdir()
    except OSError as error:
        raise OSError(
            error.errno,
            f"export_savedmodel cannot write in {staged.parent} ({error.strerror}): give a folder that can be written",
        ) from error


def _versions(parent: Path) -> list[int]:
    return [int(name) for name in os.listdir(parent) if re.fullmatch("[0-9]+", name)]


def _flush(folder: Path) -> None:
    for root, _, files in os.walk(folder, topdown=False):
        for name in files:
            _flush_entry(Path(root, name))
        _flush_entry(Path(root))


def _flush_entry(path: Path) -> None:
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
        return  # Windows cannot open a folder to flush it
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
