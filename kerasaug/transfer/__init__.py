"""Transfer learning: backbones, heads, layer groups, freezing, and an optimizer that keeps up with it."""

from kerasaug.transfer.backbones import load_backbone
from kerasaug.transfer.classifier import build_classifier
from kerasaug.transfer.finetune import finetune_optimizer
from kerasaug.transfer.freezing import freeze, freeze_to, unfreeze
from kerasaug.transfer.groups import LayerGroup, layer_groups
from kerasaug.transfer.variants import finetune_class

__all__ = [
    "LayerGroup",
    "build_classifier",
    "finetune_class",
    "finetune_optimizer",
    "freeze",
    "freeze_to",
    "layer_groups",
    "load_backbone",
    "unfreeze",
]
