"""A backup after which training goes on exactly as if it had never stopped."""

import os
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasaug import backend
from kerasaug.resume import state as training_state
from kerasaug.resume import storage
from kerasaug.resume.callback_states import CallbackStates
from kerasaug.resume.plain import decode, encode

_VERSION = 1


class BackupAndRestore(keras.callbacks.Callback):
    """Backs a training up after each epoch, and resumes it so that it ends in the very same weights.

    Running the same script again after it was stopped, by Ctrl-C, a crash or a kill at any moment, gives bit for bit
    the weights of a run that was never stopped, on the same backend and machine. Keras's callback of this name keeps
    weights, optimizer and epoch. This one also keeps

    - the state of every seed generator in the model: Dropout's, the augmentation's, and its live `strength`;
    - the position in the order of the data: epochs that are done are drawn once more and left, without training;
    - what other callbacks remember, `History`, `EarlyStopping`, `ReduceLROnPlateau` and `ModelCheckpoint` among them:
      every attribute that has changed and holds numbers, strings or arrays, or lists, tuples and dicts of those alone;
      a callback that keeps anything else has `get_state()`, whose result is given to its `set_state(state)`;
    - the random states of Keras, Python and NumPy.

    A backup is written under another name and renamed, so a kill leaves it whole or not there. The last two are kept,
    and one that cannot be read is named in a warning and the one before it taken. The callback acts after all
    others, wherever it stands in the list.

    What it cannot know: data that do not repeat when the script is run again. Call `keras.utils.set_random_seed`
    before the model and the data are made, and shuffle no validation data. Files that other callbacks write are
    theirs: give `CSVLogger` its `append=True`.

    Args:
        backup_dir: Folder of this training's backups, and of no other's.
        save_freq: `"epoch"`, the only choice: within an epoch nobody knows where a shuffle stands.
        double_checkpoint: Taken as Keras takes it. Two backups are kept in any case.
        delete_checkpoint: Whether the backups are removed when training is done. Defaults to `True`. When they are
            kept, running again trains no further, unless `epochs` has grown and training had not been stopped early.

    Raises:
        ValueError: When `save_freq` is not `"epoch"`; when training begins and the backup is of another model,
            optimizer or number of steps, or there are backups and none can be read.
        RuntimeError: When training is not `keras.Model.fit`'s.
        OSError: When a backup cannot be written. Those before it stay.

    Example:

    ```python
    import tempfile

    import keras
    import numpy as np
    from kerasaug.callbacks import BackupAndRestore

    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    backup = BackupAndRestore(tempfile.mkdtemp())
    model.fit(np.ones((8, 4)), np.ones((8, 2)), epochs=2, callbacks=[backup], verbose=0)
    ```

    Reference:
        `keras.callbacks.BackupAndRestore`.
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike,
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError(f"BackupAndRestore: expected `backup_dir`, a folder. Received: {backup_dir!r}.")
        if save_freq != "epoch":
            raise ValueError(
                "BackupAndRestore: expected save_freq='epoch', since training resumes exactly between two epochs. "
                f"Received: save_freq={save_freq!r}. Give `fit` a smaller `steps_per_epoch` for backups more often."
            )
        self.backup_dir = Path(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Puts its working half at the end of the list of callbacks, after all others have begun."""
        fit = backend.running_fit(self.model)
        others = [one for one in fit.callbacks if getattr(one, "settings", None) is not self]
        last = _Last(self, fit, others)
        last.set_params(self.params)
        last.set_model(self._model)
        fit.callbacks[:] = [*others, last]


class _Last(keras.callbacks.Callback):
    """Backs up and restores when every other callback has had its turn."""

    def __init__(self, settings: BackupAndRestore, fit: backend.Fit, others: list[Any]) -> None:
        super().__init__()
        self.settings, self._fit, self._others = settings, fit, others
        self._folder = settings.backup_dir
        self._states: CallbackStates

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._states = CallbackStates(self._others, left_out=(self.settings,))
        backup = storage.read_latest(self._folder)
        if backup is None:
            return
        content = decode(backup.description, backup.arrays)
        self._check(content)
        training_state.restore(self.model, content["training"])
        backend.pass_over(self._fit.epoch_iterator, backup.number - self._fit.initial_epoch)
        training_state.restore_random(content["training"])  # last: shuffles draw from these states as they did before
        self._states.restore(content["callbacks"])
        done = content["stopped"] or backup.number >= self.params["epochs"]
        backend.begin_at(self.model, self.params["epochs"] if done else backup.number)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        backend.begin_at(self.model, None)  # it has begun: the next `fit` of this model shall begin at its own

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        content = {
            "version": _VERSION,
            "backend": keras.backend.backend(),
            "steps": self.params.get("steps"),
            "stopped": bool(self.model.stop_training),
            "training": training_state.capture(self.model),
            "callbacks": self._states.capture(),
        }
        arrays: list[np.ndarray] = []
        code = encode(content, arrays)
        storage.write(self._folder, storage.Backup(epoch + 1, code, arrays))

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        backend.begin_at(self.model, None)
        if self.settings.delete_checkpoint:
            storage.remove(self._folder)

    def _check(self, content: dict[str, Any]) -> None:
        here = {"version": _VERSION, "backend": keras.backend.backend(), "steps": self.params.get("steps")}
        for name, value in here.items():
            if content[name] != value and None not in (content[name], value):
                raise ValueError(
                    f"BackupAndRestore: expected a backup in {self._folder} with {name} {value!r}. Received: "
                    f"{content[name]!r}. Run it as it was run before, or choose another `backup_dir`."
                )
        seed = backend.global_seed()
        if content["training"]["seed"] != seed:
            warnings.warn(
                f"BackupAndRestore: keras.utils.set_random_seed was called with {content['training']['seed']} when the "
                f"backup in {self._folder} was made, and with {seed} now: data are shuffled in another order.",
                stacklevel=2,
            )
