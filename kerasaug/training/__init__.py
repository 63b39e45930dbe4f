"""Training with augmentation in the compiled step."""

from kerasaug.training.augmented_model import AugmentedModel

__all__ = ["AugmentedModel"]
