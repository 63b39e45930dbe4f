"""Callbacks for fine-tuning: unfreezing and weight decay that take effect inside one `fit()`."""

from kerasaug.callbacks.adaptive_rank import AdaptiveRank
from kerasaug.callbacks.augmentation_aware import AugmentationAwareTuning, epochs_for
from kerasaug.callbacks.backup import BackupAndRestore
from kerasaug.callbacks.batch_statistics import update_bn
from kerasaug.callbacks.best_weights import BestWeights
from kerasaug.callbacks.ema import EMA
from kerasaug.callbacks.mix_off import MixOff
from kerasaug.callbacks.param_scheduler import ParamScheduler
from kerasaug.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from kerasaug.callbacks.schedule_log import ScheduleLog
from kerasaug.callbacks.swa import SWA
from kerasaug.callbacks.thaw_on_plateau import ThawOnPlateau
from kerasaug.callbacks.trainable_guard import TrainableGuard
from kerasaug.callbacks.unfreezing import GradualUnfreezing
from kerasaug.callbacks.weight_decay import WeightDecayScheduler

__all__ = [
    "EMA",
    "SWA",
    "AdaptiveRank",
    "AugmentationAwareTuning",
    "BackupAndRestore",
    "BestWeights",
    "GradualUnfreezing",
    "MixOff",
    "ParamScheduler",
    "ReduceLROnPlateau",
    "ScheduleLog",
    "ThawOnPlateau",
    "TrainableGuard",
    "WeightDecayScheduler",
    "epochs_for",
    "update_bn",
]
