"""MixUp and its kin off for the last epochs."""

from typing import Any

import keras

from kerasaug.callbacks.claims import claim
from kerasaug.transfer.guard import check_flags
from kerasaug.transfer.hyperparameters import Hyperparameters


class MixOff(keras.callbacks.Callback):
    """Turns the layers that mix samples off for the last epochs, so that training ends on whole images.

    Those of the pipeline of an `AugmentedModel` and of the model itself are meant: MixUp, CutMix and their kin. The
    compiled step stays: their `mix_probability` becomes 0, and what it was when training ends. It is logged.

    Args:
        epochs: How many of the last epochs of `fit` go without. Either this or `from_epoch`.
        from_epoch: The first epoch without, counted from 0, as timm's `--mixup-off-epoch` counts.

    Raises:
        ValueError: When not exactly one argument is given, or it is negative; when nothing in the model mixes samples,
            or another callback sets `mix_probability`.

    Example:

    ```python
    network = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    model = kerasaug.AugmentedModel(network, kerasaug.layers.MixUp())
    model.compile("sgd", "categorical_crossentropy")
    x, y = np.ones((8, 8, 8, 3)), np.eye(2)[np.arange(8) % 2]
    history = model.fit(x, y, epochs=3, callbacks=[kerasaug.callbacks.MixOff(1)], verbose=0)
    assert history.history["mix_probability"] == [1, 1, 0]
    ```

    Reference:
        [timm's training script](https://github.com/huggingface/pytorch-image-models/blob/main/train.py)
    """

    sets = ("mix_probability",)

    def __init__(self, epochs: int | None = None, from_epoch: int | None = None) -> None:
        super().__init__()
        given = epochs if from_epoch is None else from_epoch
        if (epochs is None) == (from_epoch is None) or given is None or given < 0:
            raise ValueError(
                "MixOff: expected either `epochs`, a number of last epochs, or `from_epoch`, the first one without "
                f"mixing, of at least 0. Received: epochs={epochs}, from_epoch={from_epoch}."
            )
        self.epochs = epochs
        self.from_epoch = from_epoch
        self.before: float | None = None  # what it is to be again after training
        self._knobs: Hyperparameters

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Finds the layers."""
        claim(self)
        self._knobs = Hyperparameters(self.model, self.sets, "MixOff")
        check_flags(self.model, "MixOff")
        self.before = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Turns them off when it is time."""
        first = self.from_epoch if self.epochs is None else self.params["epochs"] - self.epochs
        if first is None or epoch < first:
            return
        if self.before is None:
            self.before = self._knobs.get(self.model, "mix_probability")
        self._knobs.set(self.model, "mix_probability", 0.0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the value."""
        if logs is not None:
            logs["mix_probability"] = self._knobs.get(self.model, "mix_probability")

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Puts it back."""
        if self.before is not None:
            self._knobs.set(self.model, "mix_probability", self.before)
