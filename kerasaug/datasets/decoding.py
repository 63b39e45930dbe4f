"""From the bytes of a file to an image of the size that a network takes, with TensorFlow's own operations."""

import os
from collections.abc import Sequence
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

from kerasaug.datasets.progress import Report
from kerasaug.extras import require

# What `tf.io.decode_image` tells apart by the first bytes, and how a whole file of the kind ends.
_KINDS = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "GIF": b"GIF8", "BMP": b"BM", "WebP": b"RIFF"}
_ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82", "GIF": b";"}
_TAIL = 64  # bytes: some cameras and editors leave a little padding behind the end


def tensorflow(needed_by: str) -> Any:
    """Imports TensorFlow for reading data, off the accelerator where another backend computes.

    Left alone, TensorFlow claims most of a GPU's memory with its first operation, and JAX finds none.
    """
    import keras

    tf = require("tensorflow", "tensorflow", needed_by)
    if keras.backend.backend() != "tensorflow":
        try:
            tf.config.set_visible_devices([], "GPU")
        except RuntimeError:  # TensorFlow is in use already: whoever used it first has decided
            pass
    return tf


def decoded(tf: Any, content: Any) -> Any:
    """uint8 RGB from the bytes of a JPEG, PNG, GIF (its first frame), BMP or WebP file."""
    return tf.io.decode_image(content, channels=3, expand_animations=False)


def resized(tf: Any, image: Any, size: tuple[int, int], crop: bool) -> Any:
    """uint8 RGB of `size`, (height, width), from uint8 of any size and 1, 3 or 4 channels.

    Bilinear, antialiased, rounded to the nearest grey level.

    Args:
        tf: The module.
        image: A tensor whose number of channels is known; a fourth is dropped.
        size: Height and width.
        crop: Whether to keep the aspect ratio and cut off what is too much at both ends; otherwise the whole image is
            squeezed into `size`.
    """
    image = tf.image.grayscale_to_rgb(image) if image.shape[-1] == 1 else image[..., :3]
    if crop:
        image = _centre(tf, image, size)
    image = tf.image.resize(image, size, method="bilinear", antialias=True)
    image = tf.cast(tf.clip_by_value(tf.round(image), 0, 255), "uint8")
    return tf.ensure_shape(image, (*size, 3))


def _centre(tf: Any, image: Any, size: tuple[int, int]) -> Any:
    shape = tf.shape(image)
    height, width = shape[0], shape[1]
    rows = tf.clip_by_value(width * size[0] // size[1], 1, height)
    columns = tf.clip_by_value(height * size[1] // size[0], 1, width)
    return tf.image.crop_to_bounding_box(image, (height - rows) // 2, (width - columns) // 2, rows, columns)


def check_files(tf: Any, files: Sequence[Path], report: Report) -> list[str | None]:
    """Decodes every file in full, and says why for those that cannot be.

    Args:
        tf: The module.
        files: Paths.
        report: Told of every file.

    Returns:
        For each file `None`, or the reason in a few words.
    """
    reasons: list[str | None] = []
    with ThreadPool(min(len(files), os.cpu_count() or 1) or 1) as pool:
        for reason in pool.imap(partial(_reason, tf), files, chunksize=4):
            reasons.append(reason)
            report("Checking images", len(reasons), len(files))
    return reasons


def _reason(tf: Any, file: Path) -> str | None:
    try:
        if not file.is_file():
            return "broken link" if file.is_symlink() and not file.exists() else "not a regular file"
        content = file.read_bytes()
    except PermissionError:
        return "no permission"
    except OSError as error:
        return f"unreadable: {error.strerror or error}"
    try:
        with tf.device("CPU:0"):
            decoded(tf, content)
    except (tf.errors.OpError, ValueError):
        return _diagnosis(content)
    return None


def _diagnosis(content: bytes) -> str:
    if not content:
        return "empty file"
    kind = next((name for name, magic in _KINDS.items() if content.startswith(magic)), None)
    if kind is None:
        return "not an image"
    if kind in _ENDS and _ENDS[kind] not in content[-_TAIL:]:
        return "truncated"
    return f"corrupt {kind}"
