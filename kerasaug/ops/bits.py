"""Counter-based random bits: a pure function of a key and a counter, the same on every backend and device.

Everything is int32, whose additions wrap alike on TensorFlow, JAX, torch and TPUs.
"""

from kerasaug.backend import Tensor, ops

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


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
    low = ops.bitwise_and(ops.right_shift(bits, 32 - distance), (1 << distance) - 1)  # int32 shifts drag the sign in
    return ops.bitwise_or(ops.left_shift(bits, distance), low)


def to_unit(bits: Tensor) -> Tensor:
    """Maps random int32 bits to float32 in the open interval (0, 1), 23 bits fine."""
    positive = ops.bitwise_and(ops.right_shift(bits, 9), (1 << 23) - 1)
    return (ops.cast(positive, "float32") + 0.5) * (1.0 / (1 << 23))


def to_normal(unit: Tensor) -> Tensor:
    """Maps uniform numbers in (0, 1) to standard normal ones."""
    return ops.erfinv(2.0 * unit - 1.0) * (2.0**0.5)


def expand(key: Tensor, count: int | Tensor) -> Tensor:
    """Expands per-sample keys to random bits that fill a whole sample.

    Args:
        key: int32 tensor (batch, 2), as `Rng.key` draws it.
        count: How many words each sample needs.

    Returns:
        int32 tensor (batch, count).
    """
    half = (count + 1) // 2
    index = ops.arange(half, dtype="int32")[None, :]
    first, second = threefry2x32((key[:, :1], key[:, 1:]), (index, ops.zeros_like(index)))
    return ops.concatenate([first, second], axis=1)[:, :count]
