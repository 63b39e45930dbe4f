"""Elastic transformation."""

import math
from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_range
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.image.displace.base import Displace
from kerasaug.ops.displacement import smooth_noise
from kerasaug.ops.matrix import Size
from kerasaug.params import Params
from kerasaug.registry import register

_REACH = 0.1 / (2.0 * math.sqrt(math.pi))  # Keras's 0.1, and what its smoothing leaves of a deviation of 1
_SMOOTHNESS = 0.05


@register
class RandomElasticTransform(Displace):
    """Distorts images as if drawn on rubber, each by its own smooth random field of displacements.

    At scale 1 the displacements, to the right and down, have a deviation of 2.8 % of the longer side, and a Gaussian
    of 5 % of the shorter side smooths them: 6.3 and 11.2 pixels in 224. A smaller scale displaces by so much less; the
    layer's largest one says how smooth. Keras's layer displaces right and down alike, and masks by another field than
    images.

    Targets: images, segmentation_masks, bounding_boxes, keypoints. Close to scale 1 the rubber may fold, and show a
    point more than once; boxes and keypoints then follow one of its images.

    Args:
        factor: Range from which each image's probability of being distorted is drawn, in [0, 1]; a number `f` is
            (0, f), as in Keras, so that the default of 1 distorts half of the images. (1, 1) distorts all.
        scale: Range of the magnitude, in [0, 1]; a number `s` is (0, s). Defaults to 1.
        interpolation: `"bilinear"` (the default) or `"nearest"`.
        fill_mode: What lies beyond the frame: `"reflect"` (the default), `"mirror"`, `"constant"`, `"wrap"` or
            `"nearest"`.
        fill_value: The constant of `fill_mode="constant"`. Defaults to 0.
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        seed: Integer, for draws that repeat.
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation` and `mask_fill_value`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype.

    Output shape:
        The input's.

    Raises:
        ValueError: When `factor` or `scale` is no number or pair of numbers in [0, 1].

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    distorted = kerasaug.layers.RandomElasticTransform((1.0, 1.0), scale=(0.5, 1.0), seed=1)(images)
    ```

    Reference:
        Simard et al., "Best practices for convolutional neural networks applied to visual document analysis", ICDAR
        2003.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs = {"value_range": value_range, "seed": seed, "data_format": data_format, **kwargs}
        super().__init__(fill_mode, interpolation, fill_value, **kwargs)
        self.factor = as_range(factor, "factor", "RandomElasticTransform", 0.0, 1.0, single="from_zero")
        self.scale = as_range(scale, "scale", "RandomElasticTransform", 0.0, 1.0, single="from_zero")

    def draw_params(self, rng: Rng) -> Params:
        """Whom to distort, how far, and a key to the field."""
        return {
            "chosen": ops.logical_and(rng.chosen, rng.unit() < rng.uniform(*self.factor)),
            "scale": rng.uniform(*self.scale, neutral=0.0),
            "key": rng.key(),
        }

    def field(self, params: Params, size: Size) -> Tensor:
        """Smooth noise, times a part of the longer side."""
        reach = _REACH * params["scale"] * ops.cast(ops.maximum(*size), "float32")
        return reach[:, None, None, None] * smooth_noise(params["key"], _SMOOTHNESS * self.scale[1], size)
