"""How much of each pixel along an axis a resized one is made of."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

KERNELS = ("bilinear", "bicubic", "lanczos3", "lanczos5", "area")


def weights(length: Any, count: int, kernel: str, antialias: bool = False, xp: Any = np) -> Any:
    """Weights of an axis's pixels in each of the pixels that it is resized to, on half-pixel centres.

    Args:
        length: How many pixels there are: an integer, or a tensor where `xp` computes on tensors.
        count: How many there will be.
        kernel: One of `KERNELS`; `"area"` averages over what a new pixel covers.
        antialias: Whether the kernel grows as the image shrinks, as Pillow's do.
        xp: NumPy, for float64, or a library of the same functions, for float32.

    Returns:
        (count, length), rows that sum to 1.

    Reference:
        Keys, "Cubic convolution interpolation for digital image processing", 1981 (bicubic, a = -0.5).
    """
    real = "float64" if xp is np else "float32"
    pixels = xp.arange(length, dtype=real)[None, :]
    places = xp.arange(count, dtype=real)[:, None]
    step = (float(length) if xp is np else xp.cast(length, real)) / count
    if kernel == "area":
        shares = xp.minimum(pixels + 1.0, (places + 1.0) * step) - xp.maximum(pixels, places * step)
        return xp.maximum(shares, 0.0) / step
    growth = xp.maximum(step, 1.0) if antialias else 1.0
    shares = _FUNCTIONS[kernel](xp.abs((pixels + 0.5 - (places + 0.5) * step) / growth), xp)
    return shares / xp.sum(shares, axis=1, keepdims=True)


def _triangle(distance: Any, xp: Any) -> Any:
    return xp.maximum(1.0 - distance, 0.0)


def _cubic(distance: Any, xp: Any) -> Any:
    near = (1.5 * distance - 2.5) * distance * distance + 1.0
    far = ((2.5 - 0.5 * distance) * distance - 4.0) * distance + 2.0
    return xp.where(distance < 1.0, near, xp.where(distance < 2.0, far, 0.0))


def _lanczos(radius: int) -> Callable[[Any, Any], Any]:
    def shares(distance: Any, xp: Any) -> Any:
        angle = math.pi * xp.maximum(distance, 1e-4)  # where the sine divided by it is 1 to eight digits
        windowed = radius * xp.sin(angle) * xp.sin(angle / radius) / (angle * angle)
        return xp.where(distance < radius, windowed, 0.0)

    return shares


_FUNCTIONS = {"bilinear": _triangle, "bicubic": _cubic, "lanczos3": _lanczos(3), "lanczos5": _lanczos(5)}
