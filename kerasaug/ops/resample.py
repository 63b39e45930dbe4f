"""The one resampler: every geometric op is a matrix, and this reads the pixels it points at."""

from typing import Any

from kerasaug.backend import Tensor, active, fuses_too_much, gather_rows, is_interpreted, move, ops
from kerasaug.ops.computed import computed
from kerasaug.ops.matrix import HORIZON, Size
from kerasaug.ops.planes import counted
from kerasaug.ops.rows import counts, first_rows

FILL_MODES = ("reflect", "constant", "wrap", "nearest")
INTERPOLATIONS = ("bilinear", "nearest")
_SPECK = 1e-30  # a share that adds nothing to a number, and of an infinity makes no NaN, as 0 would


def resample(
    images: Tensor,
    matrix: Tensor,
    size: Size | None = None,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    projective: bool = False,
    planes: int = 1,
) -> Tensor:
    """Reads images at the pixels that an output-to-input matrix points at.

    Args:
        images: (batch, height, width, channels), any numeric dtype.
        matrix: float32 (batch, 3, 3), on coordinates centred in either image.
        size: Height and width of the output; the input's when `None`.
        interpolation: `"bilinear"` or `"nearest"`.
        fill_mode: What lies beyond the frame: `"reflect"` (d c b a | a b c d | d c b a), `"constant"`, `"wrap"`
            (a b c d | a b c d) or `"nearest"` (a a a a | a b c d).
        fill_value: The constant.
        projective: Whether a matrix's last row is more than (0, 0, 1).
        planes: How many images in a row have one matrix: the channels of an image.

    Returns:
        (batch, *size, channels): float32 for `"bilinear"`, the images' own dtype for `"nearest"`.
    """
    source = tuple(ops.shape(images)[1:3])
    if is_interpreted() and interpolation == "bilinear" and fill_mode != "wrap" and not projective:
        return move(images, _on_indices(matrix, size or source, source), size or source, fill_mode, fill_value)
    how = (interpolation, fill_mode, fill_value)
    if planes > 1 and active() == "tensorflow" and fuses_too_much(images):
        x, y = _source(matrix[::planes], size or source, source, projective)
        return _together(images, planes, x, y, how)
    x, y = _source(matrix, size or source, source, projective)
    return read_at(images, x, y, *how)


def _together(images: Tensor, planes: int, x: Tensor, y: Tensor, how: tuple[str, str, float]) -> Tensor:
    """Reads a pixel's channels side by side: TensorFlow's XLA takes 33 ms for what takes 43 plane by plane."""
    channels = ops.reshape(images, (-1, planes, *ops.shape(images)[1:3]))
    moved = computed(read_at(channels, x, y, *how, channel_axis=1))
    return ops.reshape(ops.transpose(moved, (0, 3, 1, 2)), (-1, *ops.shape(moved)[1:3], 1))


def read_at(
    images: Tensor,
    x: Tensor,
    y: Tensor,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    channel_axis: int = -1,
) -> Tensor:
    """Reads images at given places.

    Args:
        images: (batch, height, width, channels), any numeric dtype; the channels elsewhere as `channel_axis` says.
        x: float32 (batch, rows, columns), indices of columns of the images, whole at the centres of pixels.
        y: The same, of rows.
        interpolation: `"bilinear"` or `"nearest"`.
        fill_mode: What lies beyond the frame, as in `resample`.
        fill_value: The constant.
        channel_axis: That of the images, -1 or 1.

    Returns:
        (batch, rows, columns, channels): float32 for `"bilinear"`, the images' own dtype for `"nearest"`.
    """
    height, width = ops.shape(images)[2:] if channel_axis == 1 else ops.shape(images)[1:3]
    x, y = bring_inside(x, width, fill_mode), bring_inside(y, height, fill_mode)
    if interpolation == "nearest":
        read = _Reader(images, images.dtype, fill_mode, fill_value, channel_axis)
        return read(ops.floor(y + 0.5), ops.floor(x + 0.5))
    read = _Reader(images, "float32", fill_mode, fill_value, channel_axis)
    x0, y0, x1, y1 = ops.floor(x), ops.floor(y), ops.ceil(x), ops.ceil(y)  # one pixel twice, no neighbour, where whole
    wx, wy = (ops.maximum(share, _SPECK)[..., None] for share in (x - x0, y - y0))
    top = _lerp(read(y0, x0), read(y0, x1), wx)
    bottom = _lerp(read(y1, x0), read(y1, x1), wx)
    return _lerp(top, bottom, wy)


def _lerp(low: Tensor, high: Tensor, weight: Tensor) -> Tensor:
    return low * (1.0 - weight) + high * weight


