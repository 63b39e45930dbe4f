"""Solarization."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_range
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.image.tone.base import Tone
from kerasaug.params import Params
from kerasaug.registry import register


@register
class Solarization(Tone):
    """Inverts the pixels at or above a threshold, after adding to all of them.

    Both factors are fractions of the value range; Keras's layer scales their upper bounds alone.

    Targets: images.

    Args:
        addition_factor: Range of what is added first, as fractions of the value range, in [0, 1]; a number `f` is
            (0, f). Defaults to 0.
        threshold_factor: Range of the threshold, likewise. Defaults to 0, which inverts every pixel.
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype and number of channels.

    Output shape:
        The input's.

    Raises:
        ValueError: When a factor is no number or pair of numbers in [0, 1].

    Example:

    ```python
    images = np.array([59, 62, 63]).reshape(1, 1, 3)
    kerasaug.layers.Solarization(value_range=(0, 255))(images)  # 196, 193, 192
    ```

    Reference:
        `PIL.ImageOps.solarize`.
    """

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, seed=seed, **kwargs)
        self.addition_factor = as_range(addition_factor, "addition_factor", "Solarization", 0.0, 1.0, "from_zero")
        self.threshold_factor = as_range(threshold_factor, "threshold_factor", "Solarization", 0.0, 1.0, "from_zero")

    def draw_params(self, rng: Rng) -> Params:
        """Fractions of the value range; a threshold of 1 is neutral, but for pixels at the very top."""
        return {
            "addition": rng.uniform(*self.addition_factor, neutral=0.0),
            "threshold": rng.uniform(*self.threshold_factor, neutral=1.0),
        }

    def tone(self, images: Tensor, params: Params) -> Tensor:
        """Adds, clips, inverts."""
        low, high = self.value_range
        images = ops.clip(images + params["addition"] * (high - low), low, high)
        return ops.where(images < low + params["threshold"] * (high - low), images, low + high - images)
