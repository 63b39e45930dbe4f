"""Data that comes with the dependencies, prepared once and read without a network."""

from kerasaug.datasets.augment import augment_dataset
from kerasaug.datasets.cache import cache_dir
from kerasaug.datasets.digits import digits_builder, load_digits

__all__ = ["augment_dataset", "cache_dir", "digits_builder", "load_digits"]
