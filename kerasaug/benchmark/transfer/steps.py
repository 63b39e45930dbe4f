"""Step times by stage of unfreezing: what is frozen costs no backward pass."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kerasaug.benchmark.timing import Timing, in_turns
from kerasaug.benchmark.transfer.settings import Settings
from kerasaug.transfer import build_classifier, finetune_optimizer, freeze_to, layer_groups, load_backbone
from kerasaug.transfer.freezing import set_flags

NETWORK, ALPHA, CLASSES = "MobileNetV2", 0.35, 10
FORWARD, FREEZE_TO, PLAIN, ZEROED = "forward", "freeze_to", "trainable=False", "multiplier 0"
SECONDS = 30.0
Row = dict[str, Any]


def measure(settings: Settings, say: Callable[[str], None] = lambda message: None) -> dict[str, Any]:
    """Times one step of a real network with ever more layer groups trained, in turns.

    Against each stage under `freeze_to` stand plain Keras with `trainable=False` and `compile`, and the multiplier 0
    in place of freezing, with which everything below the head is differentiated for nothing. And the forward pass.

    Args:
        settings: Sizes and rounds.
        say: Called with a line before each network is built.
    """
    batch = _batch(settings)
    say(f"{NETWORK}: building")
    unfreezing = _network(settings)
    groups = layer_groups(unfreezing)
    optimizer = finetune_optimizer(keras.optimizers.AdamW(1e-4), unfreezing, groups)
    unfreezing.compile(optimizer, "sparse_categorical_crossentropy")
    stages = _stages(len(groups))
    staged = _Staged(unfreezing, len(groups))
    contenders: dict[tuple[str, int], Callable[[], Any]] = {
        (FORWARD, 0): staged.at(1, lambda: unfreezing.test_on_batch(*batch)),
        **{(FREEZE_TO, count): staged.at(count, lambda: unfreezing.train_on_batch(*batch)) for count in stages},
        **{(PLAIN, count): _plain(settings, count, batch) for count in stages},
        (ZEROED, 1): _zeroed(settings, batch),
    }
    say(f"step times of {len(contenders)} stages, {settings.rounds} rounds")
    timings = in_turns(contenders, settings.rounds, SECONDS)
    return {
        "network": f"{NETWORK}, alpha {ALPHA}",
        "parameters": unfreezing.count_params(),
        "batch": [settings.step_batch, settings.step_size, settings.step_size, 3],
        "groups": [group.name for group in groups],
        "rows": [_row(way, count, timing) for (way, count), timing in timings.items()],
    }


def _stages(groups: int) -> list[int]:
    """Numbers of groups that train: the head, one and two more, all."""
    return sorted({1, 2, 3, groups} & set(range(1, groups + 1)))


def _batch(settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    side = settings.step_size
    images = rng.integers(0, 256, (settings.step_batch, side, side, 3)).astype("float32")
    return images, rng.integers(0, CLASSES, settings.step_batch).astype("int32")


def _network(settings: Settings) -> keras.Model:
    shape = (settings.step_size, settings.step_size, 3)
    return build_classifier(load_backbone(NETWORK, None, shape, alpha=ALPHA), CLASSES, dropout=0.0)


class _Staged:
    """One network that changes between stages, each of which keeps its compiled step.

    The change itself is not timed: of the two calls that a contender makes in its turn, it happens in the first.
    """

    def __init__(self, network: keras.Model, groups: int) -> None:
        self._network = network
        self._groups = groups
        self._stage = -1

    def at(self, count: int, call: Callable[[], Any]) -> Callable[[], Any]:
        """A call that is made while the upper `count` groups train."""

        def staged() -> Any:
            if self._stage != count:
                freeze_to(self._network, self._groups - count)
                self._stage = count
            return call()

        return staged


def _plain(settings: Settings, count: int, batch: Any) -> Callable[[], Any]:
    network = _network(settings)
    groups = layer_groups(network)
    set_flags(network, groups, len(groups) - count, freeze_bn=True)
    network.compile(keras.optimizers.AdamW(1e-4), "sparse_categorical_crossentropy")
    return lambda: network.train_on_batch(*batch)


def _zeroed(settings: Settings, batch: Any) -> Callable[[], Any]:
    """Only the head moves, since the learning rate of all other groups is multiplied with 0."""
    network = _network(settings)
    groups = layer_groups(network)
    set_flags(network, groups, 0, freeze_bn=True)
    optimizer = finetune_optimizer(keras.optimizers.AdamW(1e-4), network, groups)
    optimizer.group_multipliers = [0.0] * (len(groups) - 1) + [1.0]
    network.compile(optimizer, "sparse_categorical_crossentropy")
    return lambda: network.train_on_batch(*batch)


def _row(way: str, count: int, timing: Timing) -> Row:
    return {
        "way": way,
        "groups": count,
        "milliseconds": timing.milliseconds,
        "low": min(timing.calls, default=None),
        "high": max(timing.calls, default=None),
        "timings": len(timing.calls),
        "error": timing.error,
    }
