"""Augmentation layers, transfer helpers, callbacks and export for Keras 3."""

from kerasaug import callbacks, datasets, layers, text, transfer, visualization
from kerasaug.augmentation import Augmentation
from kerasaug.datasets.augment import augment_dataset
from kerasaug.datasets.boxes import densify_boxes
from kerasaug.export import ExportError, export_savedmodel
from kerasaug.migration import from_keras, load_keras_model
from kerasaug.pipeline import Pipeline
from kerasaug.training import AugmentedModel, HiddenMix

__version__ = "0.1.0"

__all__ = [
    "Augmentation",
    "AugmentedModel",
    "ExportError",
    "HiddenMix",
    "Pipeline",
    "augment_dataset",
    "callbacks",
    "datasets",
    "densify_boxes",
    "export_savedmodel",
    "from_keras",
    "layers",
    "load_keras_model",
    "text",
    "transfer",
    "visualization",
]
