"""A directory of class folders as `tfds.folder_dataset.ImageFolder` reads it, after every file has been checked."""

import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from kerasaug.datasets.decoding import check_files, decoded
from kerasaug.datasets.demands import demand_classes, demand_folder, demand_most
from kerasaug.datasets.listing import Files, Listing, list_folder, printable
from kerasaug.datasets.parts import Part, Source, chosen_classes, divided
from kerasaug.datasets.progress import Report
from kerasaug.extras import require


def read_folder(
    tf: Any,
    root: str | os.PathLike,
    share: float,
    seed: int,
    classes: Sequence[Any] | None,
    report: Report,
    cleanup: ExitStack,
) -> Source:
    """Checks every file of a directory of class folders, and divides the usable ones.

    Args:
        tf: The module.
        root: The directory; see `kerasaug.datasets.load_images`.
        share: Of each class that goes to the validation part, where that has no folder of its own.
        seed: Of that division.
        classes: Names of the class folders to read; all of them when `None`.
        report: Told how far the check has come.
        cleanup: The images can be read until it is closed.

    Raises:
        FileNotFoundError: When the directory does not exist.
        ValueError: When it does not hold at least two classes with usable images for each part.
    """
    folder = Path(os.path.abspath(os.path.expanduser(root)))
    demand_folder(folder)
    listing = list_folder(folder)
    names = tuple(sorted(listing.parts["train"]))
    if classes is not None:
        names = chosen_classes(names, classes, str(folder))
        listing = list_folder(folder, names)
    split = "validation" not in listing.parts
    demand_classes(listing, split)
    _drop_unusable(tf, listing, report)
    demand_classes(listing, split)
    demand_most(listing)
    parts = divide(listing.parts["train"], share, seed) if split else listing.parts
    builder = _staged(parts, names, cleanup)
    return Source(
        name=printable(folder.name),
        class_names=tuple(map(printable, names)),
        parts={part: _part(tf, builder, part, files, names) for part, files in parts.items()},
        skipped=tuple(sorted(listing.skipped, key=lambda one: one.path)),
    )


def _drop_unusable(tf: Any, listing: Listing, report: Report) -> None:
    files = [file for classes in listing.parts.values() for images in classes.values() for file in images]
    reasons = dict(zip(files, check_files(tf, files, report), strict=True))
    for file, reason in reasons.items():
        if reason is not None:
            listing.skip(file, reason)
    for classes in listing.parts.values():
        for name, images in classes.items():
            classes[name] = [file for file in images if reasons[file] is None]


def divide(files: Files, share: float, seed: int) -> dict[str, Files]:
    """The files of each class in two parts, `"train"` and `"validation"`."""
    parts: dict[str, Files] = {"train": {}, "validation": {}}
    for name, images in files.items():
        parts["train"][name], parts["validation"][name] = divided(images, share, seed)
    return parts


def _staged(parts: dict[str, Files], names: Sequence[str], cleanup: ExitStack) -> Any:
    """An `ImageFolder` of links to the files, numbered: any name and any extension will do for the originals."""
    tfds = require("tensorflow_datasets", "data", "load_images")
    stage = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="kerasaug-images-")))
    for part, classes in parts.items():
        for label, name in enumerate(names):
            folder = stage / part / f"{label:06d}"
            folder.mkdir(parents=True)
            for number, file in enumerate(classes.get(name, [])):
                os.symlink(file, folder / f"{number:09d}.jpg")
    return tfds.folder_dataset.ImageFolder(os.fspath(stage))


def _part(tf: Any, builder: Any, part: str, files: Files, names: Sequence[str]) -> Part:
    tfds = require("tensorflow_datasets", "data", "load_images")
    dataset = builder.as_dataset(split=part, decoders={"image": tfds.decode.SkipDecoding()}, shuffle_files=False)

    @tf.autograph.experimental.do_not_convert
    def read(record: Any) -> Any:
        return decoded(tf, record["image"]), record["label"]

    dataset = dataset.map(read, num_parallel_calls=tf.data.AUTOTUNE)
    return Part(dataset, tuple(len(files.get(name, [])) for name in names))
