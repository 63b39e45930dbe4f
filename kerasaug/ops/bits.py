"""Counter-based random bits: a pure function of a key and a counter, the same on every backend and device.

Everything is int32, whose additions wrap alike on TensorFlow, JAX, torch and TPUs.
"""

from kerasaug.backend import Tensor, ops

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA
_GOLDEN = 0x9E3779B1 - (1 << 32)  # as int32
_LOWBIAS = 0x846CA68B - (1 << 32)


def threefry2x32(key: tuple[Tensor, Tensor], counter: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """The 20-round Threefry-2x32 block function.

    Args:
        key: Two int32 tensors, of shapes that broadcast with the counter's.
        counter: Two int32 tensors.

    Returns:
        Two int32 tensors of random bits.

    Reference:
        Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
    """
    schedule = (key[0], key[1], ops.bitwise_xor(ops.bitwise_xor(key[0], key[1]), _PARITY))
    a, b = counter[0] + schedule[0], counter[1] + schedule[1]
    for group in range(5):
        for distance in _ROTATIONS[group % 2]:
            a = a + b
            b = ops.bitwise_xor(a, _rotate_left(b, distance))
        a = a + schedule[(group + 1) % 3]
        b = b + schedule[(group + 2) % 3] + (group + 1)
    return a, b


def _rotate_left(bits: Tensor, distance: int) -> Tensor:
    return ops.bitwise_or(ops.left_shift(bits, distance), _shift_right(bits, 32 - distance))


def to_unit(bits: Tensor) -> Tensor:
    """Maps random int32 bits to float32 in the open interval (0, 1), 23 bits fine."""
    return (ops.cast(_shift_right(bits, 9), "float32") + 0.5) * (1.0 / (1 << 23))


def to_normal(unit: Tensor) -> Tensor:
    """Maps uniform numbers in (0, 1) to standard normal ones."""
    return ops.erfinv(2.0 * unit - 1.0) * (2.0**0.5)


def to_noise(bits: Tensor) -> Tensor:
    """Maps random int32 bits to nearly standard normal numbers, for noise that fills whole images.

    The sum of a word's four bytes: its distribution function is within 0.01 of the normal one's, and it ends at 3.45
    deviations. The inverse error function would take 10 ms for a batch of 64×224×224×3, this takes 1.
    """
    total = sum(ops.bitwise_and(ops.right_shift(bits, 8 * i), 255) for i in range(4))
    return (ops.cast(total, "float32") - 510.0) * (1.0 / (4 * (256**2 - 1) / 12) ** 0.5)


def expand(key: Tensor, count: int | Tensor) -> Tensor:
    """Expands per-sample keys to random bits that fill a whole sample.

    Threefry would cost 14 ms for a batch of 64×224×224×3 where this hash costs 2, and noise is no secret: each word is
    the counter, keyed before and between the two rounds of a bijection with almost no bias. Keys must be
    random: streams whose keys differ by one in the second word correlate.

    Args:
        key: int32 tensor (batch, 2) of random words, as `Rng.key` draws it.
        count: How many words each sample needs.

    Returns:
        int32 tensor (batch, count).

    Reference:
        Wellons, "Prospecting for hash functions", 2018: lowbias32.
    """
    bits = ops.arange(count, dtype="int32")[None, :] * _GOLDEN + key[:, :1]
    bits = ops.bitwise_xor(bits, _shift_right(bits, 16)) * 0x7FEB352D
    bits = ops.bitwise_xor(bits + key[:, 1:], _shift_right(bits, 15)) * _LOWBIAS
    return ops.bitwise_xor(bits, _shift_right(bits, 16))


def _shift_right(bits: Tensor, distance: int) -> Tensor:
    """A shift that brings in zeros; int32's own drags the sign in."""
    return ops.bitwise_and(ops.right_shift(bits, distance), (1 << (32 - distance)) - 1)
