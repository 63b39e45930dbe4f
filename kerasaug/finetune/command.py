"""`kerasaug finetune` as the command line sees it: one run on `--data`, or, without it, the comparison of four ways."""

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasaug.command_line import natural, positive
from kerasaug.files import TEMPORARY

if TYPE_CHECKING:
    from kerasaug.finetune.options import Options

FULL = {"seeds": 8, "epochs": 30, "pretraining_epochs": 60}
QUICK = {"seeds": 3, "epochs": 12, "pretraining_epochs": 25}
HELP = "fine-tune a pretrained network on images, or compare ways of learning from few labels"
DESCRIPTION = (
    "With --data, fine-tunes a pretrained network on a directory of class folders, a data set of TensorFlow Datasets, "
    "or scikit-learn's digits, and writes checkpoints, TensorBoard logs, a report, and a SavedModel. Stopped at any "
    "moment, it goes on with --resume and ends in the same weights. Without --data, it compares four ways of learning "
    "the digits 5 to 9 from a few labels, on equal budgets: from scratch, on features learnt on 0 to 4, with gradual "
    "unfreezing, and with gradual unfreezing and augmentation; prints a table of accuracies and paired differences, "
    "and exports the best model. That needs no network."
)
DEFAULTS: dict[str, Any] = {
    "backbone": "MobileNetV2",
    "alpha": None,
    "weights": "imagenet",
    "epochs": 5,
    "freeze_epochs": 1,
    "batch_size": 32,
    "image_size": 224,
    "learning_rate": 2e-3,
    "bn": "frozen",
    "policy": "light",
    "validation": 0.2,
    "seed": 0,
    "mixed_precision": "none",
}
DIGITS: dict[str, Any] = {
    **DEFAULTS,
    "backbone": "MobileNet",
    "alpha": 0.25,
    "weights": "digits",
    "epochs": 10,
    "image_size": 32,
    "learning_rate": 1e-2,
    "policy": "geometry",
}
_NAMES = {  # of what may also be a path
    "data": ("digits",),
    "weights": ("imagenet", "none", "digits"),
    "policy": ("none", "geometry", "light", "strong"),
}
_RUN_ONLY = tuple(name for name in DEFAULTS if name != "epochs")
_COMPARISON_ONLY = ("quick", "seeds", "shots")


