"""What can be known about training data before training: shapes, labels, the number of batches."""

import itertools
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kerasaug.tensors import dtype_of, is_number

_INFINITE, _UNKNOWN = -1, -2  # `tf.data`'s words for it


@dataclass(frozen=True)
class Inputs:
    """What is known of some data.

    Attributes:
        image_shape: Of one image; `None` where batches differ or nothing is known.
        labels: Those that were looked at: all of an array's, of a dataset the first batch's unless the whole was read;
            `None` where nothing is known.
        steps: Batches in an epoch; `None` where nothing is known.
        value_range: Lowest and highest value of the first images, where they are floats.
    """

    image_shape: tuple[int | None, ...] | None = None
    labels: np.ndarray | None = None
    steps: int | None = None
    value_range: tuple[float, float] | None = None


def inspect(
    data: Any, batch_size: int, steps_per_epoch: int | None = None, whole: bool = False, images: bool = True
) -> Inputs:
    """Looks at data of any kind that `keras.Model.fit` takes.

    A dataset is gone through once at most, since a shuffle may differ from one iteration to the next.

    Args:
        data: `(x, y)` or `(x, y, sample_weight)`, or a dataset of batches.
        batch_size: For arrays.
        steps_per_epoch: Batches in an epoch, where the caller knows.
        whole: Whether all labels are needed; a dataset is then read once, from beginning to end.
        images: Whether they must be images, of numbers; their range is not looked at otherwise.

    Raises:
        ValueError: When there are no labels, no samples, or the dataset is not batched.
    """
    if is_arrays(data):
        return _of_arrays(data, batch_size, steps_per_epoch, images)
    if isinstance(data, types.GeneratorType):
        return Inputs(steps=steps_per_epoch)  # looking at a batch would take it away
    there = _steps(data)
    steps = steps_per_epoch or there
    if steps == 0:
        raise ValueError("fine_tune expects at least one batch. Received an empty dataset.")
    needed = whole or steps == _UNKNOWN
    if needed and there == _INFINITE:
        raise ValueError("fine_tune cannot read an endless dataset: pass `classes` and `steps_per_epoch`.")
    return _of_batches(data, there if needed else steps, needed, steps_per_epoch, images)


def is_arrays(data: Any) -> bool:
    """Whether `data` is `(x, y)` or `(x, y, sample_weight)` rather than a dataset."""
    return isinstance(data, tuple | list) and len(data) in (2, 3)


def fit_arguments(data: Any, batch_size: int) -> dict[str, Any]:
    """What `fit` is given for data of any kind."""
    if not is_arrays(data):
        return {"x": data, "shuffle": isinstance(data, keras.utils.PyDataset)}  # the others come in their own order
    return {**dict(zip(("x", "y", "sample_weight"), data, strict=False)), "batch_size": batch_size}


def all_batches(data: Any) -> Iterator[Any]:
    """The batches of arrays, which are one, or of any dataset that comes to an end."""
    return iter([data]) if is_arrays(data) else _batches(data, _steps(data))


