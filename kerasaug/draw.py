"""Per-sample random draws: the one place where probability, strength and the seed act."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasaug.backend import Tensor, ops, replica_id
from kerasaug.ops import bits
from kerasaug.ops.quantiles import beta_quantiles, poisson_cdf

_BLOCKS = 4  # of two words each: most ops need fewer than eight scalars a sample
_GAMMA_TRIES = 8  # a try is accepted with probability 0.95 or more, so all eight fail once in 10**10 draws


def as_key(seed: Any) -> tuple[Tensor, Tensor]:
    """The key of a batch's draws: two int32 scalars, the seed and the step, with the replica folded in.

    Args:
        seed: An integer, or a pair (seed, step): the state of a Keras `SeedGenerator`, say.
    """
    if isinstance(seed, int | np.integer):
        seed = np.array([seed & 0x7FFFFFFF, 0], "int32")
    state = ops.cast(ops.convert_to_tensor(seed), "int32")
    replica = replica_id()
    if isinstance(replica, int):
        return state[0], state[1]
    return ops.bitwise_xor(state[0], ops.left_shift(ops.cast(replica + 1, "int32"), 20)), state[1]


class Rng:
    """Draws random numbers whose first axis is the batch, each sample's own.

    A draw is a function of (seed, step, op, sample) only, so that it repeats, wherever and on whatever backend it is
    made. A sample that is not chosen receives the `neutral` value of each draw, with which its op does nothing.

    Args:
        key: Two int32 scalars: the seed (replica folded in) and the step.
        ids: int32 tensor (batch,): what tells the samples of the step apart.
        op: Integer that tells the ops which share a key apart.
        p: Probability with which a sample is chosen.
        strength: Factor that scales every continuous draw's distance from neutral and every discrete draw's
            probability. A float, or a scalar tensor.
        parent: The draws of the pipeline that holds the op: its choice of samples and its strength apply too.
        count: How many ops will draw under this key. Their first words come from one call of the block function:
            unrolled for each op, it took most of the time that a pipeline took to compile.
    """

    def __init__(
        self,
        key: tuple[Tensor, Tensor],
        ids: Tensor,
        op: int = 0,
        p: float = 1.0,
        strength: Tensor | float = 1.0,
        parent: "Rng | None" = None,
        count: int = 1,
    ) -> None:
        self.key_pair, self.ids, self._blocks = key, ids, _BLOCKS
        self._shared: list[tuple[int, list[Tensor]]]
        self._shared = parent._shared if parent is not None else self._fresh(op, count, 0)
        self.op, self._words = self._shared.pop(0)
        self.strength: Any = strength if parent is None else strength * parent.strength
        self.chosen = ops.broadcast_to(ops.convert_to_tensor(self.strength) > 0, ops.shape(ids))
        if p < 1.0:
            self.chosen = ops.logical_and(self.chosen, self.unit() < p)
        if parent is not None:
            self.chosen = ops.logical_and(self.chosen, parent.chosen)

    def child(self, p: float, strength: Tensor | float) -> "Rng":
        """The draws of the next op of a pipeline, under this pipeline's choice of samples and strength."""
        return Rng(self.key_pair, self.ids, p=p, strength=strength, parent=self)

    def restrict(self, which: Tensor) -> None:
        """Leaves out the samples for which `which`, boolean (batch,), is false."""
        self.chosen = ops.logical_and(self.chosen, which)

    def uniform(
        self,
        low: float | Tensor = 0.0,
        high: float | Tensor = 1.0,
        neutral: float | Tensor | None = None,
        shape: Sequence[int] = (),
    ) -> Tensor:
        """float32 (batch, *shape), uniform between `low` and `high`."""
        return self._gate(low + (high - low) * self.unit(shape), neutral)

    def normal(self, neutral: float | None = None, shape: Sequence[int] = ()) -> Tensor:
        """float32 (batch, *shape), standard normal."""
        return self._gate(bits.to_normal(self.unit(shape)), neutral)

    def bernoulli(self, probability: float | Tensor = 0.5) -> Tensor:
        """Boolean (batch,); never true for a sample that is not chosen."""
        return ops.logical_and(self.chosen, self.unit() < probability * self.strength)

    def sign(self) -> Tensor:
        """float32 (batch,), -1 or 1 with equal probability; not subject to strength."""
        return ops.where(self.unit() < 0.5, -1.0, 1.0)

    def integers(self, low: int, high: int, shape: Sequence[int] = ()) -> Tensor:
        """int32 (batch, *shape), uniform over low, …, high - 1; not subject to strength."""
        return low + ops.cast(ops.floor(self.unit(shape) * (high - low)), "int32")

    def categorical(self, weights: Sequence[float], neutral: int | None = None) -> Tensor:
        """int32 (batch,), an index drawn with probabilities proportional to `weights`.

        With `neutral`, samples that are not chosen get that index, and strength scales the probability of another.
        """
        cumulative = np.cumsum(np.asarray(weights, "float64"))
        edges = ops.convert_to_tensor((cumulative[:-1] / cumulative[-1]).astype("float32"))
        index = ops.sum(ops.cast(self.unit()[:, None] >= edges[None, :], "int32"), axis=1)
        if neutral is None:
            return index
        return ops.where(self.bernoulli(1.0), index, neutral)

    def permutation(self, count: int | None = None) -> Tensor:
        """int32, a permutation of the batch (batch,), or each sample's own of `count` items (batch, count)."""
        order = ops.argsort(self.unit(() if count is None else (count,)), axis=-1)
        return ops.cast(order, "int32")

    def quantile(self, table: np.ndarray, neutral: float | None = None) -> Tensor:
        """float32 (batch,), from the distribution with the quantiles `table`, equally spaced (`ops.quantiles`)."""
        values = ops.convert_to_tensor(table)
        position = self.unit() * (len(table) - 1)
        index = ops.cast(ops.floor(position), "int32")
        low, high = ops.take(values, index), ops.take(values, index + 1)
        return self._gate(low + (high - low) * (position - ops.cast(index, "float32")), neutral)

    def beta(self, alpha: float, beta: float, neutral: float | None = None) -> Tensor:
        """float32 (batch,), Beta(alpha, beta), by a table of its quantiles."""
        return self.quantile(beta_quantiles(float(alpha), float(beta)), neutral)

    def gamma(self, alpha: float, shape: Sequence[int] = ()) -> Tensor:
        """float32 (batch, *shape), Gamma(alpha, 1), by Marsaglia and Tsang's method with a fixed number of tries."""
        d = max(alpha, alpha + 1.0 if alpha < 1.0 else alpha) - 1.0 / 3.0
        tries = (*shape, _GAMMA_TRIES)
        z, u = self.normal(shape=tries), self.unit(tries)
        v = ops.power(ops.maximum(1.0 + z / math.sqrt(9.0 * d), 1e-6), 3.0)
        inside = 1.0 + z / math.sqrt(9.0 * d) > 0.0
        accepted = ops.logical_and(inside, ops.log(u) < 0.5 * z * z + d * (1.0 - v + ops.log(v)))
        first = ops.argmax(ops.cast(accepted, "int32"), axis=-1)
        value = d * ops.take_along_axis(v, first[..., None], axis=-1)[..., 0]
        return value if alpha >= 1.0 else value * ops.power(self.unit(shape), 1.0 / alpha)

    def dirichlet(self, alpha: float, count: int) -> Tensor:
        """float32 (batch, count), rows that sum to 1, from the symmetric Dirichlet(alpha)."""
        gammas = self.gamma(alpha, (count,))
        return gammas / ops.sum(gammas, axis=-1, keepdims=True)

    def poisson(self, rate: float) -> Tensor:
        """int32 (batch,), Poisson(rate) by inversion of its distribution; `rate` at most 1000."""
        cdf = ops.convert_to_tensor(poisson_cdf(float(rate)))
        return ops.sum(ops.cast(self.unit()[:, None] >= cdf[None, :-1], "int32"), axis=1)

    def key(self) -> Tensor:
        """int32 (batch, 2): each sample's key, for draws that fill a whole sample (`ops.bits.expand`)."""
        return ops.stack([self._word(), self._word()], axis=1)

    def unit(self, shape: Sequence[int] = ()) -> Tensor:
        """float32 (batch, *shape), uniform in (0, 1); subject to nothing."""
        words = [self._word() for _ in range(math.prod(shape))]
        if not shape:
            return bits.to_unit(words[0])
        return ops.reshape(bits.to_unit(ops.stack(words, axis=1)), (-1, *shape))

    def _word(self) -> Tensor:
        if not self._words:
            _, self._words = self._fresh(self.op, 1, self._blocks)[0]
            self._blocks += _BLOCKS
        return self._words.pop(0)

    def _fresh(self, op: int, count: int, block: int) -> list[tuple[int, list[Tensor]]]:
        """Each of `count` ops, from `op` on, with its words from block `block` on."""
        numbers = np.arange(op, op + count, dtype="int32")[:, None] << 12
        numbers = numbers + np.arange(block, block + _BLOCKS, dtype="int32")
        counter = ops.convert_to_tensor(numbers.reshape(1, -1))
        halves = bits.threefry2x32(self.key_pair, (self.ids[:, None], counter))
        columns = [half[:, i] for i in range(count * _BLOCKS) for half in halves]
        size = 2 * _BLOCKS
        return [(op + i, columns[i * size : (i + 1) * size]) for i in range(count)]

    def _gate(self, value: Tensor, neutral: float | Tensor | None) -> Tensor:
        if neutral is None:
            return value
        chosen = ops.reshape(self.chosen, (-1,) + (1,) * (len(value.shape) - 1))
        return neutral + ops.where(chosen, self.strength * (value - neutral), 0.0)
