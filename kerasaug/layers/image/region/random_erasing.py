"""Random erasing."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_fill, as_range
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.image.region.base import Region
from kerasaug.layers.image.region.noise import normal_noise
from kerasaug.ops.matrix import Size
from kerasaug.ops.regions import rectangle
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomErasing(Region):
    """Erases a rectangle that lies inside each image, with noise or a constant.

    Targets: images; masks with `mask_fill_value`; boxes with `max_covered`.

    Args:
        factor: Range from which each image's probability of being erased is drawn, in [0, 1]; a number `f` is (0, f),
            as in Keras, so that the default of 1 erases half of the images. (1, 1) erases all.
        scale: Range of the squares of the rectangle's sides, as fractions of the image's: (0.02, 0.33) makes each side
            14 to 57 % of the image's, as in Keras.
        fill_value: A constant, in the images' units, or one for each of three channels; `None` (the default) for noise:
            normal about the middle of the value range, a quarter of which is its deviation, which is what ImageNet's
            pixels have.
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        seed: Integer, for draws that repeat.
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation`, `mask_fill_value` and `max_covered`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype and number of channels.

    Output shape:
        The input's.

    Raises:
        ValueError: When `factor` or `scale` is no number or pair of numbers in [0, 1].

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    erased = kerasaug.layers.RandomErasing((1.0, 1.0), seed=1)(images)
    ```

    Reference:
        Zhong et al., "Random erasing data augmentation", arXiv:1708.04896.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: float | Sequence[float] | None = None,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = as_range(factor, "factor", "RandomErasing", 0.0, 1.0, single="from_zero")
        self.scale = as_range(scale, "scale", "RandomErasing", 0.0, 1.0, single="from_zero")
        self.fill_value = None if fill_value is None else as_fill(fill_value, "fill_value", "RandomErasing")

    def draw_params(self, rng: Rng) -> Params:
        """Whether to erase; top-left corner in the room there is and extent, (x, y), as fractions."""
        params = {
            "erased": rng.bernoulli(rng.uniform(*self.factor)),
            "extent": ops.sqrt(rng.uniform(*self.scale, shape=(2,))),
            "corner": rng.unit((2,)),
        }
        return params if self.fill_value is not None else {**params, "key": rng.key()}

    def region(self, params: Params, size: Size) -> Tensor:
        """A rectangle of whole pixels, inside the image."""
        frame = ops.cast(ops.stack([size[1], size[0]]), "float32")
        extent = ops.round(params["extent"] * frame)
        low = ops.floor(params["corner"] * (frame - extent + 1.0))
        region = rectangle(ops.concatenate([low, low + extent], axis=1), size)
        return region & params["erased"][:, None, None]

    def filling(self, shape: tuple[Any, ...], params: Params) -> Tensor | float:
        """The constant, or noise."""
        if self.fill_value is None:
            return normal_noise(shape, params, self.value_range)
        return ops.convert_to_tensor(self.fill_value, dtype="float32")

    def check(self, fields: dict[str, Any]) -> None:
        """Three constants are for three channels."""
        super().check(fields)
        channels = fields["images"].shape[1 if self.data_format == "channels_first" else -1]
        if isinstance(self.fill_value, tuple) and channels not in (3, None):
            raise ValueError(
                f"{self._label} expects images of 3 channels, as fill_value has. Received: {channels} channels."
            )
