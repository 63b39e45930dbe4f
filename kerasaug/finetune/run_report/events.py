"""Event files of TensorBoard, written with TensorFlow alone.

`tf.summary.scalar` and Keras's own callback need the `tensorboard` package, which TensorFlow no longer installs; that
package is needed only to look at the logs.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasaug.extras import require


class EventFile:
    """An event file of TensorBoard, new in its folder.

    Args:
        folder: The run's folder; made if need be.
        first_step: TensorBoard forgets what older files of the folder say of this step and later ones: a run that was
            killed and resumed has each epoch once.
    """

    def __init__(self, folder: Path, first_step: int | None = None) -> None:
        self._tf = require("tensorflow", "tensorflow", "TensorBoard's logs")
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"events.out.tfevents.{time.time_ns():020d}.{os.getpid()}.kerasaug"
        self._file = self._tf.io.TFRecordWriter(str(self.path))
        self._write(file_version="brain.Event:2")
        if first_step is not None:
            start = self._tf.compat.v1.SessionLog(status=self._tf.compat.v1.SessionLog.START)
            self._write(step=first_step, session_log=start)

    def scalars(self, values: dict[str, float], step: int) -> None:
        """Writes numbers by their tags, and sees to it that they are in the file."""
        value = self._tf.compat.v1.Summary.Value
        self._summary([value(tag=tag, simple_value=number) for tag, number in values.items()], step)

    def image(self, tag: str, png: bytes, step: int) -> None:
        """Writes a picture."""
        summary = self._tf.compat.v1.Summary
        width, height = (int.from_bytes(png[start : start + 4], "big") for start in (16, 20))
        image = summary.Image(width=width, height=height, colorspace=3, encoded_image_string=png)
        self._summary([summary.Value(tag=tag, image=image)], step)

    def text(self, tag: str, markdown: str, step: int) -> None:
        """Writes Markdown."""
        v1 = self._tf.compat.v1
        metadata = v1.SummaryMetadata(plugin_data=v1.SummaryMetadata.PluginData(plugin_name="text"))
        tensor = self._tf.make_tensor_proto(markdown)
        self._summary([v1.Summary.Value(tag=tag, tensor=tensor, metadata=metadata)], step)

    def close(self) -> None:
        """Closes the file."""
        self._guarded(self._file.close)

    def _summary(self, values: list[Any], step: int) -> None:
        self._write(step=step, summary=self._tf.compat.v1.Summary(value=values))

    def _write(self, **fields: Any) -> None:
        event = self._tf.compat.v1.Event(wall_time=time.time(), **fields)
        self._guarded(lambda: (self._file.write(event.SerializeToString()), self._file.flush()))

    def _guarded(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except self._tf.errors.OpError as error:  # no `OSError`, though a full disk it is
            raise OSError(f"TensorBoard's logs cannot be written: {error.message}") from error
