"""What one fine-tuning run was asked for, and the file in its folder that says so."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from kerasaug.files import replacing

FILE = "run.json"
UNFINISHED, DONE = "unfinished", "done"
_FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Options:
    """What decides a run; two runs with equal options end in the same model.

    Args:
        data: `"digits"`, `"tfds:NAME"` or a directory.
        backbone: Name of a network in `keras.applications`.
        alpha: Its width, for the MobileNets that have one, or `None`.
        weights: `"imagenet"`, `"none"`, a path, or `"digits"` for a backbone that the job pretrains itself.
        epochs: Epochs in which everything trains.
        freeze_epochs: Epochs before them in which only the head trains.
        batch_size: Images in a batch.
        image_size: Height and width in pixels.
        learning_rate: Its peak.
        bn: `"frozen"` or `"train"`, for BatchNormalization below the head.
        policy: Name of an augmentation policy, or the path of a JSON file with one.
        validation: Share of each class to measure on, where the data have no part for that.
        seed: Of all that is random.
        mixed_precision: `"none"`, `"auto"`, `"float16"` or `"bfloat16"`.
        backend: Keras's.
    """

    data: str
    backbone: str
    alpha: float | None
    weights: str
    epochs: int
    freeze_epochs: int
    batch_size: int
    image_size: int
    learning_rate: float
    bn: str
    policy: str
    validation: float
    seed: int
    mixed_precision: str
    backend: str


def begin(folder: Path, options: Options, counts: dict[str, dict[str, int]]) -> None:
    """Leaves the options in the run's folder, and how many images it has.

    Raises:
        ValueError: When a run that began there had other images.
    """
    path = folder / FILE
    there = json.loads(path.read_text())["images"] if path.is_file() else counts
    if there != counts:
        raise ValueError(
            f"finetune: expected the images that the run in {folder} began with, {there}. Received: {counts}. Put them "
            "back as they were, or begin a new run with another --out."
        )
    content = {"format": _FORMAT, "status": UNFINISHED, "options": dataclasses.asdict(options), "images": counts}
    _write(path, content)


def end(folder: Path) -> None:
    """Notes that the run is done."""
    path = folder / FILE
    _write(path, {**json.loads(path.read_text()), "status": DONE})


def _write(path: Path, content: dict[str, Any]) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")


def read(folder: Path) -> tuple[Options, str] | None:
    """The options of the run in a folder and its status; `None` when there is no run.

    Raises:
        ValueError: When the file is not what `begin` writes.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text())
        if content["format"] != _FORMAT or content["status"] not in (UNFINISHED, DONE):
            raise ValueError(f"format {content['format']!r}, status {content['status']!r}")
        return Options(**content["options"]), content["status"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"finetune: expected {path} to describe a run. Received: {type(error).__name__}: {error}. Begin a new run "
            "in another folder."
        ) from error


def check_same(began: Options, given: dict[str, Any], folder: Path) -> None:
    """Raises when an option that was given differs from the one that the run began with."""
    for name, value in given.items():
        there = getattr(began, name)
        if value is not None and value != there:
            option = "--" + name.replace("_", "-")
            raise ValueError(
                f"finetune: expected the options that the run in {folder} began with, {option} {there} among them. "
                f"Received: {option} {value}. Leave it out to resume, or begin a new run with another --out."
            )
