"""Stochastic weight averaging."""

from typing import Any

from kerasaug.callbacks.averaging import WeightAverage
from kerasaug.callbacks.batch_statistics import update_bn


class SWA(WeightAverage):
    """Averages the weights that epochs end with, from some epoch on: stochastic weight averaging.

    Each of them counts the same. Give the learning rate a high constant value for these epochs, as the paper does:
    `ParamScheduler({"learning_rate": {0: 0.05, 15: 0.02}}, by="epoch")`.

    The statistics of batch normalisation belong to the weights of one epoch, not to the average. With `data` they are
    measured anew for the averaged weights at the end of training, as the paper does, and as `update_bn` does for you
    at any time; without, they are averaged like the weights. Validation in `fit` always takes the averaged ones.

    With `evaluate=True` the averages are in the model from validation to the end of the epoch, so put this callback
    *before* `BestWeights`, `ModelCheckpoint` and `EarlyStopping`: what they save is what was evaluated.
    `kerasaug.callbacks.BackupAndRestore` resumes it exactly. A step takes no longer; a second copy of the weights is on
    the device.

    Args:
        start_epoch: The first epoch, counted from 0, whose end is taken in.
        every: Epochs between two that are taken in. Defaults to 1.
        data: What `update_bn` takes; a dataset or an array of training images, as the model sees them. Defaults to
            none.
        evaluate: Whether validation in `fit`, and callbacks behind this one, see the averages. Defaults to `True`.
        final: Whether the model has the averages after training; else it has the weights. Defaults to `True`.

    Attributes:
        count: How many epochs are in the averages.

    Raises:
        ValueError: When `start_epoch` or `every` is out of range, or training has no epoch to take in.

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
        self, start_epoch: int, every: int = 1, data: Any = None, evaluate: bool = True, final: bool = True
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
        self.count = 0
        self._epoch = 0
        self._done = -1

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
        super().on_train_begin(logs)
        self.count, self._done = 0, -1

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
        if self.final and self.data is not None and self.ready():
            update_bn(self.model, self.data)

    def get_state(self) -> dict[str, Any]:
        """What a backup keeps."""
        return {**super().get_state(), "count": self.count}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on where a backup was made."""
        super().set_state(state)
        self.count = state["count"]
