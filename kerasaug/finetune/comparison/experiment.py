"""Every arm with every seed, on equal terms."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence

import keras

from kerasaug.finetune.comparison.arms import Arm
from kerasaug.finetune.comparison.data import Data, Examples, few, stream
from kerasaug.finetune.comparison.learner import Learner, Weights
from kerasaug.finetune.comparison.settings import Settings


@dataclasses.dataclass(frozen=True)
class Terms:
    """What a seed decides, and all arms share: the labelled images, their order, and the random weights."""

    seed: int
    sample: Examples
    stream: Examples
    weights: Weights


@dataclasses.dataclass(frozen=True)
class Result:
    """One run: accuracies on the part it learnt from and on the two it did not, steps, seconds, and weights."""

    arm: Arm
    seed: int
    train: float
    validation: float
    test: float
    steps: int
    seconds: float
    weights: Weights = dataclasses.field(repr=False)


def terms(learner: Learner, data: Data, seed: int) -> Terms:
    """Draws what the arms of one seed share."""
    settings = learner.settings
    sample = few(data.pool, settings.shots, seed)
    order = stream(sample, settings.steps * settings.batch_size, seed)
    return Terms(seed, sample, order, learner.initial_weights(seed))


def run(
    learner: Learner,
    data: Data,
    arm: Arm,
    shared: Terms,
    pretrained: Weights,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Result:
    """Trains one arm with one seed and measures it."""
    weights = learner.with_backbone(shared.weights, pretrained) if arm.pretrained else shared.weights
    start = time.perf_counter()
    learned = learner.fit(arm, weights, shared.stream, learner.settings.epochs, shared.seed, callbacks)
    seconds = time.perf_counter() - start
    steps = int(keras.ops.convert_to_numpy(learner.model.optimizer.iterations))
    train, validation, test = learner.accuracies(shared.sample, data.validation, data.test)
    return Result(arm, shared.seed, train, validation, test, steps, seconds, learned)


def compare(
    learner: Learner,
    data: Data,
    arms: Sequence[Arm],
    pretrained: Weights,
    callbacks: Callable[[Arm, int], Sequence[keras.callbacks.Callback]] = lambda arm, seed: (),
) -> Iterator[Result]:
    """Runs every arm with every seed of the settings, seed by seed.

    Args:
        learner: Does the training.
        data: Holds the target task.
        arms: The arms.
        pretrained: The backbone's weights from the source task.
        callbacks: From an arm and a seed to the callbacks of that run.
    """
    for seed in learner.settings.seeds:
        shared = terms(learner, data, seed)
        for arm in arms:
            yield run(learner, data, arm, shared, pretrained, callbacks(arm, seed))


def best(results: Sequence[Result]) -> Result:
    """The run to serve: of the arm that does best on average, its best run. The test part has no say in it."""
    by_arm: dict[str, list[Result]] = {}
    for result in results:
        by_arm.setdefault(result.arm.name, []).append(result)
    winner = max(by_arm.values(), key=lambda runs: sum(one.validation for one in runs) / len(runs))
    return max(winner, key=lambda one: one.validation)


def check_equal(results: Sequence[Result], settings: Settings) -> None:
    """Makes sure that every run took the steps that it was given, and no arm a seed more than another.

    Raises:
        RuntimeError: When the budgets differ: such a comparison would mean nothing.
    """
    seeds: dict[str, list[int]] = {}
    for result in results:
        seeds.setdefault(result.arm.name, []).append(result.seed)
        if result.steps != settings.steps:
            raise RuntimeError(
                f"finetune: expected {settings.steps} steps of every run. Received: {result.steps} in arm "
                f"{result.arm.name!r} with seed {result.seed}."
            )
    if any(sorted(one) != sorted(settings.seeds) for one in seeds.values()):
        raise RuntimeError(f"finetune: expected every arm to run with the seeds {settings.seeds}. Received: {seeds}.")
