"""Resizing to a size that is known beforehand, by weights that mostly are too."""

from functools import partial
from typing import Any

import numpy as np

from kerasaug.backend import Tensor, fuses_too_much, is_interpreted, materialize, on_tpu, ops, product, stretch
from kerasaug.ops.axes import copy_axes
from kerasaug.ops.kernels import KERNELS, weights
from kerasaug.ops.matrix import Size

INTERPOLATIONS = ("nearest", *KERNELS)
_NOTHING = 1e-9  # a weight: the sine of a whole number of half turns is 1e-17
_MOST_TAPS = 8  # pixels an axis, above which matrices are multiplied
_MOST_TAPS_ON_CPU = 32  # where XLA reads 27 of them in 20 ms, its matrix products take 50 (32x448x448x3)


def resize(images: Tensor, size: tuple[int, int], interpolation: str = "bilinear", antialias: bool = False) -> Tensor:
    """Resizes images.

    Args:
        images: (batch, height, width, channels), any numeric dtype; height and width may be unknown on TensorFlow.
        size: Height and width of the output.
        interpolation: One of `INTERPOLATIONS`.
        antialias: Whether the kernel grows as the image shrinks; `"nearest"` and `"area"` have none that could.

    Returns:
        (batch, *size, channels): float32; the images' dtype for `"nearest"`, or where they have the size already. A NaN
        or an infinity reaches the pixels whose kernel reads it, or, where matrices are multiplied, its whole image.
    """
    source = tuple(ops.shape(images)[1:3])
    known = all(isinstance(length, int) for length in source)
    if known and source == size:
        return images
    if interpolation == "nearest":
        return _nearest(images, source, size, np if known else ops)
    if not known or is_interpreted():
        return _by_tensorflow(images, source, size, interpolation, antialias, exact=known)
    rows, columns = (weights(*pair, interpolation, antialias) for pair in zip(source, size, strict=True))

    def products() -> Tensor:
        return _multiplied(images, rows.astype("float32"), columns.astype("float32"))

    taps = [_Taps(axis) for axis in (rows, columns)]
    most = _MOST_TAPS_ON_CPU if fuses_too_much(images) else _MOST_TAPS
    if max(one.count for one in taps) > most:
        return products()
    return on_tpu(products, lambda: _read(images, *taps))


def frame(images: Tensor, window: tuple[Any, Any, Any, Any], fill_value: float = 0.0) -> Tensor:
    """Cuts a window out of images, or puts them into a larger one.

    Args:
        images: (batch, height, width, channels), any numeric dtype.
        window: Top, left, height and width, integers or scalar tensors; its corner may lie outside the image.
        fill_value: What is beyond the image.

    Returns:
        (batch, height, width, channels), the images' dtype.
    """
    size = ops.shape(images)[1:3]
    known = all(isinstance(one, int) for one in (*window, *size))
    most = max if known else ops.maximum
    pads, cuts = [], []
    for first, count, length in zip(window[:2], window[2:], size, strict=True):
        pads.append([most(-first, 0), most(first + count - length, 0)])
        cuts.append(slice(most(first, 0), most(first, 0) + count))
    if not known or np.any(pads):
        padding = [[0, 0], *pads, [0, 0]]
        images = ops.pad(images, padding, constant_values=ops.cast(fill_value, images.dtype))
    return images[:, cuts[0], cuts[1]]


def _nearest(images: Tensor, source: Size, size: tuple[int, int], xp: Any) -> Tensor:
    """Each axis by itself; the pixel in which the new one's centre lies, in whole numbers."""
    pairs = zip(source, size, strict=True)
    rows, columns = ((2 * xp.arange(count, dtype="int32") + 1) * length // (2 * count) for length, count in pairs)
    if xp is np and rows.dtype != np.int32:
        rows, columns = rows.astype("int32"), columns.astype("int32")

    def reads() -> Tensor:
        return ops.take(ops.take(images, rows, axis=1), columns, axis=2)

    return on_tpu(lambda: copy_axes(images, rows[None], columns[None]), reads)


def _by_tensorflow(
    images: Tensor, source: Size, size: tuple[int, int], kernel: str, antialias: bool, exact: bool
) -> Tensor:
    """By TensorFlow's kernels, the fastest where XLA does not compile; by weights computed there where it does."""
    if is_interpreted():
        same = ops.logical_and(ops.equal(source[0], size[0]), ops.equal(source[1], size[1]))
        stretched = partial(stretch, images, size, kernel, antialias, exact)
        pixels = ops.cond(same, lambda: ops.cast(images, "float32"), stretched)
    else:  # XLA has none of those kernels but the bilinear one, which reads a wrong row where one is hit exactly
        shares = [weights(*pair, kernel, antialias, ops) for pair in zip(source, size, strict=True)]
        pixels = _multiplied(images, *shares)
    return ops.reshape(pixels, (-1, *size, ops.shape(images)[3]))


def _multiplied(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    return product("jw,biwc->bijc", columns, product("ih,bhwc->biwc", rows, ops.cast(images, "float32")))


class _Taps:
    """The pixels that have a weight, as many for each new one."""

    def __init__(self, shares: np.ndarray) -> None:
        shares = np.where(np.abs(shares) < _NOTHING, 0.0, shares)
        places = np.arange(shares.shape[1])
        first = np.argmax(shares != 0, axis=1)
        last = np.max(np.where(shares != 0, places, 0), axis=1)
        self.count = int(np.max(last - first)) + 1
        index = first[:, None] + np.arange(self.count)
        self.index = np.minimum(index, shares.shape[1] - 1).astype("int32")
        shares = np.take_along_axis(shares, self.index, axis=1)
        self.shares = np.where(index == self.index, shares, 0.0).astype("float32")

    def along(self, images: Tensor, axis: int) -> Tensor:
        """float32: the weighted sum of what is read along an axis."""
        shape = [-1 if i == axis else 1 for i in range(4)]
        shares = [ops.convert_to_tensor(self.shares[:, k].reshape(shape)) for k in range(self.count)]
        taken = [ops.take(images, self.index[:, k], axis=axis) for k in range(self.count)]
        return sum(ops.cast(pixels, "float32") * share for pixels, share in zip(taken, shares, strict=True))


def _read(images: Tensor, rows: _Taps, columns: _Taps) -> Tensor:
    """Rows first, which are read whole; XLA would compute each anew for every column that reads it."""
    batch, _, width, channels = ops.shape(images)
    between = rows.along(images, 1)
    if rows.count * columns.count > 4 and fuses_too_much(images):
        shape = (batch, len(rows.index), width, channels)
        between = materialize(lambda: rows.along(images, 1), images, shape, "float32")
    return columns.along(between, 2)
