"""Augmentation layers, transfer helpers, callbacks and export for Keras 3."""

from kerasaug import callbacks, layers, transfer
from kerasaug.augmentation import Augmentation
from kerasaug.export import ExportError, export_savedmodel
from kerasaug.pipeline import Pipeline
from kerasaug.training import AugmentedModel

__version__ = "0.1.0"

__all__ = [
    "Augmentation",
    "AugmentedModel",
    "ExportError",
    "Pipeline",
    "callbacks",
    "export_savedmodel",
    "layers",
    "transfer",
]
