"""Transfer learning: backbones, heads, layer groups, freezing, and an optimizer that keeps up with it."""

from kerasaug.transfer.adapter_layer import Adapter
from kerasaug.transfer.adapters import add_adapters, remove_adapters
from kerasaug.transfer.advice import BatchSizeAdvice, batch_size_advice
from kerasaug.transfer.backbones import load_backbone
from kerasaug.transfer.bitfit import bitfit
from kerasaug.transfer.build import build_model, replace_head
from kerasaug.transfer.classifier import build_classifier
from kerasaug.transfer.counts import TrainableCounts, trainable_counts
from kerasaug.transfer.embedding_report import EmbeddingTransfer
from kerasaug.transfer.embeddings import transfer_embeddings
from kerasaug.transfer.epoch_advice import EpochAdvice, epoch_advice
from kerasaug.transfer.feature_store import Features, load_features
from kerasaug.transfer.features import extract_features
from kerasaug.transfer.fine_tune import fine_tune
from kerasaug.transfer.finetune import finetune_optimizer
from kerasaug.transfer.freezing import freeze, freeze_to, unfreeze
from kerasaug.transfer.groups import LayerGroup, layer_groups
from kerasaug.transfer.head_lists import heads_keys, heads_loss_weights, heads_losses, heads_metrics, heads_of
from kerasaug.transfer.heads import (
    Classification,
    MultiLabel,
    Regression,
    Segmentation,
    TokenClassification,
)
from kerasaug.transfer.held import held_class, release
from kerasaug.transfer.loading import load_model
from kerasaug.transfer.lora import enable_lora
from kerasaug.transfer.lora_merge import merge_lora
from kerasaug.transfer.lp_ft import linear_probe_then_fine_tune
from kerasaug.transfer.lr_find import LRFinderResult, lr_find
from kerasaug.transfer.one_cycle import OneCycle
from kerasaug.transfer.parameter_transfer import transfer_weights
from kerasaug.transfer.policies import policy
from kerasaug.transfer.pyramid import feature_pyramid, pyramid_outputs
from kerasaug.transfer.recipe import FineTuned, Recipe
from kerasaug.transfer.schedules import Combined, Constant, Cosine, Exponential, Linear, Polynomial, one_cycle
from kerasaug.transfer.summary import group_summary
from kerasaug.transfer.trained_weights import load_trained_weights, save_trained_weights
from kerasaug.transfer.transfer_report import TransferReport, WeightTransfer
from kerasaug.transfer.variants import finetune_class
from kerasaug.transfer.wd_find import WDFinderResult, wd_find

__all__ = [
    "Adapter",
    "BatchSizeAdvice",
    "Classification",
    "Combined",
    "Constant",
    "Cosine",
    "EmbeddingTransfer",
    "EpochAdvice",
    "Exponential",
    "Features",
    "FineTuned",
    "LRFinderResult",
    "LayerGroup",
    "Linear",
    "MultiLabel",
    "OneCycle",
    "Polynomial",
    "Recipe",
    "Regression",
    "Segmentation",
    "TokenClassification",
    "TrainableCounts",
    "TransferReport",
    "WDFinderResult",
    "WeightTransfer",
    "add_adapters",
    "batch_size_advice",
    "bitfit",
    "build_classifier",
    "build_model",
    "enable_lora",
    "epoch_advice",
    "extract_features",
    "feature_pyramid",
    "fine_tune",
    "finetune_class",
    "finetune_optimizer",
    "freeze",
    "freeze_to",
    "group_summary",
    "heads_keys",
    "heads_loss_weights",
    "heads_losses",
    "heads_metrics",
    "heads_of",
    "held_class",
    "layer_groups",
    "linear_probe_then_fine_tune",
    "load_backbone",
    "load_features",
    "load_model",
    "load_trained_weights",
    "lr_find",
    "merge_lora",
    "one_cycle",
    "policy",
    "pyramid_outputs",
    "release",
    "remove_adapters",
    "replace_head",
    "save_trained_weights",
    "trainable_counts",
    "transfer_embeddings",
    "transfer_weights",
    "unfreeze",
    "wd_find",
]
