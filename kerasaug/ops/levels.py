"""Pixel values as levels 0 … count - 1, which is what tables of tones are made for."""

from collections.abc import Callable, Sequence

from kerasaug.backend import Tensor, clip, ops

Range = Sequence[float]


def to_levels(images: Tensor, value_range: Range, count: int = 256) -> Tensor:
    """float32 levels, fractional between whole ones, and beyond 0 … count - 1 where values are beyond the range.

    Args:
        images: float32, of any shape.
        value_range: Lowest and highest pixel value.
        count: How many levels the range has.
    """
    low, high = value_range
    return _affine(images, (count - 1) / (high - low), -low * (count - 1) / (high - low))


def to_inner_levels(images: Tensor, value_range: Range, count: int = 256) -> Tensor:
    """The same, but for values beyond the range, which are at its ends."""
    return clip(to_levels(images, value_range, count), 0.0, count - 1.0)


def from_levels(levels: Tensor, value_range: Range, count: int = 256) -> Tensor:
    """Pixel values, from levels."""
    low, high = value_range
    return _affine(levels, (high - low) / (count - 1), low)


def as_index(levels: Tensor) -> Tensor:
    """int32, of whole levels; NaN, which a cast makes anything of, is 0."""
    return ops.maximum(ops.cast(levels, "int32"), 0)


def spread(images: Tensor, channel_axis: int) -> tuple[Tensor, Tensor]:
    """The lowest and the highest value of each channel of each image (batch, …), of rank 4 still.

    With the channels last, rows are reduced to one first: steps from pixel to pixel of a channel would not vectorize,
    and take three times as long.
    """
    shape = ops.shape(images)
    batch, channels = shape[0], shape[channel_axis]
    if channel_axis == 1:
        return ops.min(images, axis=(2, 3), keepdims=True), ops.max(images, axis=(2, 3), keepdims=True)
    rows = ops.reshape(images, (batch, shape[1], shape[2] * channels))

    def over_rows(reduce: Callable[..., Tensor]) -> Tensor:
        row = ops.reshape(reduce(rows, axis=1), (batch, shape[2], channels))
        return ops.reshape(reduce(row, axis=1), (batch, 1, 1, channels))

    return over_rows(ops.min), over_rows(ops.max)


def _affine(values: Tensor, gain: float, offset: float) -> Tensor:
    """Leaves out what changes nothing: each is a pass of its own where a graph is not compiled."""
    values = values if gain == 1.0 else values * gain
    return values if offset == 0.0 else values + offset
