"""`kerasaug benchmark` as the command line sees it."""

import argparse

from kerasaug.command_line import positive

HELP = "time a recipe of eight layers against Keras's own"
DESCRIPTION = (
    "Times flip, rotation, zoom, translation, shear, colour jitter, erasing and MixUp as one pipeline against Keras's "
    "layers in turn: in a compiled function, mapped over a dataset (TensorFlow), and inside one compiled train step. "
    "Prints a table with the ratios, and one pass over the batch as the floor."
)


def configure(command: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    command.add_argument("--batch-size", type=positive, default=64, metavar="N", help="images a batch (default: 64)")
    command.add_argument(
        "--image-size", type=positive, default=224, metavar="N", help="height and width (default: 224)"
    )
    command.add_argument("--rounds", type=positive, default=5, metavar="N", help="timings of each (default: 5)")
    command.add_argument("--dtype", choices=("float32", "uint8"), default="float32", help="of the images")
    command.add_argument("--out", metavar="FILE", help="write the figures to a JSON file")


def main(options: argparse.Namespace) -> None:
    """Runs the command."""
    from kerasaug.benchmark import run

    run(options.batch_size, options.image_size, options.rounds, options.dtype, options.out)
