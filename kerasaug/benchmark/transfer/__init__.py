"""Ways to learn a task from few labels, compared over seeds, and step times by stage of unfreezing."""

from kerasaug.benchmark.transfer.run import run
from kerasaug.benchmark.transfer.settings import Settings

__all__ = ["Settings", "run"]
