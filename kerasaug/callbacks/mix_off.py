"""MixUp and its kin off for the last epochs."""

import warnings
from functools import partial
from typing import Any

import keras

from kerasaug.callbacks import unfinished
from kerasaug.callbacks.claims import claim
from kerasaug.layers.mix.base import Mix
from kerasaug.transfer.guard import check_flags
from kerasaug.transfer.hyperparameters import Hyperparameters
from kerasaug.transfer.walk import walk

_NAME = "mix_probability"


class MixOff(keras.callbacks.Callback):
    """Turns the layers that mix samples off for the last epochs, so that training ends on whole images.

    Those of the pipeline of an `AugmentedModel` and of the model itself are meant: MixUp, CutMix and their kin. The
    compiled step stays: their `mix_probability` becomes 0, and what each had when training ends. That of the
    first is logged. After Ctrl-C it is put back when the next `fit` with a `MixOff` begins, the same or a new one.

    Warns when training ends before it was time, as after an early stop.

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

    sets = (_NAME,)

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
        self.before: list[float] | None = None  # what each layer is to have again after training
        self._knobs: Hyperparameters

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Finds the layers."""
        claim(self)
        self._knobs = Hyperparameters(self.model, self.sets, "MixOff")
        check_flags(self.model, "MixOff")
        for layer in self._layers():
            before = unfinished.left(layer, _NAME, _value(layer))
            if before is not None:
                layer.mix_probability = before
        self.before = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Turns them off when it is time."""
        first = self.from_epoch if self.epochs is None else self.params["epochs"] - self.epochs
        if first is None or epoch < first:
            return
        if self.before is None:
            self.before = [_value(layer) for layer in self._layers()]
        for layer, before in zip(self._layers(), self.before, strict=True):
            unfinished.note(layer, _NAME, partial(_if_off, before))
        self._knobs.set(self.model, _NAME, 0.0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the value."""
        if logs is not None:
            logs[_NAME] = self._knobs.get(self.model, _NAME)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Puts it back."""
        if self.before is None:
            if self.epochs != 0:
                given = f"epochs={self.epochs}" if self.from_epoch is None else f"from_epoch={self.from_epoch}"
                warnings.warn(
                    f"MixOff: expected training to reach the epochs without mixing. Received: {given} in a `fit` of "
                    f"{self.params['epochs']} epochs, which ended before; samples were mixed to the end. Give "
                    "`from_epoch`, counted from 0, an epoch that is reached.",
                    stacklevel=2,
                )
            return
        for layer, before in zip(self._layers(), self.before, strict=True):
            layer.mix_probability = before
            unfinished.forget(layer, _NAME)
        self.before = None

    def _layers(self) -> list[Any]:
        return [layer for layer in walk(self.model) if isinstance(layer, Mix)]


def _value(layer: Any) -> float:
    return float(keras.ops.convert_to_numpy(layer.mix_probability))


def _if_off(before: float, value: float) -> float | None:
    return before if value == 0 else None
