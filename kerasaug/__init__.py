"""Augmentation layers, transfer helpers, callbacks and export for Keras 3."""

from kerasaug import layers
from kerasaug.augmentation import Augmentation
from kerasaug.pipeline import Pipeline
from kerasaug.training import AugmentedModel

__all__ = ["Augmentation", "AugmentedModel", "Pipeline", "layers"]
