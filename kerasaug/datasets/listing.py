"""What lies in a directory of class folders: the files that may be images, and what will not be read, and why."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

EXTENSIONS = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp")
VALIDATION_NAMES = ("validation", "val", "valid", "test")  # the first that is there is the validation part

Files = dict[str, list[Path]]  # of each class


@dataclass(frozen=True)
class Skipped:
    """One file, or folder, that is not used.

    Args:
        path: Relative to the directory; a folder ends with a slash. Characters that do not print are escaped.
        reason: In a few words, such as `"truncated"`.

    Example:

    ```python
    data = kerasaug.datasets.load_images("digits", image_size=(16, 16))
    for one in data.skipped:
        print(f"{one.path}: {one.reason}")
    ```
    """

    path: str
    reason: str


@dataclass
class Listing:
    """The files of each part (`"train"`, and `"validation"` where it has a folder) and class, and what is left out."""

    root: Path
    parts: dict[str, Files] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    extensions: tuple[str, ...] = EXTENSIONS

    def skip(self, path: Path, reason: str, folder: bool = False) -> None:
        """Notes that a path is not used."""
        self.skipped.append(Skipped(printable(path.relative_to(self.root).as_posix()) + "/" * folder, reason))


def printable(text: str) -> str:
    """The text on one line, whatever bytes a file is called by."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def list_folder(root: Path, classes: Sequence[str] | None = None, extensions: tuple[str, ...] = EXTENSIONS) -> Listing:
    """Lists a directory of class folders, or one with such a directory for each part.

    Hidden files and folders are passed over. The result does not depend on the order in which the system lists files.

    Args:
        root: `root/class/file`, or `root/train/class/file` and `root/validation/class/file` (or `val`, `valid`,
            `test`).
        classes: The class folders to look into; all of them when `None`.
        extensions: In small letters, of the files that are meant.
    """
    listing = Listing(root, extensions=extensions)
    folders, stray = _entries(root)
    for file in stray:
        listing.skip(file, "not in a class folder")
    for part, folder in _parts(root, folders, listing).items():
        listing.parts[part] = _classes(folder, classes, listing, stray_too=folder != root)
    return listing


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """The folders and the files in a folder, by name, without the hidden ones. Links count as what they lead to."""
    names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    paths = [folder / name for name in names]
    return [path for path in paths if path.is_dir()], [path for path in paths if not path.is_dir()]


def _parts(root: Path, folders: list[Path], listing: Listing) -> dict[str, Path]:
    names = {folder.name.lower(): folder for folder in folders}
    if "train" not in names or not holds_folders_only(names["train"], listing.extensions):
        return {"train": root}
    parts = {"train": names["train"]}
    found = [names[name] for name in VALIDATION_NAMES if name in names]
    if found:
        parts["validation"] = found[0]
    for folder in folders:
        if folder not in parts.values():
            beside = " and ".join(path.name for path in parts.values())
            listing.skip(folder, f"beside {beside}, and not used", folder=True)
    return parts


def holds_folders_only(folder: Path, extensions: tuple[str, ...]) -> bool:
    """Whether a folder called `train` is the part, and not a class of pictures of trains."""
    folders, files = _entries(folder)
    return bool(folders) and not any(file.suffix.lower() in extensions for file in files)


def _classes(folder: Path, classes: Sequence[str] | None, listing: Listing, stray_too: bool) -> Files:
    folders, stray = _entries(folder)
    if stray_too:
        for file in stray:
            listing.skip(file, "not in a class folder")
    return {one.name: _images(one, listing) for one in folders if classes is None or one.name in classes}


def _images(folder: Path, listing: Listing) -> list[Path]:
    try:
        nested, files = _entries(folder)
    except OSError as error:
        reason = "no permission" if isinstance(error, PermissionError) else f"unreadable: {error.strerror}"
        listing.skip(folder, reason, folder=True)
        return []
    for inner in nested:
        _skip_nested(inner, listing)
    candidates = []
    for file in files:
        extension = file.suffix.lower()
        if extension in listing.extensions:
            candidates.append(file)
        else:
            listing.skip(file, f"extension {extension} is not read" if extension else "no extension")
    return candidates


def _skip_nested(folder: Path, listing: Listing) -> None:
    if folder.is_symlink():
        listing.skip(folder, "a folder inside a class folder", folder=True)
        return
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(name for name in files if not name.startswith(".")):
            listing.skip(Path(parent) / name, "in a folder inside a class folder")
