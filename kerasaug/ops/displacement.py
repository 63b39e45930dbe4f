"""Displacement fields: smooth random ones, and where one moves a point to.

A field (batch, 2, height, width) says how far to the right and how far down of itself each pixel of the output reads.
"""

from kerasaug.backend import Tensor, ops, product
from kerasaug.ops import bits
from kerasaug.ops.matrix import Size
from kerasaug.ops.resample import read_at

_MARGIN = 4  # sites beyond the frame, at either end
_STEPS, _DAMPING = 16, 0.7  # undamped, a tenth of the points in a field as rough as Keras's is found nowhere


def smooth_noise(key: Tensor, share: float, size: Size) -> Tensor:
    """Smooth normal noise, of deviation 1 everywhere.

    White noise that a Gaussian of deviation σ smooths, computed from one number in every σ pixels along either axis:
    what it differs by from one in every pixel is less than 0.1 %, and the border is as rough as the middle.

    Args:
        key: int32 (batch, 2), each sample's own.
        share: σ as a fraction of the shorter side; a pixel at least.
        size: Height and width.

    Returns:
        float32 (batch, 2, height, width), two independent numbers for each pixel.
    """
    sigma = _at_least_a_pixel(share, size)
    rows, columns = (_weights(length, sigma) for length in size)
    shape = (-1, 2, ops.shape(rows)[1], ops.shape(columns)[1])
    sites = ops.reshape(bits.to_noise(bits.expand(key, 2 * shape[2] * shape[3])), shape)
    return product("bchm,wm->bchw", product("bcnm,hn->bchm", sites, rows), columns)


def coordinates(field: Tensor) -> tuple[Tensor, Tensor]:
    """Indices (x, y) that each pixel of the output reads, float32 (batch, height, width) each."""
    height, width = ops.shape(field)[2:]
    xs, ys = ops.arange(width, dtype="float32"), ops.arange(height, dtype="float32")
    return xs + field[:, 0], ys[:, None] + field[:, 1]


def mirror(index: Tensor, length: int | Tensor) -> Tensor:
    """Folds indices into the frame about the outermost pixels: d c b | a b c d | c b a."""
    period = ops.maximum(2.0 * ops.cast(length, "float32") - 2.0, 1.0)
    return ops.abs(index - period * ops.round(index / period))


def move_points(points: Tensor, field: Tensor) -> Tensor:
    """Where the pixels at some points go: the inverse of the field, by fixed-point iteration.

    Args:
        points: float32 (batch, n, 2), indices (x, y) of pixels.
        field: float32 (batch, 2, height, width). Where it folds, more than one pixel of the output reads a point, and
            one of them is found, as good as any.

    Returns:
        float32 (batch, n, 2).
    """
    field = ops.transpose(field, (0, 2, 3, 1))

    def step(_: int, places: Tensor) -> Tensor:
        x, y = places[:, None, :, 0], places[:, None, :, 1]
        reads = places + read_at(field, x, y, fill_mode="nearest")[:, 0]
        return places + _DAMPING * (points - reads)

    return ops.fori_loop(0, _STEPS, step, points)


def _at_least_a_pixel(share: float, size: Size) -> float | Tensor:
    height, width = size
    if isinstance(height, int) and isinstance(width, int):
        return max(1.0, share * min(height, width))
    return ops.maximum(1.0, share * ops.cast(ops.minimum(height, width), "float32"))


def _weights(length: int | Tensor, sigma: float | Tensor) -> Tensor:
    """What each site along an axis adds to each pixel: float32 (length, sites), rows whose squares sum to 1."""
    spacing = int(sigma) if isinstance(sigma, float) else ops.cast(sigma, "int32")
    sites = (ops.arange(length // spacing + 2 * _MARGIN + 1, dtype="int32") - _MARGIN) * spacing
    distance = ops.arange(length, dtype="float32")[:, None] - ops.cast(sites, "float32")
    weights = ops.exp(-0.5 * ops.square(distance / sigma))
    return weights / ops.sqrt(ops.sum(ops.square(weights), axis=1, keepdims=True))
