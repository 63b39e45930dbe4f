"""Checks of what a layer's methods are called with, apart from the data itself."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasaug.arguments import is_integer
from kerasaug.backend import Tensor, ops
from kerasaug.modality import IMAGES, Modality
from kerasaug.tensors import NUMBERS, as_array, differ, dtype_of


def check_call(more: Sequence[Any], named: Mapping[str, Any], layer: str, main: str = "images") -> None:
    """Refuses what a call does not take: labels, above all, which `dataset.map(layer)` hands over after the images."""
    training = [*more, *(value for name, value in named.items() if name == "training")]
    unknown = sorted(set(named) - {"training"})
    if unknown or len(training) > 1 or not all(one is None or _is_flag(one) for one in training):
        received = [*(type(one).__name__ for one in more), *(f"{name}={value!r}" for name, value in named.items())]
        raise TypeError(
            f"{layer} expects {main}, or a dict, and training=True, False or None. Received, besides: "
            f"{', '.join(received)}. To augment a dataset of (x, y): kerasaug.augment_dataset(dataset, layer)."
        )


def check_seed(seed: Any, layer: str) -> None:
    """Refuses a seed of a draw that is neither an integer nor a pair of integers."""
    if is_integer(seed):
        return
    value = seed if hasattr(seed, "dtype") else as_array(seed, "seed", layer)
    if not _holds_integers(value) or len(value.shape) != 1 or differ(value.shape[0], 2):
        raise ValueError(f"{layer} expects seed, an integer or a pair of integers. Received: seed={seed!r}.")


def as_record_ids(record_ids: Any, batch: int | None, layer: str) -> Tensor:
    """int32 (batch,), of which only the lower 32 bits count."""
    value = record_ids if hasattr(record_ids, "dtype") else as_array(record_ids, "record_ids", layer)
    count = None if None in value.shape else int(np.prod(value.shape))
    if not _holds_integers(value) or differ(count, batch):
        raise ValueError(
            f"{layer} expects record_ids, one integer for each of {batch} samples. Received: "
            f"dtype={dtype_of(value)}, shape={tuple(value.shape)}."
        )
    return ops.reshape(ops.cast(ops.convert_to_tensor(value), "int32"), (-1,))


def as_size(value: Any, layer: str) -> tuple[int, int]:
    """Reads a height and a width."""
    pair = tuple(value) if isinstance(value, Sequence) else ()
    if len(pair) != 2 or not all(is_integer(one) and one > 0 for one in pair):
        raise ValueError(f"{layer} expects size, a height and a width in pixels. Received: size={value!r}.")
    return int(pair[0]), int(pair[1])


def as_shape(value: Any, layer: str) -> tuple[int | None, ...]:
    """Reads a shape of images, whose lengths may be unknown."""
    lengths = tuple(value) if isinstance(value, Sequence) else ("none",)
    if not all(one is None or (is_integer(one) and one >= 0) for one in lengths):
        raise ValueError(f"{layer} expects a shape, a tuple of integers and None. Received: {value!r}.")
    return lengths


def check_spec(value: Any, layer: str, modality: Modality = IMAGES) -> None:
    """Refuses symbolic images (or what else is augmented) that are no numbers, or neither a batch nor one of them."""
    if dtype_of(value) not in NUMBERS:
        raise TypeError(f"{layer} expects {modality.main} to be numbers. Received: dtype={dtype_of(value)}.")
    modality.check_dtype(value, layer)
    modality.is_batch(tuple(value.shape), layer)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool | np.bool_) or (is_integer(value) and value in (0, 1))


def _holds_integers(value: Any) -> bool:
    return dtype_of(value).startswith(("int", "uint"))
