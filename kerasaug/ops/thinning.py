"""Binomial thinning of counts: each occurrence is dropped by a coin of its own, 32 of them in one integer."""

from kerasaug.backend import Tensor, ops
from kerasaug.ops.bits import expand

_PRECISION = 16  # bits of a rate: a coin's probability is off by less than 0.00001
_STREAM = 0x2545F491  # whose multiples tell the words of random bits of one coin apart
_CHUNKS = 32  # of 32 occurrences each; what goes beyond is thinned by its expectation


def dropped(key: Tensor, counts: Tensor, rate: Tensor) -> Tensor:
    """How many of each count's occurrences are dropped.

    A coin that falls with the probability 0.b₁b₂…, in binary, is made from fair bits f: beginning with the last b,
    (f | coin) where b is 1 and (f & coin) where it is 0. One word of fair bits makes 32 coins a step, so that 16 words
    do for 32 occurrences, and `keras.random.binomial`, which XLA has no kernel for, is not needed.

    Args:
        key: int32 (batch, 2), of random words.
        counts: int32 (batch, size), not negative.
        rate: float32 (batch,), from 0 to 1.

    Returns:
        int32 (batch, size), binomial of `counts` and `rate`.
    """
    steps = ops.cast(ops.round(rate * (1 << _PRECISION)), "int32")[:, None]
    last = ops.minimum((ops.max(counts) + 31) // 32, _CHUNKS)

    def add(chunk: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
        coins = _coins(ops.bitwise_xor(key, chunk * 0x3C6EF35F), counts, steps)
        return chunk + 1, total + _ones(ops.bitwise_and(coins, _first(counts - 32 * chunk)))

    begin = (ops.zeros((), dtype="int32"), ops.zeros_like(counts))
    _, total = ops.while_loop(lambda chunk, total: chunk < last, add, begin)
    beyond = ops.cast(ops.maximum(counts - 32 * _CHUNKS, 0), "float32")
    return total + ops.cast(ops.round(beyond * rate[:, None]), "int32")


def _coins(key: Tensor, counts: Tensor, steps: Tensor) -> Tensor:
    """int32 (batch, size), like `counts`, each bit 1 with the probability `steps` / 2**16."""
    coins, size = ops.zeros_like(counts), ops.shape(counts)[1]
    for i in range(_PRECISION):
        fair = expand(ops.bitwise_xor(key, _STREAM * (i + 1) % (1 << 31)), size)
        one = ops.bitwise_and(ops.right_shift(steps, i), 1) == 1
        coins = ops.where(one, ops.bitwise_or(fair, coins), ops.bitwise_and(fair, coins))
    return ops.where(steps == 1 << _PRECISION, -1, coins)


def _first(count: Tensor) -> Tensor:
    """int32 whose lowest `count` bits are 1, none below 0 and all from 32 on."""
    some = ops.left_shift(1, ops.clip(count, 0, 31)) - 1
    return ops.where(count >= 32, -1, some)


def _ones(word: Tensor) -> Tensor:
    """How many bits of an int32 are 1, added up in pairs, fours and bytes."""
    word = word - ops.bitwise_and(ops.right_shift(word, 1), 0x55555555)
    word = ops.bitwise_and(word, 0x33333333) + ops.bitwise_and(ops.right_shift(word, 2), 0x33333333)
    word = ops.bitwise_and(word + ops.right_shift(word, 4), 0x0F0F0F0F)
    return ops.right_shift(word * 0x01010101, 24)
