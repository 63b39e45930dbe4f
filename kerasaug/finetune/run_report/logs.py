"""Logs for TensorBoard: the numbers of each epoch as it ends, and the pictures when the run is over."""

import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasaug.extras import require
from kerasaug.finetune.run_report.curves import draw_panels, learning_panels, schedule_panels
from kerasaug.finetune.run_report.events import EventFile
from kerasaug.finetune.run_report.matrix import draw_confusions
from kerasaug.finetune.run_report.picture import headline
from kerasaug.finetune.run_report.remarks import remarks
from kerasaug.finetune.run_report.run import Run
from kerasaug.finetune.run_report.samples import draw_samples, sample_sheet
from kerasaug.finetune.run_report.style import new_figure, styled, to_png
from kerasaug.finetune.run_report.text import printable

_VALIDATION = "val_"


class EpochLogs(keras.callbacks.Callback):
    """Writes every number in an epoch's logs, under the tags and in the folders of `keras.callbacks.TensorBoard`.

    `train/` has `epoch_loss` and the like, `validation/` the same of the keys that begin with `val_`. Put it after the
    callbacks that add to the logs.

    Args:
        folder: Where to write.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        super().__init__()
        self._folder = Path(folder)
        self._files: dict[str, EventFile] = {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forgets the files of an earlier `fit`."""
        self._close()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes the epoch's numbers."""
        values = {key: float(value) for key, value in (logs or {}).items() if np.ndim(value) == 0}
        measured = {key.removeprefix(_VALIDATION): values.pop(key) for key in [*values] if key.startswith(_VALIDATION)}
        for part, numbers in (("train", values), ("validation", measured)):
            if numbers:
                file = self._files.get(part) or EventFile(self._folder / part, first_step=epoch)
                self._files[part] = file
                file.scalars({f"epoch_{key}": number for key, number in numbers.items()}, epoch)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Closes the files."""
        self._close()

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files = {}


def log_callback(folder: str | os.PathLike) -> keras.callbacks.Callback:
    """A callback that logs each epoch for TensorBoard, on any backend.

    A `fit` that is resumed with `initial_epoch`, or by a backup, replaces what a killed one had logged of the epochs
    that it runs again. Look with `tensorboard --logdir FOLDER`.

    Args:
        folder: Where to write: `train/` and `validation/` are made in it.

    Raises:
        ImportError: When TensorFlow, which writes the files, is not installed.
    """
    require("tensorflow", "tensorflow", "log_callback")
    return EpochLogs(folder)


def write_logs(run: Run, folder: str | os.PathLike) -> None:
    """Writes what is known when a run is over: its pictures, its schedule, and its main figures as text.

    Args:
        run: What the run left.
        folder: That of `log_callback`; this goes into `report/` in it, at the step of the last epoch.

    Raises:
        ImportError: When TensorFlow or matplotlib is not installed.
        OSError: When the folder cannot be written; no half a file stays.
    """
    pictures, step = _pictures(run), max(run.epochs - 1, 0)
    file = EventFile(Path(folder) / "report", first_step=0)
    try:
        for tag, png in pictures.items():
            file.image(tag, png, step)
        file.text("summary", _markdown(run), step)
        for key in ("learning_rate", "weight_decay", "strength", "unfrozen_groups"):
            for epoch, value in enumerate(run.history.get(key, ())):
                file.scalars({f"schedule/{key}": float(value)}, epoch)
        file.close()
    except BaseException:
        file.path.unlink(missing_ok=True)
        raise


def _pictures(run: Run) -> dict[str, bytes]:
    with styled():
        pictures = {}
        if len(run.originals):
            height, width = sample_sheet(run)[0].shape[:2]
            pictures["augmented_samples"] = _drawn(draw_samples, run, 9.0, 9.0 * height / width + 0.4)
        if len(run.truth):
            pictures["confusion_matrix"] = _drawn(draw_confusions, run, 8.0, 8.0)
        for tag, chosen in (("learning_curves", learning_panels(run)), ("schedule", schedule_panels(run))):
            if chosen:
                figure = new_figure(8.0, 0.5 + 1.2 * sum(panel.height for panel in chosen))
                ratios = [panel.height for panel in chosen]
                column = figure.subplots(len(chosen), 1, height_ratios=ratios, squeeze=False)[:, 0]
                draw_panels(list(column), chosen, run)
                pictures[tag] = to_png(figure)
        return pictures


def _drawn(draw: Any, run: Run, width: float, height: float) -> bytes:
    figure = new_figure(width, height)
    draw(figure.subplots(), run)
    return to_png(figure)


def _markdown(run: Run) -> str:
    recipe = "\n".join(f"| {printable(key)} | {printable(value)} |" for key, value in run.recipe.items())
    notes = "\n".join(f"- {remark}" for remark in remarks(run))
    return f"**{printable(run.title)}**: {headline(run)}\n\n{notes}\n\n| recipe | |\n|---|---|\n{recipe}\n"
