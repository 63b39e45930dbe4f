"""`kerasaug benchmark` as the command line sees it."""

import argparse
from typing import Any

from kerasaug.benchmark.settings import QUICK, QUICK_SECTIONS, SECTIONS, Settings
from kerasaug.command_line import positive

HELP = "time a recipe of eight layers, and each layer, against Keras's and other libraries"
DESCRIPTION = (
    "Times flip, rotation, zoom, translation, shear, colour jitter, erasing and MixUp as one pipeline against Keras's "
    "layers and every other augmentation library that is installed: compiled and not, mapped over a dataset "
    "(TensorFlow), inside one compiled train step. Then each layer by itself, memory, how the cost grows, and what a "
    "TPU would run (JAX). Prints tables, with one pass over the batch as the floor, and which of the project's bars "
    "are met."
)


def configure(command: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    full = Settings()
    command.add_argument(
        "--batch-size", type=positive, metavar="N", help=f"images a batch (default: {full.batch_size})"
    )
    command.add_argument(
        "--image-size", type=positive, metavar="N", help=f"height and width (default: {full.image_size})"
    )
    command.add_argument(
        "--rounds", type=positive, metavar="N", help=f"timings of each, at most (default: {full.rounds})"
    )
    command.add_argument("--dtype", choices=("float32", "uint8"), default=full.dtype, help="of the images")
    command.add_argument(
        "--peers",
        type=_names,
        metavar="NAME,…",
        help="compare with these alone: keras, keras-cv, keras-aug, kornia, torchvision, albumentations; or none "
        "(default: every installed one)",
    )
    command.add_argument(
        "--only", type=_sections, metavar="NAME,…", help=f"measure these alone: {', '.join(SECTIONS)} (default: all)"
    )
    command.add_argument("--layers", action="store_true", help="measure each layer, also with --quick")
    command.add_argument(
        "--quick",
        action="store_true",
        help="a look in a minute: small images and few timings; nothing to quote",
    )
    command.add_argument("--out", metavar="FILE", help="write every figure to a JSON file")
    command.add_argument("--plot", metavar="FILE", help="draw the recipe's times to a picture (PNG, SVG, PDF)")


def main(options: argparse.Namespace) -> None:
    """Runs the command."""
    from kerasaug.benchmark import run
    from kerasaug.benchmark.output import deliver, prepare, progress

    prepare(options.out, options.plot)
    deliver(run(_settings(options), progress()), options.out, options.plot)


def _settings(options: argparse.Namespace) -> Settings:
    values: dict[str, Any] = {**QUICK, "only": QUICK_SECTIONS} if options.quick else {}
    given = {name: getattr(options, name) for name in ("batch_size", "image_size", "rounds", "only")}
    values |= {name: value for name, value in given.items() if value is not None}
    if options.layers:
        values["only"] = tuple(dict.fromkeys((*values.get("only", SECTIONS), "layers")))
    return Settings(**values, dtype=options.dtype, peers=options.peers, quick=options.quick)


def _names(text: str) -> tuple[str, ...]:
    return () if text == "none" else tuple(name.strip() for name in text.split(","))


def _sections(text: str) -> tuple[str, ...]:
    chosen = _names(text)
    unknown = [name for name in chosen if name not in SECTIONS]
    if unknown or not chosen:
        raise argparse.ArgumentTypeError(f"expected names among {', '.join(SECTIONS)}, received {text!r}")
    return tuple(name for name in SECTIONS if name in chosen)
