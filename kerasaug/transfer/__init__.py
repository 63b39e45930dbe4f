"""Transfer learning: backbones, heads, layer groups, freezing, and an optimizer that keeps up with it."""

from kerasaug.transfer.backbones import load_backbone
from kerasaug.transfer.classifier import build_classifier
from kerasaug.transfer.feature_store import Features, load_features
from kerasaug.transfer.features import extract_features
from kerasaug.transfer.fine_tune import fine_tune
from kerasaug.transfer.finetune import finetune_optimizer
from kerasaug.transfer.freezing import freeze, freeze_to, unfreeze
from kerasaug.transfer.groups import LayerGroup, layer_groups
from kerasaug.transfer.one_cycle import OneCycle
from kerasaug.transfer.policies import policy
from kerasaug.transfer.recipe import FineTuned, Recipe
from kerasaug.transfer.variants import finetune_class

__all__ = [
    "Features",
    "FineTuned",
    "LayerGroup",
    "OneCycle",
    "Recipe",
    "build_classifier",
    "extract_features",
    "fine_tune",
    "finetune_class",
    "finetune_optimizer",
    "freeze",
    "freeze_to",
    "layer_groups",
    "load_backbone",
    "load_features",
    "policy",
    "unfreeze",
]
