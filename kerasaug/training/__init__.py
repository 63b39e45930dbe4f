"""Training with augmentation in the compiled step."""

from kerasaug.training.augmented_model import AugmentedModel
from kerasaug.training.hidden import HiddenMix

__all__ = ["AugmentedModel", "HiddenMix"]
