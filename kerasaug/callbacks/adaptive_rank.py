"""A budget of ranks that finds its way to the layers that need it."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasaug.backend import built_on, slot_owners
from kerasaug.transfer.lora_layers import factors, lora_layers
from kerasaug.transfer.optimizer import unwrapped


class AdaptiveRank(keras.callbacks.Callback):
    """Gives a budget of rank to the layers with LoRA that make most of it, as AdaLoRA does.

    All layers start with the rank that `kerasaug.transfer.enable_lora` gave them, a half more than is wanted in the
    end, say. A layer's update is the sum of as many products of a column and a row. When an epoch from `start` to
    `end` begins, the products of all layers are compared and the least important beyond the budget are set to zero.
    The budget falls from the whole to `budget`, as a cubic function of the epoch, fast at first. Until `end` only the
    rows are zero, and grow again from the next step on; at `end` columns and rows are, and stay so, for the gradient of
    each is then zero. No step is compiled anew.

    A product's importance is its Frobenius norm, with the layer's scale: what it changes in the kernel. (AdaLoRA's
    sensitivity, the product of weight and gradient, needs gradients that a compiled step shows to nobody.) It is
    averaged over the epochs.

    Layers keep the shapes of their factors; `kerasaug.transfer.merge_lora` makes ordinary layers of them in the end.
    The mean rank is logged as `lora_rank`. Resumes exactly with `kerasaug.callbacks.BackupAndRestore`.

    Args:
        budget: The sum of the ranks of all layers in the end: an integer, or a fraction below 1 of the sum at first.
            Defaults to 0.5.
        start: The epoch, from 1, at whose beginning the budget begins to fall. Defaults to 1, after the first epoch.
        end: The epoch at whose beginning it is reached, after which ranks are fixed. Defaults to two thirds of `fit`'s
            epochs, and to at least `start`.
        every: Epochs between two comparisons. Defaults to 1.
        smoothing: Weight of the past in the average of importance, in [0, 1). Defaults to 0.5.
        verbose: 1 prints the ranks whenever they change. Defaults to 0.

    Raises:
        ValueError: When an argument is out of range, the model has no layer with LoRA, or `fit` ends before `end`.

    Example:

    ```python
    model = keras.Sequential([keras.Input((8,)), *(keras.layers.Dense(8, name=n) for n in "ab"), keras.layers.Dense(2)])
    kerasaug.transfer.enable_lora(model, rank=4)
    model.compile("adam", "mse")
    ranks = kerasaug.callbacks.AdaptiveRank(budget=4, end=2)
    model.fit(np.ones((8, 8)), np.ones((8, 2)), epochs=3, callbacks=[ranks], verbose=0)
    ranks.ranks  # such as {"a": 1, "b": 3}
    ```

    Reference:
        - [Zhang et al., 2023](https://arxiv.org/abs/2303.10512)
    """

    def __init__(
        self,
        budget: int | float = 0.5,
        start: int = 1,
        end: int | None = None,
        every: int = 1,
        smoothing: float = 0.5,
        verbose: int = 0,
    ) -> None:
        super().__init__()
        fraction = isinstance(budget, float)
        if not (0 < budget < 1 if fraction else budget >= 1):
            raise ValueError(
                f"AdaptiveRank expects budget to be an integer from 1, or a fraction below 1. Received: {budget}."
            )
        if start < 1 or every < 1 or (end is not None and end < start) or not 0 <= smoothing < 1:
            raise ValueError(
                "AdaptiveRank expects start and every to be at least 1, end at least start, and smoothing in [0, 1). "
                f"Received: start={start}, every={every}, end={end}, smoothing={smoothing}."
            )
        self.budget = budget
        self.start = start
        self.end = end
        self.every = every
        self.smoothing = smoothing
        self.verbose = verbose
        self.ranks: dict[str, int] = {}
        self._importance: dict[str, np.ndarray] = {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Finds the layers, and checks that the budget suits them."""
        self._layers = lora_layers(self.model)
        if not self._layers:
            raise ValueError(
                f"AdaptiveRank expects a model with LoRA. Received: {self.model.name!r}, none of whose layers has it. "
                "Call `kerasaug.transfer.enable_lora` before `compile`."
            )
        whole = self._whole()
        if self.budget > whole:
            raise ValueError(
                f"AdaptiveRank expects a budget of at most {whole}, the sum of the ranks that the layers have. "
                f"Received: budget={self.budget}. Give `enable_lora` a higher rank."
            )
        if self._end() >= self.params["epochs"]:
            raise ValueError(
                f"AdaptiveRank reaches its budget when epoch {self._end()}, counted from 0, begins. Received: "
                f"epochs={self.params['epochs']}, which ends before that. Lower start or end, or train longer."
            )
        self.ranks = {path: layer.lora_rank for path, layer in self._layers.items()}
        self._importance = {}

    def rank_budget(self, epoch: int) -> int:
        """The sum of the ranks that is left in an epoch."""
        whole, last = self._whole(), self._last()
        if epoch < self.start:
            return whole
        left = max(1 - (epoch - self.start) / max(self._end() - self.start, 1), 0.0) if epoch < self._end() else 0.0
        return last + round((whole - last) * left**3)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compares the products, and sets those to zero that the budget leaves out."""
        end = self._end()
        if not 1 <= epoch <= end:
            return
        self._average()
        if epoch < self.start or ((epoch - self.start) % self.every and epoch != end):
            return
        kept = self._most_important(self.rank_budget(epoch))
        for path, layer in self._layers.items():
            _cut(layer, ~kept[path], unwrapped(self.model.optimizer), for_good=epoch == end)
        ranks = {path: int(which.sum()) for path, which in kept.items()}
        if self.verbose and ranks != self.ranks:
            print(f"\nEpoch {epoch + 1}: AdaptiveRank leaves {ranks}.")
        self.ranks = ranks

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the mean rank."""
        if logs is not None:
            logs["lora_rank"] = sum(self.ranks.values()) / len(self.ranks)

    def _average(self) -> None:
        for path, layer in self._layers.items():
            now = _importance(layer)
            before = self._importance.get(path, now)
            self._importance[path] = self.smoothing * before + (1 - self.smoothing) * now

    def _most_important(self, count: int) -> dict[str, np.ndarray]:
        everything = np.concatenate([self._importance[path] for path in self._layers])
        chosen = np.zeros(everything.size, bool)
        chosen[np.argsort(-everything, kind="stable")[:count]] = True
        bounds = np.cumsum([layer.lora_rank for layer in self._layers.values()])[:-1]
        return dict(zip(self._layers, np.split(chosen, bounds), strict=True))

    def _whole(self) -> int:
        return sum(layer.lora_rank for layer in self._layers.values())

    def _last(self) -> int:
        return max(round(self.budget * self._whole()), 1) if isinstance(self.budget, float) else self.budget

    def _end(self) -> int:
        return max(math.ceil(self.params["epochs"] * 2 / 3), self.start) if self.end is None else self.end


def _importance(layer: Any) -> np.ndarray:
    a, b = (ops.convert_to_numpy(factor).astype("float64") for factor in factors(layer))
    columns = np.sqrt(np.square(a).reshape(-1, a.shape[-1]).sum(0))
    return abs(layer.lora_alpha / layer.lora_rank) * columns * np.sqrt(np.square(b).sum(1))


def _cut(layer: Any, which: np.ndarray, optimizer: Any, for_good: bool) -> None:
    """Sets rows of `b` to zero, and columns of `a` if for good, with all that the optimizer remembers of them."""
    if not which.any():
        return
    a, b = factors(layer)
    for factor, part in ((b, which), *(((a, (..., which)),) if for_good else ())):
        for variable in (factor, *_slots(optimizer, factor)):
            value = np.array(ops.convert_to_numpy(variable))
            value[part] = 0
            variable.assign(value)


def _slots(optimizer: Any, variable: Any) -> list[Any]:
    positions = [index for index, one in enumerate(built_on(optimizer)) if one is variable]
    pairs = zip(optimizer.variables, slot_owners(optimizer), strict=True)
    return [slot for slot, owner in pairs if owner in positions and tuple(slot.shape) == tuple(variable.shape)]
