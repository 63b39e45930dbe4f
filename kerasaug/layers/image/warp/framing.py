"""The base of ops that show a part of every image, or all of it, at one size; no chance is involved."""

from typing import Any

from kerasaug.arguments import as_integer
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.image.warp.base import Warp
from kerasaug.ops.matrix import Size, affine
from kerasaug.ops.resize import frame, resize
from kerasaug.params import Params

Window = tuple[Any, Any, Any, Any]  # top, left, height, width: integers, or tensors where sizes are unknown


class Framing(Warp):
    """Base of deterministic crops and resizes; a subclass writes `window`. The same at training and at inference.

    Args:
        height: Height of the output, in pixels.
        width: Width of the output, in pixels.
        **kwargs: See `Warp`.
    """

    always_moves = True
    axis_aligned = True
    antialias = False
    own_cluster = False
    moves_planes = True
    materializes = True  # so cheap, that to read twice what it reads costs less than XLA's one thread in a conditional

    def __init__(self, height: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.height = as_integer(height, "height", type(self).__name__, low=1)
        self.width = as_integer(width, "width", type(self).__name__, low=1)

    def window(self, size: Size) -> Window:
        """What is shown of images of a size; larger than they are, where they are padded."""
        raise NotImplementedError(f"{type(self).__name__} must implement `window(size)`.")

    def output_size(self, size: Size) -> Size:
        """The target's."""
        return self.height, self.width

    def draw_params(self, rng: Rng) -> Params:
        """Nothing."""
        return {}

    def matrix(self, params: Params, size: Size) -> Tensor:
        """Scales and shifts; one for all."""
        x, y, shift_x, shift_y = placed(self.window(size), size, (self.height, self.width))
        return affine(ops.reshape(x, (1,)), 0.0, shift_x, 0.0, y, shift_y)

    def alone(self, pixels: Tensor, params: Params, interpolation: str, fill_value: float) -> Tensor:
        """Cut or padded, then resized."""
        if self.beyond == "constant" and interpolation != "nearest":
            pixels = ops.cast(pixels, "float32")  # which holds any fill value
        size = ops.shape(pixels)[1:3]
        window = self.window(size)
        if not all(map(_same, window, (0, 0, *size))):
            pixels = frame(pixels, window, fill_value)
        return resize(pixels, (self.height, self.width), interpolation, self.antialias)

    def infer(self, fields: dict[str, Any]) -> dict[str, Any]:
        """As at training."""
        self.check(fields)
        return self.fused([self], fields, [{}])


def placed(window: Window, size: Size, target: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """How a window of images of a size is read: scales along x and y, and shifts of its centre from theirs."""
    top, left, height, width = (ops.cast(one, "float32") for one in window)
    middle = [ops.cast(length, "float32") / 2.0 for length in size]
    x, y = left + width / 2.0 - middle[1], top + height / 2.0 - middle[0]
    return width / target[1], height / target[0], x, y


def covering(size: Size, target: tuple[int, int]) -> Window:
    """The largest window in the middle that has the target's shape, in whole pixels."""
    pairs = ((size[0], size[1] * target[0] // target[1]), (size[1], size[0] * target[1] // target[0]))
    height, width = (_clip(wanted, 1, have) for have, wanted in pairs)
    return (size[0] - height) // 2, (size[1] - width) // 2, height, width


def containing(size: Size, target: tuple[int, int]) -> Window:
    """The smallest window of the target's shape that holds the image in its middle, evenly padded."""
    height = _clip(size[1] * target[0] // target[1], size[0])
    width = _clip(size[0] * target[1] // target[0], size[1])
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    return -top, -left, size[0] + 2 * top, size[1] + 2 * left


def _same(one: Any, other: Any) -> bool:
    """Whether two lengths are known to be the same."""
    return one is other or (isinstance(one, int) and isinstance(other, int) and one == other)


def _clip(value: Any, low: Any, high: Any = None) -> Any:
    if all(one is None or isinstance(one, int) for one in (value, low, high)):
        return max(low, value if high is None else min(value, high))
    return ops.maximum(low, value if high is None else ops.minimum(value, high))
