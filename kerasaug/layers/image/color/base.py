"""The family of colour ops: affine maps of colour multiply, and the pixels are touched once."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_value_range
from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor, ops
from kerasaug.layers.image.layout import channels_last, restore
from kerasaug.ops.color import ColorMap
from kerasaug.params import Params, chosen


class Color(Augmentation):
    """Base of colour ops; a subclass writes `draw_params` and `color`.

    Targets: images; every other target stays as it is.

    Args:
        value_range: Lowest and highest pixel value; results are clipped to it.
        **kwargs: See `kerasaug.Augmentation`.
    """

    needs_rgb = False
    needs_mean = False

    def __init__(self, value_range: Sequence[float] = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = as_value_range(value_range, type(self).__name__)

    def color(self, colors: ColorMap, params: Params, mean: Tensor) -> ColorMap:
        """Composes this op onto a map; `mean` (batch, channels) is that of the images as they came."""
        raise NotImplementedError(f"{type(self).__name__} must implement `color(colors, params, mean)`.")

    def finish(self, images: Tensor, params: Params) -> Tensor:
        """What is left to do to the pixels, for an op that is no affine map; only where `pointwise` says so."""
        return images

    @property
    def pointwise(self) -> bool:
        """Whether `finish` does anything."""
        return False

    def fusion_key(self) -> Any:
        """Colour ops share a pass where they agree on the value range."""
        return (tuple(self.value_range), self.data_format)

    def check(self, fields: dict[str, Any]) -> None:
        """Some ops need red, green and blue."""
        shape = fields["images"].shape
        channels = shape[1] if self.data_format == "channels_first" else shape[-1]
        if self.needs_rgb and channels not in (3, None):
            raise ValueError(
                f"{self._label} expects RGB images, of 3 channels ({self.data_format}). Received: shape={tuple(shape)}."
            )

    @classmethod
    def fused(cls, layers: Sequence[Any], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """One map for all, applied and clipped once."""
        data_format, limits = layers[0].data_format, layers[0].value_range
        before = ops.cast(channels_last(fields["images"], data_format), "float32")
        images, colors, mean = before, ColorMap.identity(before), _mean(layers, before)
        for layer, one in zip(layers, params, strict=True):
            colors = layer.color(colors, one, mean)
            if layer.pointwise:
                images = layer.finish(ops.clip(colors(images), *limits), one)
                colors, mean = ColorMap.identity(images), _mean(layers, images)
        images = ops.clip(colors(images), *limits)
        touched = chosen(params[0], images)
        for one in params[1:]:
            touched = touched | chosen(one, images)
        return {**fields, "images": restore(ops.where(touched, images, before), data_format)}


def _mean(layers: Sequence[Color], images: Tensor) -> Tensor:
    if any(layer.needs_mean for layer in layers):
        return ops.mean(images, axis=(1, 2))
    return ops.zeros((1, 1))
