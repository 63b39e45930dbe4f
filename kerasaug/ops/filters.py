"""Per-sample kernels: what a pixel becomes, by its neighbours.

Everything works on rows, a view of the images in which columns lie last: a neighbour is some slice away, and the inner
loop, a whole row of all channels, is long and contiguous.
"""

from dataclasses import dataclass

import numpy as np

from kerasaug.backend import Tensor, correlate, fuses_too_much, is_interpreted, materialize, ops

_BOX, _TOTAL = 9.0, 13.0  # the kernel that smooths, [1 1 1; 1 5 1; 1 1 1] / 13, is a box and 4 times the middle
_STAYS = np.diag([0.0, 1.0, 0.0]).astype("float32")
_SMOOTHS = (np.ones((3, 3), "float32") + 4.0 * _STAYS) / np.float32(_TOTAL)
_NARROWEST = 1e-3  # deviation; narrower ones divide by zero


@dataclass
class Rows:
    """Images, rows before columns.

    Attributes:
        values: (…, height, width·step), of which the first axis is the batch.
        step: How far apart neighbours in a row are.
    """

    values: Tensor
    step: int | Tensor

    @classmethod
    def of(cls, images: Tensor, data_format: str) -> "Rows":
        """Of images (batch, height, width, channels), or (batch, channels, height, width)."""
        if data_format == "channels_first":
            return cls(images, 1)
        batch, height, width, channels = ops.shape(images)
        return cls(ops.reshape(images, (batch, height, width * channels)), channels)

    @property
    def correlates(self) -> bool:
        """Whether TensorFlow correlates one image: 64x224x224x3 with 7 neighbours in 42 ms, and in slices in 90."""
        return is_interpreted() and self.values.shape[0] == 1 and isinstance(self.step, int)

    def correlated(self, values: Tensor, kernel: Tensor, padding: str) -> Tensor:
        """Values (…, height, width·step) weighed with their neighbours by float32 (rows, columns)."""
        *lead, height, width = ops.shape(values)
        images = correlate(ops.reshape(values, (-1, height, width // self.step, self.step)), kernel, padding)
        height, width = ops.shape(images)[1:3]
        return ops.reshape(images, (*lead, height, width * self.step))

    def align(self, value: Tensor) -> Tensor:
        """Shapes (batch,) so that it broadcasts with the values."""
        return ops.reshape(value, (-1,) + (1,) * (len(self.values.shape) - 1))


def gaussian(sigma: Tensor, size: int) -> Tensor:
    """Weights exp(-i²/2σ²) about the middle, normalised: float32 (batch, size), from deviations (batch,) in pixels."""
    i = ops.arange(size, dtype="float32") - (size - 1) / 2.0
    weights = ops.exp(-0.5 * ops.square(i / ops.maximum(sigma, _NARROWEST)[:, None]))
    return weights / ops.sum(weights, axis=1, keepdims=True)


def blur(rows: Rows, vertical: Tensor, horizontal: Tensor) -> Tensor:
    """Weighs each pixel's neighbours along the column, then along the row; (d c b | a b c d | c b a) beyond the frame.

    Args:
        rows: float32 images.
        vertical: float32 (batch, size), symmetric weights of an odd number of neighbours.
        horizontal: The same, along the row; another size if need be.

    Returns:
        float32, the shape of `rows.values`.
    """
    tall, wide = vertical.shape[1] // 2, horizontal.shape[1] // 2

    def columns() -> Tensor:
        blurred = _weigh(rows, _extend(rows.values, tall, -2, 1), vertical, -2, 1)
        return _extend(blurred, wide, -1, rows.step)

    if not fuses_too_much(rows.values):
        return _weigh(rows, columns(), horizontal, -1, rows.step)
    *lead, length = ops.shape(rows.values)  # 12 ms for 7 neighbours in 64×224×224×3 becomes 9, and 14 for 3 becomes 7
    extended = materialize(columns, rows.values, (*lead, length + 2 * wide * rows.step), "float32")
    return _weigh(rows, extended, horizontal, -1, rows.step)


def sharpen(rows: Rows, amount: Tensor) -> Tensor:
    """Blends images with their smoothed selves; the outermost pixels stay, as Pillow's do.

    Args:
        rows: float32 images.
        amount: float32 (batch,): 0 is smoothed, 1 the image, 2 as far beyond it.

    Returns:
        float32, the shape of `rows.values`.
    """
    values, step = rows.values, rows.step
    share = (1.0 - amount) / _TOTAL
    if is_interpreted() and isinstance(step, int):
        return _sharpened(rows, amount)
    column = values[..., :-2, :] + values[..., 1:-1, :] + values[..., 2:, :]
    box = column[..., : -2 * step] + column[..., step:-step] + column[..., 2 * step :]
    inner = values[..., 1:-1, step:-step]
    sharpened = rows.align(share) * box + rows.align(1.0 - _BOX * share) * inner
    left, right = values[..., 1:-1, :step], values[..., 1:-1, step:][..., -step:]
    middle = ops.concatenate([left, sharpened, right], axis=-1)
    return ops.concatenate([values[..., :1, :], middle, values[..., 1:, :][..., -1:, :]], axis=-2)


def _sharpened(rows: Rows, amount: Tensor) -> Tensor:
    """The same in few passes, where each is a pass over memory."""
    height, length = ops.shape(rows.values)[-2:]
    change = rows.correlated(rows.values, _SMOOTHS - _STAYS, "SAME")[..., 1:-1, rows.step : -rows.step]
    borders = [[0, 0]] * (len(rows.values.shape) - 2) + [[1, 1], [rows.step, rows.step]]
    change = ops.pad(change, borders)[..., :height, :length]  # there may be borders alone
    return rows.values + rows.align(1.0 - amount) * change


def _weigh(rows: Rows, extended: Tensor, weights: Tensor, axis: int, step: int | Tensor) -> Tensor:
    """Sums slices of what was extended by half of the kernel at either end, times its weights."""
    if rows.correlates:
        return rows.correlated(extended, weights[0][:, None] if axis == -2 else weights[0][None], "VALID")
    size = weights.shape[1]
    length = ops.shape(extended)[axis] - (size - 1) * step

    def neighbor(i: int) -> Tensor:
        part = slice(i * step, i * step + length)
        return extended[..., part, :] if axis == -2 else extended[..., part]

    total = rows.align(weights[:, size // 2]) * neighbor(size // 2)
    for i in range(size // 2):
        total = total + rows.align(weights[:, i]) * (neighbor(i) + neighbor(size - 1 - i))
    return total


def _extend(values: Tensor, radius: int, axis: int, step: int | Tensor) -> Tensor:
    """Mirrors `radius` pixels at either end of an axis, about the outermost ones; as often as it takes."""
    if radius == 0:
        return values
    length = ops.shape(values)[axis] // step
    before = ops.arange(-radius, 0, dtype="int32")
    ends = [before, before + (radius + length)]
    low, high = (ops.take(values, _places(_fold(index, length), step), axis=axis) for index in ends)
    return ops.concatenate([low, values, high], axis=axis)


def _fold(index: Tensor, length: int | Tensor) -> Tensor:
    period = ops.maximum(2 * length - 2, 1)
    index = ops.mod(ops.abs(index), period)
    return ops.minimum(index, period - index)


def _places(index: Tensor, step: int | Tensor) -> Tensor:
    return ops.reshape(index[:, None] * step + ops.arange(step, dtype="int32"), (-1,))
