"""Posterization."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_integers
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.image.tone.base import Tone
from kerasaug.ops.levels import from_levels, to_inner_levels
from kerasaug.params import Params
from kerasaug.registry import register

_BITS = 8


@register
class RandomPosterization(Tone):
    """Keeps the top bits of each pixel value and clears the others.

    Keras's layer draws 1, 2 or 3 bits when told to keep 4; this one keeps 4.

    Targets: images.

    Args:
        factor: How many of 8 bits to keep, an integer from 1 to 8 (which changes nothing); or a pair, between which,
            both included, each image's own is drawn.
        value_range: Lowest and highest pixel value, of 256 levels. Values are clipped to it and rounded to
            a level first, NaN to the lowest. Defaults to (0, 255).
        data_format: `"channels_last"` or `"channels_first"`.
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation`. `strength` is the probability with which bits are cleared.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype and number of channels.

    Output shape:
        The input's.

    Raises:
        ValueError: When `factor` is no integer or pair of integers from 1 to 8.

    Example:

    ```python
    images = np.array([59, 62, 130]).reshape(1, 1, 3)
    kerasaug.layers.RandomPosterization(3)(images)  # 32, 32, 128
    ```

    Reference:
        `PIL.ImageOps.posterize`.
    """

    def __init__(
        self,
        factor: Any,
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, data_format=data_format, seed=seed, **kwargs)
        low, high = as_integers(factor, "factor", "RandomPosterization", 1, _BITS)
        self.factor = (min(low, high), max(low, high))

    def draw_params(self, rng: Rng) -> Params:
        """How many bits to keep; 8 is neutral."""
        bits = rng.integers(self.factor[0], self.factor[1] + 1)
        return {"bits": ops.where(rng.bernoulli(1.0), bits, _BITS)}

    def changed(self, params: Params) -> Tensor | None:
        """With 8 bits, a value keeps its fraction too."""
        chosen, fewer = super().changed(params), params["bits"] < _BITS
        return fewer if chosen is None else ops.logical_and(chosen, fewer)

    def tone(self, images: Tensor, params: Params) -> Tensor:
        """Rounds to a level, in bytes, of which TensorFlow moves four in the time of a float."""
        levels = ops.cast(ops.round(to_inner_levels(images, self.value_range)), "uint8")
        kept = 2**_BITS - ops.left_shift(1, _BITS - ops.cast(params["bits"], "int32"))
        levels = ops.bitwise_and(levels, ops.cast(kept, "uint8"))
        return from_levels(ops.cast(levels, "float32"), self.value_range)
