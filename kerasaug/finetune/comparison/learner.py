"""One network, compiled once for all runs: every run only resets what the one before has left."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasaug import AugmentedModel, Pipeline, layers
from kerasaug.callbacks import GradualUnfreezing, WeightDecayScheduler
from kerasaug.finetune.comparison.arms import Arm
from kerasaug.finetune.comparison.data import Examples
from kerasaug.finetune.comparison.settings import TARGET, Settings
from kerasaug.transfer import build_classifier, finetune_optimizer, layer_groups, load_backbone
from kerasaug.transfer.walk import walk

Weights = list[np.ndarray]
WARMUP_STEPS = 20


def augmentation() -> Pipeline:
    """What a digit may undergo and remain the same digit: no flips, small turns, no colour."""
    return Pipeline(
        [
            layers.RandomRotation(0.05, fill_mode="constant"),
            layers.RandomZoom(0.15, 0.15, fill_mode="constant"),
            layers.RandomTranslation(0.1, 0.1, fill_mode="constant"),
            layers.RandomShear(0.2, 0.2, fill_mode="constant"),
        ],
        name="augmentation",
    )


class Learner:
    """Trains the network as an arm says, from given weights, on given images.

    Tracing and compiling a step takes longer than a run. So there is one `AugmentedModel` with one optimizer;
    learning rate, weight decay and strength are variables of it, `GradualUnfreezing` keeps the step of each set of
    trainable layers, and `fit` starts by putting weights, optimizer and random states back.

    What it trains is made by `build_backbone`, `build_network` and `build_optimizer`, which subclasses may replace, as
    they may `schedules`.

    Args:
        settings: The shared settings.
        classes: How many classes the tasks have.
    """

    def __init__(self, settings: Settings, classes: int = len(TARGET)) -> None:
        self.settings = settings
        self.classes = classes
        self.network = self.build_network(settings.pretraining_seed)
        self.backbone = self.network.layers[1]
        self.groups = layer_groups(self.network)
        self.pipeline = augmentation()
        self.model = AugmentedModel(self.network, self.pipeline)
        self.model.build((None, *settings.input_shape))
        optimizer = self.build_optimizer()
        self.model.compile(
            optimizer,
            "sparse_categorical_crossentropy",
            # XLA would take longer to compile these small steps than it saves in running them.
            jit_compile=keras.backend.backend() == "jax",
            steps_per_execution=settings.steps_per_execution,
        )
        self._fresh_optimizer = [keras.ops.convert_to_numpy(variable) for variable in optimizer.variables]

    def initial_weights(self, seed: int) -> Weights:
        """Random weights of the whole network, head included, drawn from a seed."""
        return self.build_network(seed).get_weights()

    def with_backbone(self, weights: Weights, backbone: Weights) -> Weights:
        """`weights` of the network with those of the backbone exchanged; the head stays."""
        return [*backbone, *weights[len(backbone) :]]

    def fit(
        self,
        arm: Arm,
        weights: Weights,
        stream: Examples,
        epochs: int,
        seed: int,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> Weights:
        """Trains from `weights` and returns the weights in the end.

        Args:
            arm: What trains when, at what rates, with how much augmentation.
            weights: Where to start.
            stream: The images of the whole run in order, `epochs * steps_per_epoch * batch_size` of them.
            epochs: How often the schedules move.
            seed: Of all that is random in the run.
            callbacks: Such as a progress bar.
        """
        self._reset(weights, seed)
        self.pipeline.strength = arm.strength
        count = len(self.groups)
        self.model.optimizer.group_multipliers = [arm.layer_decay ** (count - 1 - index) for index in range(count)]
        self.model.fit(
            stream.images,
            stream.labels,
            batch_size=self.settings.batch_size,
            steps_per_epoch=len(stream) // self.settings.batch_size // epochs,
            epochs=epochs,
            shuffle=False,
            verbose=0,
            callbacks=[*self.schedules(arm, epochs), *callbacks],
        )
        return self.network.get_weights()

    def accuracies(self, *parts: Examples) -> list[float]:
        """The fraction of each part that the network gets right now, without augmentation."""
        predicted = self.predict(np.concatenate([part.images for part in parts])).argmax(axis=-1)
        right = predicted == np.concatenate([part.labels for part in parts])
        edges = np.cumsum([len(part) for part in parts])[:-1]
        return [float(part.mean()) for part in np.split(right, edges)]

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Class probabilities."""
        return self.model.predict(images, batch_size=len(images), verbose=0)

    def build_backbone(self) -> keras.Model:
        """The backbone, with random weights."""
        settings = self.settings
        return load_backbone(settings.backbone, None, settings.input_shape, alpha=settings.alpha)

    def read_backbone(self, path: Path) -> Weights:
        """The weights of a backbone that was saved as a `.keras` file."""
        settings = self.settings
        return load_backbone(settings.backbone, path, settings.input_shape, alpha=settings.alpha).get_weights()

    def build_network(self, seed: int) -> keras.Model:
        """Backbone and head, with weights drawn from a seed."""
        keras.utils.set_random_seed(seed)
        backbone = self.build_backbone()
        for layer in walk(backbone):
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = self.settings.batchnorm_momentum
        return build_classifier(backbone, self.classes, dropout=0.0, name="digits")

    def build_optimizer(self) -> Any:
        """The optimizer of `model`; rate, decay and multipliers are set by each run."""
        adamw = keras.optimizers.AdamW(1e-3, weight_decay=1e-2)
        return finetune_optimizer(adamw, self.model, groups=self.groups)

    def schedules(self, arm: Arm, epochs: int) -> list[keras.callbacks.Callback]:
        """The callbacks that make a run what the arm says."""
        cosine = keras.optimizers.schedules.CosineDecay(arm.learning_rate, epochs)
        return [
            GradualUnfreezing(self.groups, arm.schedule(epochs), warmup_steps=WARMUP_STEPS, bn=arm.bn),
            keras.callbacks.LearningRateScheduler(lambda epoch: float(cosine(epoch)) * arm.share(epoch, epochs)),
            WeightDecayScheduler({0: arm.weight_decay}),
        ]

    def _reset(self, weights: Weights, seed: int) -> None:
        keras.utils.set_random_seed(seed)
        self.network.set_weights(weights)
        for variable, value in zip(self.model.optimizer.variables, self._fresh_optimizer, strict=True):
            variable.assign(value)
        state: Any = self.pipeline.generator.state
        state.assign(np.array([seed, 0], dtype=keras.backend.standardize_dtype(state.dtype)))
