"""Data prepared once and read without a network, and images of one's own, checked before anything trains on them."""

from kerasaug.datasets.augment import augment_dataset
from kerasaug.datasets.batching import batches
from kerasaug.datasets.cache import cache_dir
from kerasaug.datasets.conll import read_conll
from kerasaug.datasets.digits import digits_builder, load_digits
from kerasaug.datasets.images import ImageData, load_images
from kerasaug.datasets.listing import Skipped
from kerasaug.datasets.requests import requests_corpus, unlabelled_requests
from kerasaug.datasets.tagged import TaggedData, load_tagged
from kerasaug.datasets.texts import TextData, TextPart, load_texts

__all__ = [
    "ImageData",
    "Skipped",
    "TaggedData",
    "TextData",
    "TextPart",
    "augment_dataset",
    "batches",
    "cache_dir",
    "digits_builder",
    "load_digits",
    "load_images",
    "load_tagged",
    "load_texts",
    "read_conll",
    "requests_corpus",
    "unlabelled_requests",
]
