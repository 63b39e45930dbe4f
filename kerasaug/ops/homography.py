"""Homographies of quadrilaterals, in closed form: solving eight equations a sample lowers badly."""

from kerasaug.backend import Tensor, ops
from kerasaug.ops.matrix import Size

_CORNERS = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))  # clockwise from the top left, as displayed


def quadrilateral(inwards: Tensor) -> Tensor:
    """Where the corners of the square from -1 to 1 are, after they have moved.

    Args:
        inwards: float32 (batch, 4, 2): how far each corner moves along x and y, 1 being the square's centre.

    Returns:
        float32 (batch, 4, 2), clockwise from the top left.
    """
    return ops.convert_to_tensor(_CORNERS) * (1.0 - inwards)


def least_turn(quad: Tensor) -> Tensor:
    """float32 (batch,): the least cross product of neighbouring sides; 4 for the square, negative where not convex."""
    sides = ops.roll(quad, -1, axis=1) - quad
    after = ops.roll(sides, -1, axis=1)
    return ops.min(sides[..., 0] * after[..., 1] - sides[..., 1] * after[..., 0], axis=1)


def to_quadrilateral(quad: Tensor, size: Size) -> Tensor:
    """The matrices that move the frame of an image to quadrilaterals.

    Args:
        quad: float32 (batch, 4, 2), convex, clockwise from the top left; the frame is the square from -1 to 1.
        size: Height and width of the image.

    Returns:
        float32 (batch, 3, 3), input to output, on centred coordinates in pixels; exactly the identity for the frame.

    Reference:
        Heckbert, "Fundamentals of texture mapping and image warping", 1989, section 2.2.3.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = ((quad[:, i, 0], quad[:, i, 1]) for i in range(4))
    dx1, dx2, dx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, dy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    area = dx1 * dy2 - dy1 * dx2
    g, h = (dx * dy2 - dy * dx2) / area, (dx1 * dy - dy1 * dx) / area
    rows = [
        (x1 - x0 + g * x1, x3 - x0 + h * x3, x0),
        (y1 - y0 + g * y1, y3 - y0 + h * y3, y0),
        (g, h, ops.ones_like(g)),
    ]  # from the unit square
    half = [ops.cast(length, "float32") / 2.0 for length in (size[1], size[0])] + [1.0]
    scaled = [
        [a / 2.0 * (unit / half[0]), b / 2.0 * (unit / half[1]), (a / 2.0 + b / 2.0 + c) * unit]
        for (a, b, c), unit in zip(rows, half, strict=True)
    ]
    return ops.stack([ops.stack(row, axis=1) for row in scaled], axis=1)
