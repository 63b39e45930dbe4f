"""The family of colour ops: affine maps of colour multiply, and the pixels are touched once."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

from kerasaug.arguments import as_value_range
from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor, clip, ops, select_rows
from kerasaug.layers.image.layout import channel_axis
from kerasaug.ops.color import ColorMap, channel_mean
from kerasaug.ops.computed import computed
from kerasaug.params import Params, chosen


class Color(Augmentation):
    """Base of colour ops; a subclass writes `draw_params` and `color`.

    Targets: images; every other target stays as it is.

    Args:
        value_range: Lowest and highest pixel value; results are clipped to it.
        **kwargs: See `kerasaug.Augmentation`.
    """

    in_place = True
    needs_rgb = False
    needs_mean = False
    bounded = False  # whether values within a range stay within it

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

    def joins_pass(self, layers: Sequence[Any]) -> bool:
        """Unless it needs the mean of what is no affine map: 17 ms, where a pass for each takes 10 (64x224x224x3)."""
        return not (self.needs_mean and any(layer.pointwise for layer in layers))

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
        data_format = layers[0].data_format
        limits = next((layer.value_range for layer in layers if not layer.bounded), None)
        before = ops.cast(fields["images"], "float32")
        images, colors, mean = before, ColorMap(), _mean(layers, before)
        for layer, one in zip(layers, params, strict=True):
            colors = layer.color(colors, one, mean)
            if layer.pointwise:
                if colors.changes:  # each channel of a hue reads all three: 17 ms, and 10 so (64x224x224x3)
                    images = computed(_mapped(colors, images, data_format, limits))
                images = layer.finish(images, one)
                colors = ColorMap()
        images = _mapped(colors, images, data_format, limits)
        row = before[:, 0, 0, 0]
        touched = reduce(ops.logical_or, (chosen(one, row) for one in params), ops.zeros_like(row, dtype="bool"))
        return {**fields, "images": select_rows(touched, images, before)}


def _mean(layers: Sequence[Color], images: Tensor) -> Tensor:
    if any(layer.needs_mean for layer in layers):
        return channel_mean(images, channel_axis(layers[0].data_format))
    return ops.zeros((1, 1))


def _mapped(colors: ColorMap, images: Tensor, data_format: str, limits: tuple[float, float] | None) -> Tensor:
    images = colors(images, channel_axis(data_format))
    return images if limits is None else clip(images, *limits)
