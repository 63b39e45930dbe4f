"""Throughput of ops on token sequences, against libraries that augment text."""

from kerasaug.benchmark.text.run import run
from kerasaug.benchmark.text.settings import Settings

__all__ = ["Settings", "run"]
