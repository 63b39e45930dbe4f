"""The learner of the benchmark: a small network, as it is or with LoRA, BitFit, adapters or L2-SP."""

import math
from pathlib import Path
from typing import Any

import keras

from kerasaug.benchmark.transfer.network import backbone
from kerasaug.benchmark.transfer.settings import Settings
from kerasaug.benchmark.transfer.ways import Variation
from kerasaug.callbacks import AugmentationAwareTuning
from kerasaug.finetune.comparison.arms import Arm
from kerasaug.finetune.comparison.learner import Learner, Weights
from kerasaug.transfer import Adapter, add_adapters, bitfit, enable_lora, finetune_optimizer
from kerasaug.transfer.walk import walk

LORA_RANK = 8
BOTTLENECK = 8


class TuningLearner(Learner):
    """Trains the small network, or a version of it in which only a part of the weights trains.

    Args:
        settings: The shared settings.
        classes: How many classes the tasks have.
        tuning: `"l2_sp"`, `"lora"`, `"bitfit"`, `"adapters"`, or nothing.
        start: The pretrained weights of the backbone, to which L2-SP pulls back.
    """

    settings: Settings

    def __init__(self, settings: Settings, classes: int, tuning: str = "", start: Weights | None = None) -> None:
        self.tuning = tuning
        self.start = start
        super().__init__(settings, classes)

    def build_backbone(self) -> keras.Model:
        """The small residual network."""
        return backbone(self.settings.input_shape)

    def read_backbone(self, path: Path) -> Weights:
        """The weights of one that was saved."""
        return keras.saving.load_model(path).get_weights()

    def build_network(self, seed: int) -> keras.Model:
        """Backbone and head as ever, head and all drawn from the seed, and then what is added to them."""
        network = super().build_network(seed)
        if self.tuning == "lora":
            enable_lora(network, "conv2d", rank=LORA_RANK)
        elif self.tuning == "bitfit":
            bitfit(network)
        elif self.tuning == "adapters":
            network = add_adapters(network, bottleneck=BOTTLENECK)
        return network

    def build_optimizer(self) -> Any:
        """AdamW, which with L2-SP remembers the pretrained weights."""
        if self.tuning != "l2_sp":
            return super().build_optimizer()
        assert self.start is not None
        self.backbone.set_weights(self.start)
        adamw = keras.optimizers.AdamW(1e-3)
        return finetune_optimizer(adamw, self.model, groups=self.groups, l2_sp=self.settings.l2_sp)

    def with_backbone(self, weights: Weights, backbone: Weights) -> Weights:
        """`weights` of the network with those of the backbone exchanged, but for what was added to it."""
        added = self._added()
        inside = len(self.backbone.weights)
        places = [index for index in range(inside) if index not in added]
        result = list(weights)
        for place, value in zip(places, backbone, strict=True):
            result[place] = value
        return result

    def trainable(self) -> int:
        """How many numbers train at the moment; after a run, at its end."""
        return sum(math.prod(variable.shape) for variable in self.network.trainable_variables)

    def schedules(self, arm: Arm, epochs: int) -> list[keras.callbacks.Callback]:
        """The callbacks of the arm, and behind them what adapts rates to the augmentation."""
        if not (isinstance(arm, Variation) and arm.aware):
            return super().schedules(arm, epochs)
        return [*super().schedules(arm, epochs), AugmentationAwareTuning(decouple=arm.decouple)]

    def _added(self) -> set[int]:
        """Where, among the weights of the network, those of LoRA and of adapters stand."""
        mine = {id(one) for layer in walk(self.network) if isinstance(layer, Adapter) for one in layer.weights}
        return {
            index for index, one in enumerate(self.network.weights) if id(one) in mine or one.name.startswith("lora_")
        }
