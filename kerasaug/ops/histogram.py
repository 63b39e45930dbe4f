"""Histograms of images, the tables of tones that are made from them, and how pixels are looked up there."""

from collections.abc import Callable

from kerasaug.backend import Tensor, active, by_platform, count, fuses_too_much, gather_rows, map_samples, ops
from kerasaug.ops.computed import computed
from kerasaug.ops.levels import Range, as_index, from_levels, to_inner_levels
from kerasaug.ops.planes import as_planes

MOST_BINS = 1 << 16
_PIL_BINS = 256


def histograms(images: Tensor, bin_of: Callable[[Tensor], Tensor], bins: int | Tensor) -> Tensor:
    """Counts how often each bin occurs in each sample.

    On a CPU, JAX takes the samples one by one: their bins stay in the cache, and 64×224×224×3 pixels take 11 ms and not
    33. TensorFlow has memory at hand for all of them, and takes 8.

    Args:
        images: (batch, …).
        bin_of: Function that returns the int32 bin, 0 … bins - 1, of each pixel of some images.
        bins: How many there are.

    Returns:
        int32 (batch, bins).
    """

    def together(samples: Tensor) -> Tensor:
        index = computed(bin_of(samples))
        batch = ops.shape(index)[0]
        first = bins * ops.arange(batch, dtype="int32")
        index = index + ops.reshape(first, (-1,) + (1,) * (len(index.shape) - 1))
        return ops.reshape(count(ops.reshape(index, (-1,)), batch * bins), (batch, bins))

    def one_by_one(samples: Tensor) -> Tensor:
        return map_samples(lambda sample: together(sample[None])[0], samples)

    if active() != "jax" or not fuses_too_much(images):
        return together(images)
    return by_platform(one_by_one, together, images)


def look_up(tables: Tensor, first: Tensor, levels: Tensor) -> Tensor:
    """Reads tables of tones, between two of their entries where a level is fractional.

    Args:
        tables: float32 (number, count).
        first: int32, broadcastable to `levels`: where, counting through all tables, the one of each pixel begins.
        levels: float32, from 0 to count - 1.
    """
    after = ops.concatenate([tables[:, 1:], tables[:, -1:]], axis=1)
    whole = ops.floor(levels)
    index = as_index(whole) + first
    value, slope = (gather_rows(ops.reshape(one, (-1,)), index) for one in (tables, after - tables))
    return value + slope * (levels - whole)


def equalize(images: Tensor, value_range: Range, bins: int, channel_axis: int) -> Tensor:
    """Equalizes the histogram of each channel of each image.

    Args:
        images: float32 (batch, …), of rank 4.
        value_range: Lowest and highest pixel value.
        bins: How many levels the range has.
        channel_axis: Where the channels are.
    """
    planes = as_planes(images, channel_axis)
    batch, channels = planes.batch, planes.channels

    def bin_of(some: Tensor) -> Tensor:
        return as_index(ops.round(to_inner_levels(some, value_range, bins))) + planes.channel * bins

    counts = ops.reshape(histograms(planes.values, bin_of, channels * bins), (batch * channels, bins))
    tables = computed(_equalizing(counts))
    first = (planes.sample * channels + planes.channel) * bins
    mapped = look_up(tables, first, to_inner_levels(planes.values, value_range, bins))
    return ops.reshape(from_levels(mapped, value_range, bins), ops.shape(images))


def _equalizing(counts: Tensor) -> Tensor:
    """Tables, float32 of the shape of `counts`; those of channels that stay change nothing.

    Of 256 bins they are PIL's, whose whole step from level to level suits no other number: where there are fewer pixels
    than bins it is 0, and where there are few times as many, all of the brightest pixels become one.
    """
    bins = counts.shape[1]
    below = ops.cumsum(counts, axis=1) - counts
    most = ops.max(ops.where(counts > 0, below, 0), axis=1, keepdims=True)
    if bins == _PIL_BINS:
        step = most // (bins - 1)
        tables, changes = (step // 2 + below) // ops.maximum(step, 1), step > 0
    else:
        below = ops.minimum(below, most)  # nothing is brighter than the brightest
        tables, changes = _share(below, ops.maximum(most, 1), bins - 1), most > 0
    tables = ops.minimum(tables, bins - 1)
    return ops.cast(ops.where(changes, tables, ops.arange(bins, dtype="int32")), "float32")


def _share(part: Tensor, whole: Tensor, of: int) -> Tensor:
    """`of * part / whole`, int32, rounded half up; a part is no more than the whole.

    By long division, bit by bit of `of`: floats round ties one way or the other by backend, and the product can exceed
    int32.
    """
    quotient = rest = ops.zeros_like(part)
    for bit in range(of.bit_length() - 1, -1, -1):
        rest = 2 * rest + (part if of >> bit & 1 else 0)
        quotient, rest = 2 * quotient + rest // whole, rest % whole
    return quotient + ops.cast(2 * rest >= whole, "int32")
