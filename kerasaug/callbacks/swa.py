"""Stochastic weight averaging."""

import warnings
from typing import Any

import keras

from kerasaug.backend import running_fit
from kerasaug.callbacks.averaging import WeightAverage
from kerasaug.callbacks.batch_statistics import check_ends, update_bn
from kerasaug.callbacks.claims import callbacks_of


class SWA(WeightAverage):
    """Averages the weights that epochs end with, from some epoch on: stochastic weight averaging.

    Each of them counts the same. Give the learning rate a high constant value for these epochs, as the paper does:
    `ParamScheduler({"learning_rate": {0: 0.05, 15: 0.02}}, by="epoch")`.

    The statistics of batch normalisation belong to the weights of one epoch, not to the average. With `data` they are
    measured anew for the averaged weights at the end of training, as the paper does, and as `update_bn` does for you
    at any time; without, they are averaged like the weights. Validation in `fit` always takes the averaged ones. They
    are measured when every other callback is done, for what `EarlyStopping(restore_best_weights=True)` has restored
    too; not where that is of an epoch before the first average, which has its own.

    With `evaluate=True` the averages are in the model from validation to the end of the epoch, so put this callback
    *before* `BestWeights`, `ModelCheckpoint` and `EarlyStopping`: what they save is what was evaluated.
    `kerasaug.callbacks.BackupAndRestore` resumes it exactly. A step takes no longer; a second copy of the weights is on
    the device. Of Ctrl-C in validation `EMA` tells. Warns when training ends with no epoch taken in.

    Args:
        start_epoch: The first epoch, counted from 0, whose end is taken in.
        every: Epochs between two that are taken in. Defaults to 1.
        data: What `update_bn` takes; a dataset or an array of training images, as the model sees them. Defaults to
            none.
        steps: Batches of `data` after which to stop; needed where they never end. Defaults to all.
        evaluate: Whether validation in `fit`, and callbacks behind this one, see the averages. Defaults to `True`.
        final: Whether the model has the averages after training; else it has the weights. Defaults to `True`.

    Attributes:
        count: How many epochs are in the averages.

    Raises:
        ValueError: When `start_epoch` or `every` is out of range, or training has no epoch to take in; when `data` are
            endless and have no `steps`, or another callback of the `fit` averages weights.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    average = kerasaug.callbacks.SWA(start_epoch=1)
    model.fit(np.ones((8, 4)), np.ones((8, 2)), epochs=3, callbacks=[average], verbose=0)
    average.count  # 2
    ```

    Reference:
        [Izmailov et al., 2018](https://arxiv.org/abs/1803.05407)
    """

    def __init__(
        self,
        start_epoch: int,
        every: int = 1,
        data: Any = None,
        evaluate: bool = True,
        final: bool = True,
        steps: int | None = None,
    ) -> None:
        super().__init__(evaluate, final)
        if start_epoch < 0 or every < 1:
            raise ValueError(
                "SWA: expected `start_epoch` of at least 0 and `every` of at least 1. Received: "
                f"start_epoch={start_epoch}, every={every}. Common are the last quarter of the epochs, and 1."
            )
        self.start_epoch = start_epoch
        self.every = every
        self.data = data
        self.steps = steps
        self.count = 0
        self._epoch = 0
        self._done = -1
        self._last: _Last | None = None

    def ready(self) -> bool:
        """Whether an epoch has been taken in."""
        return self.count > 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Begins at the present weights."""
        if self.start_epoch >= self.params["epochs"]:
            raise ValueError(
                f"SWA: expected `start_epoch` below the {self.params['epochs']} epochs of `fit`. Received: "
                f"start_epoch={self.start_epoch}, counted from 0, so that nothing would be averaged."
            )
        if self.data is not None:
            check_ends(self.data, self.steps, "SWA")
        super().on_train_begin(logs)
        self.count, self._done = 0, -1
        self._stand_last()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Training goes on with the weights."""
        super().on_epoch_begin(epoch, logs)
        self._epoch = epoch

    def epoch_is_over(self) -> None:
        """Takes the weights in, once."""
        age = self._epoch - self.start_epoch
        if age >= 0 and age % self.every == 0 and self._done != self._epoch:
            self.count += 1
            _ = self.model  # under JAX, writes the values of the last step back first
            self.move(1.0 / self.count)
            self._done = self._epoch

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Leaves the averages in the model, with statistics of their own."""
        super().on_train_end(logs)
        if not self.ready():
            warnings.warn(
                "SWA: expected training to take in an epoch. Received: none, so that the model has its weights, not an "
                f"average: start_epoch={self.start_epoch} and every={self.every} in a `fit` of "
                f"{self.params['epochs']} epochs, whose last was {self._epoch}, counted from 0. Begin earlier, or "
                "train longer.",
                stacklevel=2,
            )
        if self._last is None:
            self.measure()

    def measure(self) -> None:
        """Measures the statistics of the averages that are in the model for good."""
        if not self.final or self.data is None or not self.ready():
            return
        for other in callbacks_of(self):
            restored = isinstance(other, keras.callbacks.EarlyStopping) and other.restore_best_weights
            if restored and other.best_weights is not None and other.best_epoch < self.start_epoch:
                return
        update_bn(self.model, self.data, steps=self.steps)

    def _stand_last(self) -> None:
        self._last = None
        try:
            callbacks = running_fit(self._model).callbacks
        except RuntimeError:  # a training loop of one's own
            return
        if self.data is not None:
            self._last = _Last(self)
            self._last.set_params(self.params)
            self._last.set_model(self._model)
            others = [one for one in callbacks if getattr(one, "average", None) is not self]
            callbacks[:] = [*others, self._last]

    def get_state(self) -> dict[str, Any]:
        """What a backup keeps."""
        return {**super().get_state(), "count": self.count}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on where a backup was made."""
        super().set_state(state)
        self.count = state["count"]


class _Last(keras.callbacks.Callback):
    """Has statistics measured when every other callback has had its turn."""

    async_safe = True

    def __init__(self, average: SWA) -> None:
        super().__init__()
        self.average = average

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.average.measure()