def _source(matrix: Tensor, size: Size, source: Size, projective: bool) -> tuple[Tensor, Tensor]:
    """Pixel indices (x, y), as floats (batch, height, width), that each output pixel reads."""
    ys = ops.arange(size[0], dtype="float32") - _middle(size[0])
    xs = ops.arange(size[1], dtype="float32") - _middle(size[1])
    xs, ys = xs[None, None, :], ys[None, :, None]
    m = matrix[:, :, :, None, None]

    def row(i: int, offset: Tensor | float) -> Tensor:
        return m[:, i, 0] * xs + (m[:, i, 1] * ys + (m[:, i, 2] + offset))

    if not projective:
        return row(0, _middle(source[1])), row(1, _middle(source[0]))
    depth = ops.maximum(row(2, 0.0), HORIZON)
    return row(0, 0.0) / depth + _middle(source[1]), row(1, 0.0) / depth + _middle(source[0])


def _on_indices(matrix: Tensor, size: Size, source: Size) -> Tensor:
    """(batch, 6): the first two rows of affine matrices, on indices that count from the corners of either image."""
    entries = []
    for i, middle in enumerate((_middle(source[1]), _middle(source[0]))):
        shift = matrix[:, i, 0] * _middle(size[1]) + matrix[:, i, 1] * _middle(size[0])
        entries += [matrix[:, i, 0], matrix[:, i, 1], matrix[:, i, 2] + middle - shift]
    return ops.stack(entries, axis=1)


def _middle(length: int | Tensor) -> Tensor | float:
    return (ops.cast(length, "float32") - 1.0) / 2.0


def bring_inside(coordinate: Tensor, length: int | Tensor, fill_mode: str) -> Tensor:
    """Folds coordinates into the frame; exact for those already inside, so that identity stays bit for bit."""
    n = ops.cast(length, "float32")
    if fill_mode == "nearest":
        return ops.clip(coordinate, 0.0, n - 1.0)
    if fill_mode == "reflect":  # a triangle wave, in floats: an int32 remainder a tap costs more than the gather
        edge = coordinate + 0.5
        return ops.abs(edge - 2.0 * n * ops.round(edge * (0.5 / n))) - 0.5
    if fill_mode == "wrap":
        return coordinate - n * ops.floor((coordinate + 0.5) / n)
    return ops.clip(coordinate, -2.0, n + 1.0)  # far away is as good as outside, and fits an int32


def _by_value(images: Tensor) -> bool:
    shape = ops.shape(images)
    return fuses_too_much(images) and not is_interpreted() and isinstance(shape[3], int) and counts(*shape)


class _Reader:
    """Reads one pixel for each output position, from images flattened to rows of channels, or to values.

    Values, each with its own index, where channels are planes; and where a constant lies beyond the frame, since XLA on
    CPUs chooses between rows and it in 30 ms, and between values and it in 25 (JAX: 60 and 48; 64x224x224x3).
    """

    def __init__(self, images: Tensor, dtype: Any, fill_mode: str, fill_value: float, channel_axis: int) -> None:
        shape = ops.shape(images)
        self.height, self.width = shape[2:] if channel_axis == 1 else shape[1:3]
        self.first = first_rows(*(shape if channel_axis == 1 else shape[:3]))[:, None, None]
        channels = shape[channel_axis]
        self.step, self.apart = 1, None  # of a pixel's values: from those of the next pixel, and from each other
        if channel_axis == 1:
            self.apart = counted(channels) * (self.height * self.width)
        elif fill_mode == "constant" and _by_value(images):
            self.step, self.apart = channels, counted(channels)
        self.rows = ops.reshape(images, (-1, channels) if self.apart is None else (-1,))
        self.dtype, self.fill_mode, self.fill_value = dtype, fill_mode, fill_value

    def __call__(self, y: Tensor, x: Tensor) -> Tensor:
        row, column = ops.cast(y, "int32"), ops.cast(x, "int32")
        index = self.first + self._fold(row, self.height) * self.width + self._fold(column, self.width)
        if self.apart is not None:
            index = index[..., None] if self.step == 1 else index[..., None] * self.step
            index = index + self.apart  # in this order: 26 ms, and 50 where the step multiplies what has no channels
        pixels = ops.cast(gather_rows(self.rows, index), self.dtype)
        if self.fill_mode != "constant":
            return pixels
        inside = (row >= 0) & (row < self.height) & (column >= 0) & (column < self.width)
        return ops.where(inside[..., None], pixels, ops.cast(self.fill_value, self.dtype))

    def _fold(self, index: Tensor, length: int | Tensor) -> Tensor:
        if self.fill_mode == "wrap":
            index = ops.where(index < 0, index + length, index)
            return ops.where(index >= length, index - length, index)
        return ops.clip(index, 0, length - 1)
