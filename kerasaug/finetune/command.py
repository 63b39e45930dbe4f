"""`kerasaug finetune` as the command line sees it."""

import argparse
from typing import Any

from kerasaug.command_line import positive

FULL = {"seeds": 8, "epochs": 30, "pretraining_epochs": 60}
QUICK = {"seeds": 3, "epochs": 12, "pretraining_epochs": 25}
HELP = "compare ways of learning from few labels, and export the best model"
DESCRIPTION = (
    "Pretrains a small network on the digits 0 to 4, then learns 5 to 9 from a few labels a class in four ways, on "
    "equal budgets: from scratch, on frozen features, with gradual unfreezing, and with gradual unfreezing and "
    "augmentation. Prints a table of accuracies and paired differences, and writes a picture of augmented samples, a "
    "report, and the best model as a SavedModel. Needs no network."
)


def configure(command: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    command.add_argument(
        "--quick", action="store_true", help=f"a short look: {_budget(QUICK)} (in full: {_budget(FULL)})"
    )
    command.add_argument("--seeds", type=positive, metavar="N", help="run every way with the seeds 0 to N-1")
    command.add_argument("--epochs", type=positive, metavar="N", help="epochs of each run, of 10 steps each")
    command.add_argument("--shots", type=positive, metavar="N", help="labelled images of each class (default: 5)")
    command.add_argument(
        "--out",
        default=".",
        metavar="DIR",
        help="where to write saved_models/digits/1 (or the next free number) and saved_models/digits_report/1 "
        "(default: the current folder)",
    )
    command.add_argument(
        "--cache-dir",
        metavar="DIR",
        help="where to keep the prepared digits and the pretrained network (default: KERASAUG_CACHE, else "
        "~/.cache/kerasaug)",
    )


def main(options: argparse.Namespace) -> None:
    """Runs the command."""
    from kerasaug.finetune.comparison.job import finetune
    from kerasaug.finetune.comparison.settings import Settings

    budget: dict[str, Any] = {**(QUICK if options.quick else FULL)}
    budget |= {name: getattr(options, name) for name in ("seeds", "epochs", "shots") if getattr(options, name)}
    settings = Settings(**{**budget, "seeds": tuple(range(budget["seeds"]))})
    finetune(settings, options.out, options.cache_dir)


def _budget(budget: dict[str, int]) -> str:
    return f"{budget['seeds']} seeds, {budget['epochs']} epochs"
