"""Brightness, contrast, saturation and hue at once."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_range
from kerasaug.backend import Tensor
from kerasaug.draw import Rng
from kerasaug.layers.image.color.base import Color
from kerasaug.layers.image.color.random_saturation import saturation_gain
from kerasaug.layers.image.layout import channel_axis
from kerasaug.ops.color import ColorMap, shift_hue
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomColorJitter(Color):
    """Changes brightness, contrast, saturation and hue, in this order, in one pass over the pixels.

    Targets: images.

    Args:
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        brightness_factor: As `RandomBrightness`'s `factor`; `None` (the default) leaves brightness alone.
        contrast_factor: As `RandomContrast`'s `factor`, or `None`.
        saturation_factor: As `RandomSaturation`'s `factor`, or `None`.
        hue_factor: Range of the shift of the hue, in [0, 1], where 1 is half a turn; a number `f` is (0, f), and the
            direction is drawn. Or `None`.
        seed: Integer, for draws that repeat.
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        (height, width, 3) or (batch, height, width, 3), any numeric dtype; any number of channels where neither
        saturation nor hue change.

    Output shape:
        The input's.

    Raises:
        ValueError: When a factor is out of bounds, or saturation or hue should change and the images are not RGB.

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    jitter = kerasaug.layers.RandomColorJitter(
        brightness_factor=0.2, contrast_factor=0.2, saturation_factor=(0.4, 0.6), hue_factor=0.1, seed=1
    )
    jittered = jitter(images)
    ```

    Reference:
        `keras.layers.RandomColorJitter`; hue as in `torchvision.transforms.v2.functional.adjust_hue`.
    """

    needs_mean = True

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, seed=seed, data_format=data_format, **kwargs)

        def read(value: Any, name: str, low: float, single: str) -> tuple[float, float] | None:
            return None if value is None else as_range(value, name, "RandomColorJitter", low, 1.0, single)

        self.brightness_factor = read(brightness_factor, "brightness_factor", -1.0, "symmetric")
        self.contrast_factor = read(contrast_factor, "contrast_factor", 0.0, "both")
        self.saturation_factor = read(saturation_factor, "saturation_factor", 0.0, "from_zero")
        self.hue_factor = read(hue_factor, "hue_factor", 0.0, "from_zero")
        self.needs_rgb = self.saturation_factor is not None or self.hue_factor is not None
        self.needs_mean = self.contrast_factor is not None

    def draw_params(self, rng: Rng) -> Params:
        """What changes, by how much."""
        params = {}
        if self.brightness_factor is not None:
            params["brightness"] = rng.uniform(*self.brightness_factor, neutral=0.0)
        if self.contrast_factor is not None:
            lower, upper = self.contrast_factor
            params["contrast"] = rng.uniform(1.0 - lower, 1.0 + upper, neutral=1.0)
        if self.saturation_factor is not None:
            params["saturation"] = rng.uniform(*self.saturation_factor, neutral=0.5)
        if self.hue_factor is not None:
            params["hue"] = rng.sign() * rng.uniform(*self.hue_factor, neutral=0.0)
        return params

    def color(self, colors: ColorMap, params: Params, mean: Tensor) -> ColorMap:
        """Composes the three affine changes."""
        low, high = self.value_range
        if "brightness" in params:
            colors = colors.brighten(params["brightness"] * (high - low))
        if "contrast" in params:
            colors = colors.scale_about(params["contrast"], mean)
        return colors.saturate(saturation_gain(params["saturation"])) if "saturation" in params else colors

    @property
    def pointwise(self) -> bool:
        """Hue is no affine map of RGB."""
        return self.hue_factor is not None

    def finish(self, images: Tensor, params: Params) -> Tensor:
        """Shifts the hue, half a turn at most."""
        return shift_hue(images, 0.5 * params["hue"], channel_axis(self.data_format))
