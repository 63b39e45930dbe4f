"""One fine-tuning run, from images to a SavedModel, in a folder of its own."""

import os
import shlex
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console

from kerasaug.datasets import ImageData, batches, load_images
from kerasaug.extras import require
from kerasaug.finetune import options as run_file
from kerasaug.finetune.options import Options
from kerasaug.finetune.outputs import Outputs, write_outputs
from kerasaug.finetune.progress import Stopwatch
from kerasaug.finetune.run_report import log_callback
from kerasaug.finetune.source_weights import pretrained_on_digits
from kerasaug.resume.storage import numbers
from kerasaug.transfer import FineTuned, fine_tune
from kerasaug.transfer.backbones import find_application
from kerasaug.transfer.policies import policy_config
from kerasaug.transfer.weights import check_weights

CHECKPOINTS, LOGS = "checkpoints", "logs"
DIGITS, TARGET = "digits", (5, 6, 7, 8, 9)
_SHOWN = 20
_LR_MULT = 100.0


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with a line that says what is kept and how to go on."""


def run(
    options: Options,
    out: str | os.PathLike,
    cache: str | os.PathLike | None = None,
    console: Console | None = None,
) -> Outputs:
    """Fine-tunes, reports and exports; goes on from the checkpoints in `out` when there are any.

    Args:
        options: What to do.
        out: The run's folder.
        cache: Folder for prepared data and the digits' backbone; see `kerasaug.datasets.cache_dir`.
        console: Where to print. Defaults to the terminal.

    Returns:
        Where the files are, and what the model reached.

    Raises:
        ImportError: When an optional dependency is missing.
        ValueError: When options or data are not fit for a training.
        OSError: When a file cannot be read or written.
        Interrupted: On Ctrl-C.
    """
    console = console or Console()
    folder = Path(os.path.normpath(out))  # `runs/..` is no new folder
    stopwatch = Stopwatch()
    _check(options)
    new = run_file.read(folder) is None
    made: list[Path] = []
    try:
        data = _load(options, cache, console)
        weights = _weights(options, cache, console)
        made = _make(folder)
        run_file.begin(folder, options, data.counts)
        tuned = _train(options, data, weights, folder, console)
        outputs = write_outputs(options, data, tuned, folder, stopwatch, console)
        run_file.end(folder)
    except KeyboardInterrupt:
        raise Interrupted(_what_is_kept(folder, made, new)) from None
    except BaseException:
        _what_is_kept(folder, made, new)
        raise
    return outputs


def _check(options: Options) -> None:
    """Says what is wrong before any image is read."""
    modules = (("tensorflow", "tensorflow"), ("tensorflow_datasets", "data"), ("sklearn", "data"))
    for module, extra in (*modules, ("matplotlib.figure", "plot")):
        require(module, extra, "kerasaug finetune")
    find_application(options.backbone)
    if options.weights not in ("none", DIGITS):
        check_weights(options.weights)
    policy_config(options.policy, 2)


def _load(options: Options, cache: str | os.PathLike | None, console: Console) -> ImageData:
    digits = options.data == DIGITS
    data = load_images(
        options.data,
        (options.image_size, options.image_size),
        options.validation,
        options.seed,
        data_dir=cache if digits else None,
        progress=console,
        classes=TARGET if digits else None,
    )
    train, validation = (sum(data.counts[part].values()) for part in ("train", "validation"))
    line = f"{data.name}: {train} images to train on, {validation} to measure on, {len(data.class_names)} classes"
    _say(console, line + (f"; {len(data.skipped)} files skipped" if data.skipped else ""))
    for skipped in data.skipped[:_SHOWN]:
        _say(console, f"  skipped {skipped.path}: {skipped.reason}")
    if len(data.skipped) > _SHOWN:
        _say(console, f"  and {len(data.skipped) - _SHOWN} more; report.json will name them all")
    return data


def _weights(options: Options, cache: str | os.PathLike | None, console: Console) -> str | None:
    if options.weights == DIGITS:
        network = (options.backbone, options.alpha, options.image_size)
        return os.fspath(pretrained_on_digits(*network, cache, console))
    return None if options.weights == "none" else options.weights


def _train(options: Options, data: ImageData, weights: str | None, folder: Path, console: Console) -> FineTuned:
    precision: Any = {"none": None, "auto": True}.get(options.mixed_precision, f"mixed_{options.mixed_precision}")
    return fine_tune(
        options.backbone,
        batches(data.train, options.batch_size, shuffle=True, seed=options.seed),
        batches(data.validation, options.batch_size, shuffle=False),
        weights=weights,
        backbone_args=None if options.alpha is None else {"alpha": options.alpha},
        classes=data.class_names,
        image_size=options.image_size,
        epochs=options.epochs,
        freeze_epochs=options.freeze_epochs,
        base_lr=options.learning_rate,
        policy=options.policy,
        batch_size=options.batch_size,
        lr_mult=1.0 if weights is None else _LR_MULT,  # without weights there is nothing to spare
        bn=options.bn,
        seed=options.seed,
        mixed_precision=precision,
        backup_dir=folder / CHECKPOINTS,
        callbacks=[log_callback(folder / LOGS)],
        verbose=2 if console.is_terminal else 0,
    )


def _make(folder: Path) -> list[Path]:
    """Makes a folder and those above it, and returns the ones that were not there, innermost first."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return made


def _what_is_kept(folder: Path, made: list[Path], new: bool) -> str:
    """Says how to go on; when there is nothing to go on from, what a new run has written is taken away again."""
    epochs = numbers(folder / CHECKPOINTS)
    resume = f"kerasaug finetune --resume --out {shlex.quote(os.fspath(folder))}"
    if epochs:
        return (
            f"the last complete checkpoint, of epoch {epochs[-1]}, is in {folder / CHECKPOINTS}. Go on with: {resume}"
        )
    if not new:
        return f"no epoch is complete yet. Go on with: {resume}"
    for name in (CHECKPOINTS, LOGS):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / run_file.FILE).unlink(missing_ok=True)
    for one in made:
        with suppress(OSError):  # somebody else has put something there
            one.rmdir()
    return "nothing was written."


def _say(console: Console, line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)
