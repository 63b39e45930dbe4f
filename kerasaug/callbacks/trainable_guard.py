"""Flags that are flipped by hand take effect, or are named."""

from typing import Any

import keras

from kerasaug.transfer.guard import check_flags
from kerasaug.transfer.walk import walk


class TrainableGuard(keras.callbacks.Callback):
    """Makes `fit()` follow `trainable` flags and optimizer settings that were changed after `compile()`.

    A compiled step has the list of trainable variables and the optimizer's plain numbers baked in, so Keras ignores
    `layer.trainable = False` after the first `fit` on TensorFlow, and fails with an error about something else on JAX.
    When training and each epoch begin, this callback compares with what the step was compiled for, and takes or
    compiles the right one. It builds the optimizer before TensorFlow would do so inside the step. An ordinary optimizer
    that has taken steps on other variables is refused; one from `kerasaug.transfer.finetune_optimizer` trains whatever
    is trainable.

    Put it behind callbacks that change flags when an epoch begins. A flag that changes in the middle of an epoch is put
    back and named. The other callbacks of kerasaug that prepare the optimizer call the same check.

    Args:
        every_step: Whether flags are looked at after each step, for which JAX waits until the step is done, as for any
            callback of steps. Without, one that changes in the middle of an epoch counts from the next epoch on
            TensorFlow, and may fail on JAX. Defaults to `True`.

    Raises:
        ValueError: When an ordinary optimizer has taken steps on other variables than are trainable now, or a setting
            such as `weight_decay` was put on a `LossScaleOptimizer` instead of the optimizer inside.
        RuntimeError: When a flag was changed between two steps of an epoch.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])
    model.compile(kerasaug.transfer.finetune_optimizer("sgd", model), "mse")
    x, y = np.ones((8, 4)), np.ones((8, 2))
    model.fit(x, y, verbose=0)
    model.layers[0].trainable = False  # by hand
    before = model.layers[0].get_weights()[0]
    model.fit(x, y, callbacks=[kerasaug.callbacks.TrainableGuard()], verbose=0)
    assert (model.layers[0].get_weights()[0] == before).all()
    ```

    Reference:
        [Freezing layers](https://keras.io/guides/transfer_learning/), on `compile()` after each change of a flag.
    """

    def __init__(self, every_step: bool = True) -> None:
        super().__init__()
        self.every_step = every_step
        self.async_safe = not every_step  # Keras calls it in another thread then, which would come too late
        self._layers: list[tuple[keras.Layer, bool]] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Compares."""
        check_flags(self.model, "TrainableGuard")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compares."""
        check_flags(self.model, "TrainableGuard")
        self._layers = []

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Notes the flags at the first step, when every other callback has begun its epoch."""
        if self.every_step and not self._layers:
            self._layers = [(layer, layer.trainable) for layer in walk(self.model)]

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks for flags that were changed within the epoch."""
        changed = [(layer, flag) for layer, flag in self._layers if layer.trainable != flag]
        if not changed:
            return
        for layer, flag in self._layers:  # containers first, whose flags overrule those of their contents
            layer.trainable = flag  # JAX writes its results back by these flags, also after an error
        raise RuntimeError(
            "TrainableGuard: expected `trainable` to stay as it was when the epoch began. Received a change of "
            f"{changed[0][0].name!r} at step {batch}, which the compiled step cannot see. Change flags in "
            "`on_epoch_begin`, before this callback, or use `kerasaug.callbacks.GradualUnfreezing`."
        )
