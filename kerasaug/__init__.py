"""Augmentation layers, transfer helpers, callbacks and export for Keras 3."""

from kerasaug import layers
from kerasaug.augmentation import Augmentation
from kerasaug.pipeline import Pipeline

__all__ = ["Augmentation", "Pipeline", "layers"]
