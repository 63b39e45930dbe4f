"""The bars that the project set itself, each held against what was measured."""

from kerasaug.benchmark.bars.bar import MET, MISSED, NOT_MEASURED, Bar
from kerasaug.benchmark.bars.verdicts import NOT_THERE_YET, evaluate

__all__ = ["MET", "MISSED", "NOT_MEASURED", "NOT_THERE_YET", "Bar", "evaluate"]
