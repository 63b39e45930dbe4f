"""Which part a file or a split is, by its name."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from kerasaug.datasets.listing import Skipped, printable

PARTS = ("train", "validation", "test")
_WORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "devel", "testa"),  # `eng.testa` of CoNLL-2003
    "test": ("test", "testb"),
}
_EXACT = {"train": ("train",), "validation": ("validation", "valid", "val", "dev"), "test": ("test",)}


def part_of(name: str) -> str | None:
    """The part that a file's name says, such as `eng.testb`, `wnut17train.conll` or `en-dev.txt`; `None` for none."""
    words = re.findall("[a-z]+", name.lower())
    found = [part for part, known in _WORDS.items() if any(word in known for word in words)]
    return found[0] if len(found) == 1 else None


def files_of(folder: Path, extensions: Sequence[str] | None, caller: str) -> tuple[dict[str, Path], list[Skipped]]:
    """The files of the parts in a directory, and those that are none. Hidden files and folders are passed over.

    Args:
        folder: The directory.
        extensions: In small letters, those to read; any when `None`.
        caller: What the user called, for the messages.

    Raises:
        ValueError: When no file is one of `train`, or two are of the same part.
    """
    parts: dict[str, Path] = {}
    skipped = []
    for name in sorted(one for one in os.listdir(folder) if not one.startswith(".")):
        path = folder / name
        part = part_of(name) if path.is_file() else None
        if part is None or (extensions is not None and path.suffix.lower() not in extensions):
            skipped.append(Skipped(printable(name) + "/" * path.is_dir(), "not a file of train, validation or test"))
        elif part in parts:
            raise ValueError(
                f"{caller}: expected one file for each part. Received: {printable(parts[part].name)!r} and "
                f"{printable(name)!r} in {printable(str(folder))!r}, both for {part}. Remove one, or put it elsewhere."
            )
        else:
            parts[part] = path
    if "train" not in parts:
        found = ", ".join(one.path for one in skipped[:10]) or ", ".join(parts) or "nothing"
        raise ValueError(
            f"{caller}: expected a directory with a file whose name says train, and others for valid and test. "
            f"Received: {printable(str(folder))!r}, which has {found}. Rename the files, or give a single one."
        )
    return measured(parts), skipped


def splits_of(names: Sequence[str]) -> dict[str, str]:
    """The splits of a data set of TensorFlow Datasets, by part; those with other names are left out."""
    parts = {part: next((one for one in known if one in names), None) for part, known in _EXACT.items()}
    return measured({part: split for part, split in parts.items() if split is not None})


def measured(parts: dict) -> dict:
    """The parts, with the test part as validation where there is no other to measure on."""
    if "validation" not in parts and "test" in parts:
        parts = {**parts, "validation": parts["test"]}
        del parts["test"]
    return {part: parts[part] for part in PARTS if part in parts}
