"""Contrast-limited adaptive histogram equalization."""

from typing import Any

from kerasaug.backend import Tensor, ops
from kerasaug.ops.computed import computed
from kerasaug.ops.histogram import histograms, look_up
from kerasaug.ops.levels import Range, as_index, from_levels, to_inner_levels
from kerasaug.ops.planes import Planes, as_planes

_BINS = 256
Size = tuple[Any, Any]


def clahe(images: Tensor, value_range: Range, clip_limit: float, grid: Size, channel_axis: int) -> Tensor:
    """Equalizes each tile of each channel, and blends the four tables about a pixel.

    Args:
        images: float32 (batch, …), of rank 4.
        value_range: Lowest and highest pixel value, of 256 levels.
        clip_limit: What a bin may hold, as a multiple of an even histogram's; the rest is spread over all. 0 is no
            limit.
        grid: How many tiles there are, along height and width.
        channel_axis: Where the channels are.

    Reference:
        OpenCV's `createCLAHE`, whose tables and blends these are.
    """
    planes = as_planes(images, channel_axis)
    whole = as_planes(_extended(images, planes.size, grid, channel_axis), channel_axis)
    tile = (whole.size[0] // grid[0], whole.size[1] // grid[1])
    first = _first(whole, whole.row // tile[0], whole.column // tile[1], grid)

    def bin_of(some: Tensor) -> Tensor:
        return as_index(ops.round(to_inner_levels(some, value_range))) + first

    bins = grid[0] * grid[1] * whole.channels * _BINS
    counts = ops.reshape(histograms(whole.values, bin_of, bins), (-1, _BINS))
    tables = computed(_tables(counts, clip_limit, tile[0] * tile[1]))
    mapped = _blend(tables, planes, to_inner_levels(planes.values, value_range), tile, grid, bins)
    return ops.reshape(from_levels(mapped, value_range), ops.shape(images))


def _first(planes: Planes, row: Tensor, column: Tensor, grid: Size) -> Tensor:
    """Where, within the tables of a sample, the one of each pixel's channel and of a tile begins."""
    return computed(((row * grid[1] + column) * planes.channels + planes.channel) * _BINS)


def _extended(images: Tensor, size: Size, grid: Size, channel_axis: int) -> Tensor:
    """As OpenCV extends images that the grid does not divide: mirrored, along both axes."""
    rest = (size[0] % grid[0], size[1] % grid[1])
    more = -(-(rest[0] + rest[1]) // (grid[0] + grid[1]))  # 1 where there is any rest
    if isinstance(more, int) and not more:
        return images
    for axis, length, parts, over in zip((2, 3) if channel_axis == 1 else (1, 2), size, grid, rest, strict=True):
        period = ops.maximum(2 * (length - 1), 1)  # of (a b c d c b)
        place = ops.arange(length + more * (parts - over), dtype="int32") % period
        images = ops.take(images, ops.minimum(place, period - place), axis=axis)
    return images


def _tables(counts: Tensor, clip_limit: float, area: int | Tensor) -> Tensor:
    """OpenCV's tables, float32 of the shape of `counts`."""
    area = ops.cast(area, "float32")
    if clip_limit > 0:
        limit = ops.maximum(ops.cast(clip_limit * area / _BINS, "int32"), 1)
        cut = ops.sum(ops.maximum(counts - limit, 0), axis=1, keepdims=True)
        rest = cut % _BINS
        step = ops.maximum(_BINS // ops.maximum(rest, 1), 1)
        place = ops.arange(_BINS, dtype="int32")[None]
        one_more = (place % step == 0) & (place // step < rest)
        counts = ops.minimum(counts, limit) + cut // _BINS + ops.cast(one_more, "int32")
    up_to = ops.cast(ops.cumsum(counts, axis=1), "float32")
    return ops.minimum(ops.round(up_to * ((_BINS - 1) / area)), _BINS - 1.0)


def _blend(tables: Tensor, planes: Planes, levels: Tensor, tile: Size, grid: Size, bins: int | Tensor) -> Tensor:
    """Reads the tables of the four tiles whose centres are about each pixel."""
    (top, bottom, down), (left, right, across) = (
        _neighbours(place, length, count)
        for place, length, count in zip((planes.row, planes.column), tile, grid, strict=True)
    )

    def read(row: Tensor, column: Tensor) -> Tensor:
        return look_up(tables, planes.sample * bins + _first(planes, row, column, grid), levels)

    upper = read(top, left) * (1.0 - across) + read(top, right) * across
    lower = read(bottom, left) * (1.0 - across) + read(bottom, right) * across
    return upper * (1.0 - down) + lower * down


def _neighbours(place: Tensor, length: int | Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """The tiles before and after each pixel, and the weight of the latter."""
    position = ops.cast(place, "float32") * (1.0 / ops.cast(length, "float32")) - 0.5
    before = ops.floor(position)
    index = ops.cast(before, "int32")
    return ops.maximum(index, 0), ops.minimum(index + 1, count - 1), position - before
