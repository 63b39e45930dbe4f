"""`kerasaug benchmark` as the command line sees it."""

import argparse
from collections.abc import Callable
from typing import Any

from kerasaug.benchmark.settings import QUICK, QUICK_SECTIONS, SECTIONS, Settings
from kerasaug.command_line import positive

HELP = "time layers against Keras's and other libraries, or compare ways to fine-tune"
FAMILIES = ("image", "text", "transfer")
DESCRIPTION = (
    "Times flip, rotation, zoom, translation, shear, colour jitter, erasing and MixUp as one pipeline against Keras's "
    "layers and every other augmentation library that is installed: compiled and not, mapped over a dataset "
    "(TensorFlow), inside one compiled train step. Then each layer by itself, memory, how the cost grows, and what a "
    "TPU would run (JAX). Prints tables, with one pass over the batch as the floor, and which of the project's bars "
    "are met. With --family text: times ops on token sequences against nlpaug, TextAttack and KerasHub at 32, 128 and "
    "512 tokens. With --family transfer: compares ways to learn from few labels (from scratch, frozen, full, gradual "
    "unfreezing, discriminative rates, LP-FT, LoRA and others), each with and without augmentation and tuning that is "
    "aware of it, over seeds, on data that need no network; and times steps with ever more layers trained."
)


def configure(command: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    full = Settings()
    command.set_defaults(fail=command.error)
    command.add_argument("--family", choices=FAMILIES, default=FAMILIES[0], help="what to measure (default: image)")
    command.add_argument(
        "--seeds", type=positive, metavar="N", help="runs of each way, --family transfer only (default: 8)"
    )
    command.add_argument(
        "--batch-size", type=positive, metavar="N", help=f"images, or texts, a batch (default: {full.batch_size}, 256)"
    )
    command.add_argument(
        "--image-size", type=positive, metavar="N", help=f"height and width (default: {full.image_size})"
    )
    command.add_argument(
        "--rounds", type=positive, metavar="N", help=f"timings of each, at most (default: {full.rounds})"
    )
    command.add_argument("--dtype", choices=("float32", "uint8"), help=f"of the images (default: {full.dtype})")
    command.add_argument(
        "--peers",
        type=_names,
        metavar="NAME,…",
        help="compare with these alone: keras, keras-cv, keras-aug, kornia, torchvision, albumentations; of --family "
        "text: nlpaug, textattack, keras-hub; or none (default: every installed one)",
    )
    command.add_argument(
        "--only",
        type=_names,
        metavar="NAME,…",
        help=f"measure these alone: {', '.join(SECTIONS)}; of --family text: ops, such as deletion; of --family "
        "transfer: digits, glyphs, steps, and names of ways such as full, lora (default: all)",
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
    from kerasaug.benchmark.output import deliver, prepare

    if options.family == "image" and options.seeds:
        options.fail("--seeds: of --family transfer only")
    measure = {"image": _image, "text": _text, "transfer": _transfer}[options.family]
    deliver(measure(options, prepare), options.out, options.plot)


def _image(options: argparse.Namespace, prepare: Callable[..., None]) -> dict[str, Any]:
    from kerasaug.benchmark import run
    from kerasaug.benchmark.output import progress

    settings = _settings(options)
    prepare(options.out, options.plot)
    return run(settings, progress())


def _text(options: argparse.Namespace, prepare: Callable[..., None]) -> dict[str, Any]:
    from kerasaug.benchmark.output import progress
    from kerasaug.benchmark.text import run
    from kerasaug.benchmark.text.options import check, settings_of

    check(options)
    settings = settings_of(options)
    prepare(options.out, None)
    return run(settings, progress())


def _transfer(options: argparse.Namespace, prepare: Callable[..., None]) -> dict[str, Any]:
    from kerasaug.benchmark.output import progress
    from kerasaug.benchmark.transfer import run
    from kerasaug.benchmark.transfer.options import bars, check, settings_of

    check(options)
    settings = settings_of(options)
    prepare(options.out, options.plot)
    return run(settings, progress(), bars)


def _settings(options: argparse.Namespace) -> Settings:
    values: dict[str, Any] = {**QUICK, "only": QUICK_SECTIONS} if options.quick else {}
    given = {name: getattr(options, name) for name in ("batch_size", "image_size", "rounds", "dtype", "peers")}
    values |= {name: value for name, value in given.items() if value is not None}
    if options.only is not None:
        values["only"] = _sections(options)
    if options.layers:
        values["only"] = tuple(dict.fromkeys((*values.get("only", SECTIONS), "layers")))
    return Settings(**values, quick=options.quick)


def _names(text: str) -> tuple[str, ...]:
    return () if text == "none" else tuple(name.strip() for name in text.split(","))


def _sections(options: argparse.Namespace) -> tuple[str, ...]:
    if not options.only or set(options.only) - set(SECTIONS):
        received = ",".join(options.only) or "none"
        options.fail(f"argument --only: expected names among {', '.join(SECTIONS)}, received {received!r}")
    return tuple(name for name in SECTIONS if name in options.only)
