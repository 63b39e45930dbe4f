"""One network, compiled once for all runs: every run only resets what the one before has left."""

from collections.abc import Sequence
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

    Args:
        settings: The shared settings.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.network = self._network(settings.pretraining_seed)
        self.backbone = self.network.layers[1]
        self.groups = layer_groups(self.network)
        self.pipeline = augmentation()
        self.model = AugmentedModel(self.network, self.pipeline)
        self.model.build((None, *settings.input_shape))
        adamw = keras.optimizers.AdamW(1e-3, weight_decay=1e-2)
        optimizer = finetune_optimizer(adamw, self.model, groups=self.groups)
        # XLA would take longer to compile these small steps than it saves in running them.
        self.model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=_worth_compiling())
        self._fresh_optimizer = [keras.ops.convert_to_numpy(variable) for variable in optimizer.variables]

    def initial_weights(self, seed: int) -> Weights:
        """Random weights of the whole network, head included, drawn from a seed."""
        return self._network(seed).get_weights()

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
        self.model.fit(
            stream.images,
            stream.labels,
            batch_size=self.settings.batch_size,
            steps_per_epoch=len(stream) // self.settings.batch_size // epochs,
            epochs=epochs,
            shuffle=False,
            verbose=0,
            callbacks=[*self._schedules(arm, epochs), *callbacks],
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

    def _network(self, seed: int) -> keras.Model:
        keras.utils.set_random_seed(seed)
        settings = self.settings
        backbone = load_backbone(settings.backbone, None, settings.input_shape, alpha=settings.alpha)
        for layer in walk(backbone):
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = settings.batchnorm_momentum
        return build_classifier(backbone, len(TARGET), dropout=0.0, name="digits")

    def _reset(self, weights: Weights, seed: int) -> None:
        keras.utils.set_random_seed(seed)
        self.network.set_weights(weights)
        for variable, value in zip(self.model.optimizer.variables, self._fresh_optimizer, strict=True):
            variable.assign(value)
        state: Any = self.pipeline.generator.state
        state.assign(np.array([seed, 0], dtype=keras.backend.standardize_dtype(state.dtype)))

    def _schedules(self, arm: Arm, epochs: int) -> list[keras.callbacks.Callback]:
        cosine = keras.optimizers.schedules.CosineDecay(arm.learning_rate, epochs)
        # Other digits have other statistics, so BatchNormalization learns with its group: held frozen, gradual
        # unfreezing was 7 points worse on the validation part. And so scratch can share the compiled step.
        return [
            GradualUnfreezing(self.groups, arm.schedule(epochs), warmup_steps=WARMUP_STEPS, bn="train"),
            keras.callbacks.LearningRateScheduler(lambda epoch: float(cosine(epoch))),
            WeightDecayScheduler({0: arm.weight_decay}),
        ]


def _worth_compiling() -> bool:
    return keras.backend.backend() == "jax"
