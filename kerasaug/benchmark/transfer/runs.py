"""Runs of one task, each made once however often it is asked for."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from kerasaug.benchmark.transfer.learner import TuningLearner
from kerasaug.benchmark.transfer.settings import Settings
from kerasaug.benchmark.transfer.tasks import Task
from kerasaug.benchmark.transfer.ways import AUGMENTED, PLAIN, Variation, Way
from kerasaug.finetune.comparison.data import Data
from kerasaug.finetune.comparison.experiment import Result, Terms, run, terms
from kerasaug.finetune.comparison.learner import Weights

Callbacks = Callable[[Variation, int], Sequence[keras.callbacks.Callback]]


@dataclasses.dataclass(frozen=True)
class Choice:
    """The learning rate that a way was given, and what each did on the validation part, on average.

    Args:
        learning_rate: The chosen one.
        validation: From each learning rate to the mean accuracy.
    """

    learning_rate: float
    validation: dict[float, float]

    @property
    def at_the_edge(self) -> bool:
        """Whether it is the least or the greatest of several that were tried."""
        tried = sorted(self.validation)
        return len(tried) > 1 and self.learning_rate in (tried[0], tried[-1])


class Runs:
    """Runs ways on a task with the learner each needs; learners, terms and results are kept.

    Args:
        settings: The settings, with the task's number of labelled images.
        task: The task.
        data: Its data.
        learner: The one that pretrained.
        pretrained: What it left.
        callbacks: From an arm and a seed to further callbacks.
    """

    def __init__(
        self,
        settings: Settings,
        task: Task,
        data: Data,
        learner: TuningLearner,
        pretrained: Weights,
        callbacks: Callbacks = lambda arm, seed: (),
    ) -> None:
        self.settings = settings
        self.task = task
        self.data = data
        self.pretrained = pretrained
        self.callbacks = callbacks
        self._learners = {"": learner}
        self._terms: dict[int, Terms] = {}
        self._weights: dict[tuple[str, int], Weights] = {}
        self._results: dict[tuple[Any, ...], Result] = {}
        self.trainable: dict[str, int] = {}  # by name of the way: how many numbers train at the end of a run

    def learner(self, way: Way) -> TuningLearner:
        """The learner of a way."""
        if way.tuning not in self._learners:
            self._learners[way.tuning] = TuningLearner(self.settings, self.task.classes, way.tuning, self.pretrained)
        return self._learners[way.tuning]

    def result(self, way: Way, variant: str, learning_rate: float, seed: int) -> Result:
        """The run of a way in a variant, with a learning rate and a seed."""
        arm = way.arm(variant, learning_rate, self.settings.weight_decay)
        key = (way.name, learning_rate, arm.strength, arm.aware, arm.decouple, seed)
        if key not in self._results:
            learner = self.learner(way)
            found = run(learner, self.data, arm, self._terms_of(way, seed), self.pretrained, self.callbacks(arm, seed))
            self._results[key] = dataclasses.replace(found, weights=[])
            self.trainable[way.name] = learner.trainable()
        return self._results[key]

    def choose(self, way: Way, variant: str) -> Choice:
        """The learning rate with the best mean accuracy on the validation part, of seeds that are not reported.

        Of two that are equal the lower one is taken.
        """
        means: dict[float, float] = {}
        for rate in self.settings.rates:
            found = [self.result(way, variant, rate, seed).validation for seed in self.settings.selection_seeds]
            means[rate] = float(np.mean(found))
        return Choice(max(sorted(means), key=lambda rate: means[rate]), means)

    def _terms_of(self, way: Way, seed: int) -> Terms:
        if seed not in self._terms:
            self._terms[seed] = terms(self._learners[""], self.data, seed)
        shared = self._terms[seed]
        if not way.tuning:
            return shared
        key = (way.tuning, seed)
        if key not in self._weights:
            self._weights[key] = self.learner(way).initial_weights(seed)
        return dataclasses.replace(shared, weights=self._weights[key])


def choices_for(variants: Sequence[str]) -> tuple[str, ...]:
    """The variants in which a learning rate is chosen: the others carry over that of no augmentation."""
    return (PLAIN, *([AUGMENTED] if AUGMENTED in variants else []))


def milliseconds(results: Sequence[Result]) -> float:
    """The median time of a step, callbacks and all; the first runs of a network, which trace it, are in no median."""
    found = [1e3 * one.seconds / one.steps for one in results if one.steps]
    return float(np.median(found)) if found else math.nan
