"""Heads: what a backbone is to say, and the losses and metrics that go with it."""

from kerasaug.transfer.heads.binary import BinaryCrossentropy, BinaryIoU, MeanIoU
from kerasaug.transfer.heads.dense import DenseHead, Segmentation, TokenClassification
from kerasaug.transfer.heads.head import Body, Head
from kerasaug.transfer.heads.layers import Features, HeadOutput, ResizeTo, TokenPooling
from kerasaug.transfer.heads.losses import Crossentropy, LabelAccuracy, StandardizedError
from kerasaug.transfer.heads.vectors import Classification, MultiLabel, Regression, VectorHead

__all__ = [
    "BinaryCrossentropy",
    "BinaryIoU",
    "Body",
    "Classification",
    "Crossentropy",
    "DenseHead",
    "Features",
    "Head",
    "HeadOutput",
    "LabelAccuracy",
    "MeanIoU",
    "MultiLabel",
    "Regression",
    "ResizeTo",
    "Segmentation",
    "StandardizedError",
    "TokenClassification",
    "TokenPooling",
    "VectorHead",
]