def configure(command: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    command.add_argument("--epochs", type=positive, metavar="N", help="epochs: 5 (digits: 10) after those of the head")
    command.add_argument(
        "--out",
        metavar="DIR",
        help="the run's folder (default: runs/NAME); of the comparison, where to write saved_models/digits/1 and "
        "saved_models/digits_report/1 (default: the current folder)",
    )
    command.add_argument(
        "--cache-dir",
        metavar="DIR",
        help="where to keep the prepared digits and the network pretrained on them (default: KERASAUG_CACHE, else "
        "~/.cache/kerasaug)",
    )
    _configure_run(command.add_argument_group("one run"))
    comparison = command.add_argument_group("the comparison")
    comparison.add_argument("--quick", action="store_true", help=f"{_budget(QUICK)} (in full: {_budget(FULL)})")
    comparison.add_argument("--seeds", type=positive, metavar="N", help="run every way with the seeds 0 to N-1")
    comparison.add_argument("--shots", type=positive, metavar="N", help="labelled images of each class (default: 5)")


def _configure_run(group: Any) -> None:
    group.add_argument("--data", metavar="DATA", help="digits, tfds:NAME, or a directory with a folder for each class")
    group.add_argument("--resume", action="store_true", help="go on with the run in --out, or begin it")
    group.add_argument("--backbone", metavar="NAME", help="a network of keras.applications (default: MobileNetV2)")
    group.add_argument("--alpha", type=float, metavar="A", help="width of a MobileNet (default: 1; digits: 0.25)")
    group.add_argument(
        "--weights", metavar="W", help="imagenet (the default), none, or a file; for digits: digits, learnt on the spot"
    )
    group.add_argument(
        "--freeze-epochs", type=natural, metavar="N", help="epochs of the head alone, before (default: 1)"
    )
    group.add_argument("--batch-size", type=positive, metavar="N", help="images in a batch (default: 32)")
    group.add_argument("--image-size", type=positive, metavar="N", help="height and width (default: 224; digits: 32)")
    group.add_argument("--learning-rate", type=float, metavar="R", help="its peak (default: 0.002; digits: 0.01)")
    group.add_argument(
        "--policy", metavar="P", help="none, geometry, light (the default), strong, or a JSON file (digits: geometry)"
    )
    group.add_argument(
        "--bn",
        choices=("frozen", "train"),
        help="BatchNormalization below the head (default: frozen; from scratch: train)",
    )
    group.add_argument("--validation", type=float, metavar="S", help="share to measure on (default: 0.2)")
    group.add_argument("--seed", type=natural, metavar="N", help="of all that is random (default: 0)")
    group.add_argument(
        "--mixed-precision",
        nargs="?",
        const="auto",
        choices=("auto", "float16", "bfloat16", "none"),
        help="compute in half precision: alone, in that which suits the device (default: none)",
    )


def backend_of(options: argparse.Namespace) -> str | None:
    """The backend that was asked for, or that the run to resume began with."""
    if options.backend or not options.resume:
        return options.backend
    from kerasaug.finetune import options as run_file

    found = run_file.read(_folder(options))
    return found[0].backend if found else None


def main(options: argparse.Namespace) -> None:
    """Runs the command."""
    if options.data or options.resume:
        _refuse(options, _COMPARISON_ONLY, "goes with the comparison, which has no --data")
        _run(options)
    else:
        _refuse(options, _RUN_ONLY, "goes with one run: say on what, --data digits, tfds:NAME or a directory")
        _compare(options)


def _refuse(options: argparse.Namespace, names: tuple[str, ...], why: str) -> None:
    for name in names:
        if getattr(options, name) not in (None, False):
            raise ValueError(f"--{name.replace('_', '-')} {why}.")


def _compare(options: argparse.Namespace) -> None:
    from kerasaug.finetune.comparison.job import finetune
    from kerasaug.finetune.comparison.settings import Settings

    budget: dict[str, Any] = {**(QUICK if options.quick else FULL)}
    budget |= {name: getattr(options, name) for name in ("seeds", "epochs", "shots") if getattr(options, name)}
    settings = Settings(**{**budget, "seeds": tuple(range(budget["seeds"]))})
    finetune(settings, options.out or ".", options.cache_dir)


def _run(options: argparse.Namespace) -> None:
    from kerasaug.finetune import options as run_file
    from kerasaug.finetune.job import run

    given = {name: getattr(options, name) for name in ("data", *DEFAULTS)}
    given |= {name: _absolute(name, given[name]) for name in _NAMES}
    folder = _folder(options)
    found = run_file.read(folder)
    if found is None:
        _check_free(folder, given["data"])
        chosen = _chosen(given)
    else:
        chosen, status = found
        if not options.resume:
            raise ValueError(
                f"expected --out to be a folder without a run. Received: {folder}, which holds one that is {status}. "
                f"Go on with it by --resume, or choose another --out."
            )
        run_file.check_same(chosen, {**given, "backend": options.backend}, folder)
        if status == run_file.DONE:
            print(f"The run in {folder} is done; its report is {folder / 'report.png'}.")
            return
    run(chosen, folder, options.cache_dir)


def _chosen(given: dict[str, Any]) -> "Options":
    import keras

    from kerasaug.finetune.options import Options

    defaults = DIGITS if given["data"] == "digits" else DEFAULTS
    if given["weights"] == "none":
        # A head on random features has nothing to learn from, and their statistics are no one's.
        defaults = {**defaults, "freeze_epochs": 0, "bn": "train"}
    values = {name: defaults[name] if given[name] is None else given[name] for name in DEFAULTS}
    return Options(data=given["data"], backend=keras.backend.backend(), **values)


def _check_free(folder: Path, data: str | None) -> None:
    if data is None:
        raise ValueError(f"expected a run to resume. Received: {folder}, which holds none. Begin one with --data.")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"expected --out to be a folder. Received: {folder}, which is a file.")
    if folder.is_dir() and any(not one.name.startswith(TEMPORARY) for one in folder.iterdir()):
        raise ValueError(
            f"expected --out to be a new or empty folder. Received: {folder}, which holds other files. Choose another."
        )
    if os.path.isdir(data) and folder.resolve().is_relative_to(Path(data).resolve()):
        raise ValueError(
            f"expected --out to be a folder outside of --data, in which it would be taken for a class. Received: "
            f"{folder}, which is inside {data}. Choose another."
        )


def _folder(options: argparse.Namespace) -> Path:
    """The run's folder, written in one way: `runs/..` is no new one."""
    if options.out:
        return Path(os.path.normpath(os.path.expanduser(options.out)))
    if options.data is None:
        raise ValueError("--resume needs the folder of the run: --out DIR.")
    last = _absolute("data", options.data).removeprefix("tfds:").rstrip("/").split("/")[-1]
    return Path("runs", re.sub(r"[^\w.-]+", "_", last) or "data")


def _absolute(name: str, value: Any) -> Any:
    """Paths in full, so that a run can be resumed from elsewhere; names as they are."""
    known = value is None or value in _NAMES[name] or value.startswith("tfds:")
    if known or (name == "policy" and not value.endswith(".json")):
        return value
    return os.path.abspath(os.path.expanduser(value))


def _budget(budget: dict[str, int]) -> str:
    return f"{budget['seeds']} seeds, {budget['epochs']} epochs"
