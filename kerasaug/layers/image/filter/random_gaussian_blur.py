"""Gaussian blur."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_integers, as_range
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.image.filter.base import Filter
from kerasaug.ops.filters import Rows, blur, gaussian
from kerasaug.params import Params
from kerasaug.registry import register

_LARGEST = 255


@register
class RandomGaussianBlur(Filter):
    """Blurs images, each by a Gaussian kernel of its own width.

    What lies beyond the frame is its mirror image, as in torchvision. Keras's layer sees black there, draws one sigma
    for the whole batch, from 0 up where it is given one, and scrambles kernels that are not square.

    Targets: images.

    Args:
        factor: Range from which each image's probability of being blurred is drawn, in [0, 1]; a number `f` is (0, f),
            as in Keras, so that the default of 1 blurs half of the images. (1, 1) blurs all.
        kernel_size: Odd number of pixels that are averaged along either side, or a pair, (height, width). Defaults to
            3.
        sigma: Range of the deviation of the Gaussian, in pixels; a number is that deviation. Defaults to 1.
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        data_format: `"channels_last"` or `"channels_first"`.
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype and number of channels.

    Output shape:
        The input's.

    Raises:
        ValueError: When `factor` is no number or pair of numbers in [0, 1], `kernel_size` no odd integer or pair of
            them, from 1 to 255, or `sigma` is negative.

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    blurred = kerasaug.layers.RandomGaussianBlur((1.0, 1.0), kernel_size=7, sigma=(0.1, 2.0), seed=1)(images)
    ```

    Reference:
        `torchvision.transforms.v2.GaussianBlur`.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, data_format=data_format, seed=seed, **kwargs)
        self.factor = as_range(factor, "factor", "RandomGaussianBlur", 0.0, 1.0, single="from_zero")
        self.kernel_size = _as_odd(kernel_size)
        self.sigma = as_range(sigma, "sigma", "RandomGaussianBlur", 0.0, single="both")

    def draw_params(self, rng: Rng) -> Params:
        """Whom to blur, and deviations in pixels."""
        happens = ops.logical_and(rng.chosen, rng.unit() < rng.uniform(*self.factor))
        return {"chosen": happens, "sigma": rng.uniform(*self.sigma, neutral=0.0)}

    def filter(self, rows: Rows, params: Params) -> Tensor:
        """Blurs."""
        vertical, horizontal = (gaussian(params["sigma"], size) for size in self.kernel_size)
        return blur(rows, vertical, horizontal)


def _as_odd(value: Any) -> tuple[int, int]:
    height, width = as_integers(value, "kernel_size", "RandomGaussianBlur", 1, _LARGEST)
    if height % 2 == 0 or width % 2 == 0:
        raise ValueError(f"RandomGaussianBlur expects kernel_size to be odd. Received: kernel_size={value!r}.")
    return height, width
