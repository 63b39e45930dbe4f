"""Timings of a fine-tuning recipe, and of each layer, against Keras's own layers and other libraries, as ratios."""

from kerasaug.benchmark.run import run
from kerasaug.benchmark.settings import Settings

__all__ = ["Settings", "run"]
