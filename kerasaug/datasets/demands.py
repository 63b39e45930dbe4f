"""What a directory of class folders must hold before anything is trained on it, said in one line where it does not."""

from collections import Counter
from pathlib import Path

from kerasaug.datasets.listing import EXTENSIONS, Files, Listing, Skipped, printable

LAYOUT = "expected DIR/class/file, or DIR/train/class/file and DIR/validation/class/file"
_FEW = 0.1  # of the files that are named like images
_OTHER_IMAGES = (".tif", ".tiff", ".heic", ".heif", ".avif", ".jfif", ".svg", ".raw", ".dng", ".cr2", ".nef", ".jxl")


def demand_folder(root: Path) -> None:
    """Raises when there is no such directory.

    Raises:
        FileNotFoundError: When it does not exist.
        ValueError: When it is a file.
    """
    if not root.exists():
        raise FileNotFoundError(
            f"load_images: expected 'digits', 'tfds:NAME' or a directory of class folders. Received: {str(root)!r}, "
            "which does not exist. Check the path."
        )
    if not root.is_dir():
        raise ValueError(
            f"load_images: {LAYOUT}. Received: {str(root)!r}, which is a file. Give the directory that holds the class "
            "folders."
        )


def demand_classes(listing: Listing, split: bool) -> None:
    """Raises unless there are at least two classes, each with the images that the parts need.

    Args:
        listing: What there is.
        split: Whether the validation part has to come out of the training part.

    Raises:
        ValueError: When something is missing; the message says what, and what was skipped.
    """
    train = listing.parts["train"]
    if not train:
        _refuse(listing, "found no class folders", "Put the images of each class into a folder of its own")
    if not any(train.values()):
        _refuse(listing, f"found no usable image in {_count(len(train), 'class folder')}", f"Usable are {_usable()}")
    for part, files in listing.parts.items():
        _demand_filled(listing, part, files)
    if len(train) < 2:
        found = f"found one class only, {_names(list(train))}"
        _refuse(listing, found, "A classifier needs at least two")
    unknown = [name for name in listing.parts.get("validation", {}) if name not in train]
    if unknown:
        found = f"found {_names(unknown)} in the validation part and not in train"
        _refuse(listing, found, "Add images of it to train, or remove it")
    single = [name for name, files in train.items() if len(files) == 1]
    if split and single:
        found = f"found a single usable image in {_names(single)}"
        _refuse(listing, found, "Training and validation need one each: add images, or remove the folder")


def demand_most(listing: Listing) -> None:
    """Raises when nearly all files that are images by their names are unusable: what is left is no data set.

    Raises:
        ValueError: When fewer than a tenth are usable.
    """
    usable = sum(len(files) for classes in listing.parts.values() for files in classes.values())
    meant = sum(Path(one.path).suffix.lower() in EXTENSIONS + _OTHER_IMAGES for one in listing.skipped)
    if usable < _FEW * (usable + meant):
        found = f"found {usable} usable of {usable + meant} image files"
        _refuse(listing, found, f"Convert the others to JPEG or PNG, or remove them; usable are {_usable()}")


def _demand_filled(listing: Listing, part: str, files: Files) -> None:
    if not files:
        _refuse(listing, f"found no class folders in the {part} part", "Add them, or remove the folder")
    empty = [name for name, images in files.items() if not images]
    if empty:
        where = f" of the {part} part" if len(listing.parts) > 1 else ""
        found = f"found no usable image in {_names(empty)}{where}"
        _refuse(listing, found, f"Add images or remove the folder; usable are {_usable()}")


def _refuse(listing: Listing, found: str, advice: str) -> None:
    root = printable(str(listing.root))
    raise ValueError(f"load_images: {LAYOUT}. In {root!r} {found}{summary(listing.skipped)}. {advice}.")


def summary(skipped: list[Skipped]) -> str:
    """What was skipped, by reason, with the first of each: a clause that goes behind what was found."""
    if not skipped:
        return ""
    reasons = Counter(one.reason for one in skipped)
    first = {one.reason: one.path for one in reversed(skipped)}
    told = [f"{count} {reason} (such as {first[reason]})" for reason, count in reasons.most_common(3)]
    rest = len(skipped) - sum(count for _, count in reasons.most_common(3))
    return f"; {len(skipped)} skipped: " + ", ".join(told + [f"{rest} for other reasons"] * bool(rest))


def _names(names: list[str]) -> str:
    shown = [repr(printable(name)) for name in names[:5]]
    return ", ".join(shown + [f"{len(names) - 5} more"] * (len(names) > 5))


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _usable() -> str:
    return ", ".join(EXTENSIONS)
