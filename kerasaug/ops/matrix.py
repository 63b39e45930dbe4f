"""Per-sample 3x3 matrices from output to input coordinates.

Coordinates are pixels from the image's centre, x to the right and y down, so matrices of images of different sizes
compose. Everything is float32 and multiplied out by hand: on a TPU a matmul rounds its inputs to bfloat16, and an angle
so rounded moves the corner of a 512-pixel image by a pixel.
"""

from kerasaug.backend import Tensor, ops

Size = tuple[int | Tensor, int | Tensor]
HORIZON = 1e-4  # of a projective matrix: what lies at or beyond it, at a depth of no more than this, is far away


def affine(a: Tensor, b: Tensor, tx: Tensor, c: Tensor, d: Tensor, ty: Tensor) -> Tensor:
    """The matrix [[a, b, tx], [c, d, ty], [0, 0, 1]] for each sample; arguments are (batch,) or numbers."""
    entries = [a, b, tx, c, d, ty, 0.0, 0.0, 1.0]
    shape = next(ops.shape(entry) for entry in entries if hasattr(entry, "shape") and len(entry.shape))
    rows = [ops.broadcast_to(ops.cast(entry, "float32"), shape) for entry in entries]
    return ops.reshape(ops.stack(rows, axis=1), (-1, 3, 3))


def rotation(angle: Tensor) -> Tensor:
    """Turns the image counter-clockwise, as displayed, by `angle` radians."""
    c, s = ops.cos(angle), ops.sin(angle)
    return affine(c, -s, 0.0, s, c, 0.0)


def scaling(x: Tensor, y: Tensor) -> Tensor:
    """Shrinks the image's content by the factors `x` and `y`; -1 flips."""
    return affine(x, 0.0, 0.0, 0.0, y, 0.0)


def shearing(x: Tensor, y: Tensor) -> Tensor:
    """Reads pixel (x + sx·y, y + sy·x) at (x, y): slopes, in pixels a pixel."""
    return affine(1.0, x, 0.0, y, 1.0, 0.0)


def translation(x: Tensor, y: Tensor) -> Tensor:
    """Moves the image's content by `x` pixels to the right and `y` down."""
    return affine(1.0, 0.0, -x, 0.0, 1.0, -y)


def compose(first: Tensor, second: Tensor) -> Tensor:
    """The matrix of doing `first` to an image and then `second` to the result."""
    return ops.sum(first[:, :, :, None] * second[:, None, :, :], axis=2)


def invert(matrix: Tensor) -> Tensor:
    """Input-to-output matrices: what moves boxes and keypoints."""
    m = [[matrix[:, i, j] for j in range(3)] for i in range(3)]

    def cofactor(i: int, j: int) -> Tensor:
        r, s = (k for k in range(3) if k != i)
        t, u = (k for k in range(3) if k != j)
        return (-1) ** (i + j) * (m[r][t] * m[s][u] - m[r][u] * m[s][t])

    cofactors = [[cofactor(i, j) for j in range(3)] for i in range(3)]
    determinant = sum(m[0][j] * cofactors[0][j] for j in range(3))
    adjugate = [cofactors[j][i] for i in range(3) for j in range(3)]
    return ops.reshape(ops.stack(adjugate, axis=1), (-1, 3, 3)) / determinant[:, None, None]


def transform(matrix: Tensor, points: Tensor) -> Tensor:
    """Applies matrices (batch, 3, 3) to points (batch, n, 2), centred (x, y)."""
    x, y = points[..., 0], points[..., 1]
    rows = [matrix[:, i, 0, None] * x + matrix[:, i, 1, None] * y + matrix[:, i, 2, None] for i in range(3)]
    depth = ops.maximum(rows[2], HORIZON)
    return ops.stack([rows[0] / depth, rows[1] / depth], axis=-1)
