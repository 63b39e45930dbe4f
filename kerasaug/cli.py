"""The command line: `kerasaug finetune` and `kerasaug benchmark`."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

FULL = {"seeds": 8, "epochs": 30, "pretraining_epochs": 60}
QUICK = {"seeds": 3, "epochs": 12, "pretraining_epochs": 25}
BACKENDS = ("tensorflow", "jax")  # those that `export_savedmodel` writes from
INTERRUPTED = 130  # what a shell reports of a process that Ctrl-C ended


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: The arguments, without the program's name. Defaults to the process's own.

    Returns:
        The exit status: 0 when all went well, 1 after an error, 2 for wrong arguments, 130 after Ctrl-C.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = parser().parse_args(arguments)
    _use_backend(options.backend, arguments)
    try:
        (_finetune if options.command == "finetune" else _benchmark)(options)
    except KeyboardInterrupt:
        print(f"kerasaug {options.command}: interrupted; nothing was written.", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if options.debug:
            raise
        print(f"kerasaug {options.command}: {_one_line(error)}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    root = argparse.ArgumentParser(prog="kerasaug", description="Augmentation and transfer learning for Keras 3.")
    commands = root.add_subparsers(dest="command", required=True, metavar="command")
    job = commands.add_parser(
        "finetune",
        help="compare ways of learning from few labels, and export the best model",
        description="Pretrains a small network on the digits 0 to 4, then learns 5 to 9 from a few labels a class in "
        "four ways, on equal budgets: from scratch, on frozen features, with gradual unfreezing, and with gradual "
        "unfreezing and augmentation. Prints a table of accuracies and paired differences, and writes a picture of "
        "augmented samples, a report, and the best model as a SavedModel. Needs no network.",
    )
    job.add_argument("--quick", action="store_true", help=f"a short look: {_budget(QUICK)} (in full: {_budget(FULL)})")
    job.add_argument("--seeds", type=_positive, metavar="N", help="run every way with the seeds 0 to N-1")
    job.add_argument("--epochs", type=_positive, metavar="N", help="epochs of each run, of 10 steps each")
    job.add_argument("--shots", type=_positive, metavar="N", help="labelled images of each class (default: 5)")
    _add_common(job)
    job.add_argument(
        "--out",
        default=".",
        metavar="DIR",
        help="where to write saved_models/digits/1 (or the next free number) and saved_models/digits_report/1 "
        "(default: the current folder)",
    )
    job.add_argument(
        "--cache-dir",
        metavar="DIR",
        help="where to keep the prepared digits and the pretrained network (default: KERASAUG_CACHE, else "
        "~/.cache/kerasaug)",
    )
    timing = commands.add_parser(
        "benchmark",
        help="time a recipe of eight layers against Keras's own",
        description="Times flip, rotation, zoom, translation, shear, colour jitter, erasing and MixUp as one pipeline "
        "against Keras's layers in turn: in a compiled function, mapped over a dataset (TensorFlow), and inside one "
        "compiled train step. Prints a table with the ratios, and one pass over the batch as the floor.",
    )
    _add_common(timing)
    timing.add_argument("--batch-size", type=_positive, default=64, metavar="N", help="images a batch (default: 64)")
    timing.add_argument(
        "--image-size", type=_positive, default=224, metavar="N", help="height and width (default: 224)"
    )
    timing.add_argument("--rounds", type=_positive, default=5, metavar="N", help="timings of each (default: 5)")
    timing.add_argument("--dtype", choices=("float32", "uint8"), default="float32", help="of the images")
    timing.add_argument("--out", metavar="FILE", help="write the figures to a JSON file")
    return root


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--backend", choices=BACKENDS, help="Keras backend (default: KERAS_BACKEND, else Keras's own)")
    command.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _benchmark(options: argparse.Namespace) -> None:
    from kerasaug.benchmark import run

    run(options.batch_size, options.image_size, options.rounds, options.dtype, options.out)


def _finetune(options: argparse.Namespace) -> None:
    from kerasaug.finetune.comparison.job import finetune
    from kerasaug.finetune.comparison.settings import Settings

    budget: dict[str, Any] = {**(QUICK if options.quick else FULL)}
    budget |= {name: getattr(options, name) for name in ("seeds", "epochs", "shots") if getattr(options, name)}
    settings = Settings(**{**budget, "seeds": tuple(range(budget["seeds"]))})
    finetune(settings, options.out, options.cache_dir)


def _use_backend(backend: str | None, arguments: Sequence[str]) -> None:
    """Makes Keras use `backend`: before it is imported, or else in this process begun anew."""
    if backend is None:
        return
    os.environ["KERAS_BACKEND"] = backend
    keras = sys.modules.get("keras")
    if keras is not None and keras.config.backend() != backend:
        os.execve(sys.executable, [sys.executable, "-m", "kerasaug", *arguments], dict(os.environ))


def _budget(budget: dict[str, int]) -> str:
    return f"{budget['seeds']} seeds, {budget['epochs']} epochs"


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a number of at least 1, received {value}")
    return value


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    expected = isinstance(error, ValueError | OSError | ImportError | RuntimeError)
    hint = "" if expected else " (run again with --debug for the traceback)"
    return f"{text or type(error).__name__}{hint}" if expected else f"{type(error).__name__}: {text}{hint}"
