"""Callbacks for fine-tuning: unfreezing and weight decay that take effect inside one `fit()`."""

from kerasaug.callbacks.adaptive_rank import AdaptiveRank
from kerasaug.callbacks.backup import BackupAndRestore
from kerasaug.callbacks.best_weights import BestWeights
from kerasaug.callbacks.schedule_log import ScheduleLog
from kerasaug.callbacks.trainable_guard import TrainableGuard
from kerasaug.callbacks.unfreezing import GradualUnfreezing
from kerasaug.callbacks.weight_decay import WeightDecayScheduler

__all__ = [
    "AdaptiveRank",
    "BackupAndRestore",
    "BestWeights",
    "GradualUnfreezing",
    "ScheduleLog",
    "TrainableGuard",
    "WeightDecayScheduler",
]
