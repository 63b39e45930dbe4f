"""Transfer learning: backbones, heads, layer groups, freezing, and an optimizer that keeps up with it."""

from kerasaug.transfer.finetune import finetune_optimizer
from kerasaug.transfer.freezing import freeze, freeze_to, unfreeze
from kerasaug.transfer.groups import LayerGroup, layer_groups
from kerasaug.transfer.optimizer import finetune_class

__all__ = [
    "LayerGroup",
    "finetune_class",
    "finetune_optimizer",
    "freeze",
    "freeze_to",
    "layer_groups",
    "unfreeze",
]
