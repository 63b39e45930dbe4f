"""Timings of a fine-tuning recipe against Keras's own layers, in one run, as ratios."""

from kerasaug.benchmark.run import run

__all__ = ["run"]