def _of_arrays(data: Any, batch_size: int, steps_per_epoch: int | None, pixels: bool) -> Inputs:
    x, y = data[0], data[1]
    if y is None:
        raise ValueError("fine_tune expects labels: train=(images, labels). Received: None for labels.")
    labels = np.asarray(y) if not isinstance(y, dict) else None
    images = keras.tree.flatten(x)[0]
    if not hasattr(images, "shape"):
        raise ValueError(f"fine_tune expects images as an array. Received: {type(x).__name__}.")
    if pixels:
        _check_pixels(images)
    count = len(images)
    if count == 0:
        raise ValueError("fine_tune expects at least one image. Received: none.")
    if labels is not None and (labels.ndim == 0 or len(labels) != count):
        raise ValueError(
            f"fine_tune expects as many labels as images. Received: {count} images and labels of shape {labels.shape}."
        )
    steps = steps_per_epoch or -(-count // batch_size)
    return Inputs(tuple(images.shape[1:]), labels, steps, _value_range(images[:batch_size]) if pixels else None)


def _steps(data: Any) -> int:
    if hasattr(data, "cardinality"):
        return int(data.cardinality())
    if hasattr(data, "num_batches"):
        return _INFINITE if data.num_batches is None else int(data.num_batches)
    try:
        return len(data)
    except TypeError:
        return _UNKNOWN


def _of_batches(data: Any, steps: int, whole: bool, steps_per_epoch: int | None, pixels: bool) -> Inputs:
    looked_at = [_parts(batch, pixels) for batch in _batches(data, steps if whole else 1)]
    if not looked_at:
        raise ValueError("fine_tune expects at least one batch. Received an empty dataset.")
    shapes = {shape for shape, _, _ in looked_at}
    known = _static_shape(data, looked_at[0][0])
    shape = tuple(one if len({other[i] for other in shapes}) == 1 else None for i, one in enumerate(known))
    labels = [y for _, y, _ in looked_at if y is not None]
    count = steps_per_epoch or (len(looked_at) if whole else steps)
    return Inputs(shape, np.concatenate(labels) if labels else None, count if count > 0 else None, looked_at[0][2])


def _batches(data: Any, limit: int) -> Iterator[Any]:
    """The first batches; all of them where their number is not known."""
    indices = range(limit) if limit >= 0 else itertools.count()
    batches = (data[i] for i in indices) if hasattr(data, "num_batches") else iter(data)
    for index, batch in enumerate(batches):
        yield batch
        if index + 1 == limit:
            return


def _parts(batch: Any, pixels: bool) -> tuple[tuple[int, ...], np.ndarray | None, tuple[float, float] | None]:
    """The shape of an image, the labels, and the range of the values, of a batch."""
    if not isinstance(batch, tuple | list) or len(batch) < 2:
        raise ValueError(
            "fine_tune expects a dataset of batches (images, labels). Received elements of "
            f"{type(batch).__name__}, without labels."
        )
    x, y = batch[0], batch[1]
    labels = None if isinstance(y, dict | list | tuple) else np.asarray(y)
    images = keras.tree.flatten(x)[0]
    if labels is not None and labels.ndim == 0:
        raise ValueError(
            f"fine_tune expects a dataset of batches. Received one of single images, of shape {tuple(images.shape)}: "
            "batch it with `dataset.batch(32)`."
        )
    if pixels:
        _check_pixels(images)
    return tuple(images.shape[1:]), labels, _value_range(images) if pixels else None


def _check_pixels(images: Any) -> None:
    """Raises for images that are no numbers, or of another size each."""
    if hasattr(images, "row_splits"):
        raise ValueError(
            "fine_tune expects images of one size. Received: a ragged tensor. Resize them before they are batched: "
            "`dataset.map(lambda image, label: (tf.image.resize(image, (224, 224)), label))`."
        )
    if not is_number(images) and dtype_of(images) != "bool":
        raise ValueError(
            f"fine_tune expects images to be numbers. Received: dtype {dtype_of(images)}. Read files with "
            "`kerasaug.datasets.load_images(folder, image_size=…)`."
        )


def _value_range(images: Any) -> tuple[float, float] | None:
    values = np.asarray(keras.ops.convert_to_numpy(images))
    if values.dtype.kind in "iub" or values.size == 0 or not np.isfinite(values.astype("float32")).all():
        return None
    return float(values.min()), float(values.max())


def _static_shape(data: Any, shape: tuple[int, ...]) -> tuple[int | None, ...]:
    """The shape that holds for every batch, where a `tf.data` dataset knows it."""
    spec = getattr(data, "element_spec", None)
    if spec is None:
        return shape
    leaf = keras.tree.flatten(spec[0])[0]
    return tuple(leaf.shape)[1:] if leaf.shape.rank is not None else (None,) * (len(shape) - 1) + shape[-1:]
