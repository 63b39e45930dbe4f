"""How much of a model trains, by kind of weight."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

from kerasaug.transfer.adapter_layer import Adapter
from kerasaug.transfer.groups import HEAD, LayerGroup, layer_groups
from kerasaug.transfer.walk import own_weights, owners, walk

_NORM = ("gamma", "beta", "moving_mean", "moving_variance")


class Count(NamedTuple):
    """Numbers of parameters: those that train, and all."""

    trainable: int
    total: int


class TrainableCounts(NamedTuple):
    """What `trainable_counts` returns; prints as a table.

    Attributes:
        kinds: Counts of `"LoRA"`, `"head"`, `"adapter"`, `"bias"`, `"norm"` and `"other"`, those that are there. Each
            parameter is in one of them, the first that fits.
        trainable: Parameters that train.
        total: All parameters.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])
    counts = kerasaug.transfer.trainable_counts(model, verbose=0)
    counts.kinds["head"], counts.total  # Count(trainable=18, total=18), 58
    ```
    """

    kinds: dict[str, Count]
    trainable: int
    total: int

    def __str__(self) -> str:
        rows = [*self.kinds.items(), ("all", Count(self.trainable, self.total))]
        lines = [f"{'parameters':<12}{'trainable':>14}{'total':>14}{'share':>10}"]
        for kind, (trainable, total) in rows:
            lines.append(f"{kind:<12}{trainable:>14,}{total:>14,}{trainable / max(total, 1):>10.2%}")
        return "\n".join(lines)


def trainable_counts(
    model: keras.Model, groups: Sequence[LayerGroup] | None = None, verbose: int = 1
) -> TrainableCounts:
    """Counts the parameters that train and all, by kind, and prints them.

    Args:
        model: A built model.
        groups: Layer groups, of which the one named `"head"` is the head. Default to `layer_groups(model)`, and to no
            head where that cannot see into the model.
        verbose: 0 prints nothing. Defaults to 1.

    Returns:
        The counts.

    Raises:
        ValueError: When the model is not built.

    Example:

    ```python
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(16, name="body"), keras.layers.Dense(2)])
    kerasaug.transfer.enable_lora(model, "body", rank=2)
    counts = kerasaug.transfer.trainable_counts(model)
    counts.kinds["LoRA"].trainable  # 64
    ```
    """
    if not model.built:
        raise ValueError(f"trainable_counts expects a built model. Received: {model.name!r}, which is not.")
    head = _ids(layer for group in _groups(model, groups) if group.name == HEAD for layer in group.layers)
    adapters = _ids(part for layer in walk(model) if isinstance(layer, Adapter) for part in owners(layer))
    trains = {id(weight) for weight in model.trainable_weights}
    found = {kind: [0, 0] for kind in ("LoRA", "head", "adapter", "bias", "norm", "other")}
    seen: set[int] = set()
    for layer in owners(model):
        for weight in own_weights(layer):
            if id(weight) not in seen:
                seen.add(id(weight))
                count = found[_kind(layer, weight.name, head, adapters)]
                count[0] += math.prod(weight.shape) * (id(weight) in trains)
                count[1] += math.prod(weight.shape)
    kinds = {kind: Count(*count) for kind, count in found.items() if count[1]}
    counts = TrainableCounts(kinds, sum(k.trainable for k in kinds.values()), sum(k.total for k in kinds.values()))
    if verbose:
        print(counts)
    return counts


def _ids(layers: Any) -> set[int]:
    return {id(layer) for layer in layers}


def _groups(model: keras.Model, groups: Sequence[LayerGroup] | None) -> Sequence[LayerGroup]:
    if groups is not None:
        return groups
    try:
        return layer_groups(model)
    except ValueError:  # a subclassed model
        return ()


def _kind(layer: keras.Layer, name: str, head: set[int], adapters: set[int]) -> str:
    if name.startswith("lora_"):
        return "LoRA"
    if id(layer) in head:
        return "head"
    if id(layer) in adapters:
        return "adapter"
    if "bias" in name:
        return "bias"
    return "norm" if name in _NORM else "other"
