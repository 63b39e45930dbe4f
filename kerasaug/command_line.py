"""What the commands share: argument types."""

import argparse


def positive(text: str) -> int:
    """An integer of at least 1, from the command line."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a number of at least 1, received {value}")
    return value


def natural(text: str) -> int:
    """An integer of at least 0, from the command line."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected a number of at least 0, received {value}")
    return value
