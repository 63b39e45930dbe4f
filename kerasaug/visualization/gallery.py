"""`python -m kerasaug.visualization.gallery OUT.png`: the picture of every layer, as README shows it."""

import argparse
from collections.abc import Sequence

from kerasaug.visualization.tiles import draw_gallery


def main(argv: Sequence[str] | None = None) -> None:
    """Writes the picture.

    Args:
        argv: The arguments, without the program's name. Defaults to the process's own.
    """
    parser = argparse.ArgumentParser(
        prog="python -m kerasaug.visualization.gallery", description="Draws every layer of kerasaug on one picture."
    )
    parser.add_argument("out", metavar="OUT.png", help="the file to write")
    draw_gallery(parser.parse_args(argv).out)


if __name__ == "__main__":
    main()
