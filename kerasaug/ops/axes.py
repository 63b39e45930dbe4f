"""Warps that keep rows rows and columns columns, as two matrix products: for a TPU, which gathers slowly."""

import keras
import numpy as np

from kerasaug.backend import Tensor, ops, product
from kerasaug.ops.matrix import Size
from kerasaug.ops.resample import bring_inside

_PLANE = 16  # bits of an integer that float32 multiplies exactly, with room to spare


def resample_axes(
    images: Tensor,
    matrix: Tensor,
    size: Size,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
) -> Tensor:
    """What `resample` returns, where matrices only scale and shift: rows · images · columns, and no gather.

    But for images with a NaN or an infinity, which times the zeros of the matrices makes NaN of their channel.

    Args:
        images: (batch, height, width, channels), any numeric dtype.
        matrix: float32 (batch, 3, 3), or one for all: no more than a diagonal and a last column.
        size: Height and width of the output.
        interpolation: As in `resample`.
        fill_mode: As in `resample`.
        fill_value: As in `resample`.

    Returns:
        As `resample` does.
    """
    rows, columns = (
        _weights(matrix[:, i, i], matrix[:, i, 2], ops.shape(images)[2 - i], size[1 - i], interpolation, fill_mode)
        for i in (1, 0)
    )
    dtype = keras.backend.standardize_dtype(images.dtype)
    pixels = _exactly(images, rows, columns) if interpolation == "nearest" else _weighted(images, rows, columns)
    if fill_mode == "constant":
        inside = ops.sum(rows, axis=2)[:, :, None, None] * ops.sum(columns, axis=2)[:, None, :, None]
        if interpolation == "nearest":
            return ops.where(inside > 0, pixels, ops.cast(fill_value, dtype))
        return pixels + fill_value * (1.0 - inside)
    return pixels


def copy_axes(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Copies pixels at the int32 rows (batch, m) and columns (batch, n): (batch, m, n, channels), any dtype."""
    height, width = ops.shape(images)[1:3]
    return _exactly(images, _one_hot(rows, height), _one_hot(columns, width))


def _weights(scale: Tensor, shift: Tensor, length: int, count: int, interpolation: str, fill_mode: str) -> Tensor:
    """float32 (batch, count, length): how much of each pixel along an axis each output reads."""
    places = ops.arange(count, dtype="float32") - (count - 1.0) / 2.0
    places = scale[:, None] * places + (shift[:, None] + (length - 1.0) / 2.0)
    places = bring_inside(places, length, fill_mode)
    if interpolation == "nearest":
        return _tap(ops.floor(places + 0.5), length, fill_mode)
    first = ops.floor(places)
    share = (places - first)[..., None]
    return _tap(first, length, fill_mode) * (1.0 - share) + _tap(first + 1.0, length, fill_mode) * share


def _tap(place: Tensor, length: int, fill_mode: str) -> Tensor:
    index = ops.cast(place, "int32")
    if fill_mode == "wrap":
        index = index % length
    elif fill_mode != "constant":
        index = ops.clip(index, 0, length - 1)
    return _one_hot(index, length)  # beyond the frame, a row of zeros


def _one_hot(index: Tensor, length: int) -> Tensor:
    return ops.cast(index[..., None] == ops.arange(length, dtype="int32"), "float32")


def _weighted(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    images = ops.cast(images, "float32")
    by_row = "bih,bhwc->biwc" if rows.shape[0] == images.shape[0] else "aih,bhwc->biwc"
    by_column = "bjw,biwc->bijc" if columns.shape[0] == images.shape[0] else "ajw,biwc->bijc"
    return product(by_column, columns, product(by_row, rows, images))


def _exactly(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The same in the images' own dtype, for weights of 0 and 1; large integers go 16 bits at a time."""
    dtype = keras.backend.standardize_dtype(images.dtype)
    if dtype.startswith(("float", "bfloat")) or np.dtype(dtype).itemsize * 8 <= _PLANE:
        return ops.cast(_weighted(images, rows, columns), dtype)
    planes = range(0, np.dtype(dtype).itemsize * 8, _PLANE)
    parts = [ops.bitwise_and(ops.right_shift(images, shift), 2**_PLANE - 1) for shift in planes]
    moved = [ops.cast(_weighted(part, rows, columns), dtype) for part in parts]
    return sum(ops.left_shift(part, shift) for part, shift in zip(moved, planes, strict=True))
