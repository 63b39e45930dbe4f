"""Random permutations without a sort: each place computes where it goes on its own."""

from kerasaug.backend import Tensor, ops
from kerasaug.ops.bits import expand, to_unit

_ROUNDS = 12  # of the orders of four or five, 400,000 draws show a bias after 10 (p < 0.01), and none after 12
_GOLDEN = 0x9E3779B1 - (1 << 32)  # as int32
_LOWBIAS = 0x846CA68B - (1 << 32)
_STREAM = 0x51ED270B


def shuffled(index: Tensor, count: Tensor, first: Tensor, key: Tensor, stream: int) -> Tensor:
    """A random permutation of 0, …, count - 1, at the places `index`.

    Swap-or-not: in each round, what is at x trades places with what is at k - x, modulo the count, or does not, as a
    coin says that both agree on. A rotation goes before, so that each place is as likely for each index, exactly.

    For 256 sequences XLA runs it on a CPU in 0.3 ms at 128 tokens and 0.6 at 512, where a sort takes 2.9 and 38, and
    ranks by comparing each with each 0.8 and 73. Rounds that are unrolled take 0.4 and 1.3.

    Args:
        index: int32 (batch, length), from 0 to count - 1; what comes of others means nothing.
        count: int32 (batch, length) or (batch, 1).
        first: int32, as `count`: tells lists of one row apart, which get permutations of their own.
        key: int32 (batch, 2), random.
        stream: Another one of a key is independent.

    Returns:
        int32 (batch, length).

    Reference:
        Hoang, Morris and Rogaway, "An Enciphered Shuffle", CRYPTO 2012: the swap-or-not shuffle.
    """
    count, words = ops.maximum(count, 1), expand(ops.bitwise_xor(key, _STREAM + stream), _ROUNDS + 1)
    index = ops.mod(index + _below(words[:, :1] + first * _GOLDEN, count), count)

    def trade(i: Tensor, index: Tensor) -> Tensor:
        word = ops.take(words, i, axis=1)[:, None] + first * _GOLDEN
        other = _below(word, count) - index
        other = ops.where(other < 0, other + count, other)
        return ops.where(_coin(ops.maximum(index, other), word), other, index)

    return ops.fori_loop(1, _ROUNDS + 1, trade, index)


def drawn(count: Tensor, first: Tensor, key: Tensor, stream: int) -> Tensor:
    """int32, as `count`: for each list of a row a number from 0 to count - 1, every one as likely.

    Args:
        count: int32 (batch, length) or (batch, 1), the same at all places of a list.
        first: int32, as `count`: tells lists of one row apart.
        key: int32 (batch, 2), random.
        stream: Another one of a key is independent.
    """
    word = expand(ops.bitwise_xor(key, _STREAM + stream), 1)
    return _below(word + first * _GOLDEN, ops.maximum(count, 1))


def _below(word: Tensor, count: Tensor) -> Tensor:
    """int32, uniform over 0, …, count - 1."""
    return ops.cast(ops.floor(to_unit(word) * ops.cast(count, "float32")), "int32")


def _coin(place: Tensor, word: Tensor) -> Tensor:
    """Boolean, a coin for each place and word."""
    bits = (place + word) * _GOLDEN
    bits = ops.bitwise_xor(bits, ops.right_shift(bits, 15)) * _LOWBIAS
    return bits < 0
