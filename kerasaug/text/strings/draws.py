"""Random numbers of one text: functions of a seed and the text's place, and of nothing else."""

import random
import secrets
from collections.abc import Sequence

_WORD = 0xFFFFFFFFFFFFFFFF


class Draws:
    """Draws that repeat, whatever was drawn for other texts, and by whatever worker.

    They rest on `random.Random.random` alone, of which Python says that it stays as it is.

    Args:
        *key: Integers, such as the seed and the index of the text.
    """

    def __init__(self, *key: int) -> None:
        self.key = key
        seed = 1  # so that leading zeros count
        for part in key:
            seed = seed << 64 | part & _WORD
        self.unit = random.Random(seed).random

    def child(self, *key: int) -> "Draws":
        """Draws of their own, for one of several ops."""
        return Draws(*self.key, *key)

    def below(self, n: int) -> int:
        """An integer from 0 to n − 1."""
        return int(self.unit() * n)

    def uniform(self, low: float, high: float) -> float:
        """A number between two."""
        return low if low == high else low + (high - low) * self.unit()

    def sample(self, n: int, k: int) -> list[int]:
        """`k` different integers below n, in random order."""
        pool = list(range(n))
        for i in range(k):
            j = i + self.below(n - i)
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:k]

    def taken(self, among: Sequence[int], rate: tuple[float, float], count: str) -> list[int]:
        """A share of some items, in their order: a coin for each, or exactly ⌊rate · n⌋ of n and at least one."""
        share = self.uniform(*rate)
        if count == "bernoulli":
            return [one for one in among if self.unit() < share]
        k = min(len(among), max(1, int(share * len(among)))) if share > 0 and among else 0
        return [among[i] for i in sorted(self.sample(len(among), k))]


def fresh_seed() -> int:
    """A seed where the caller gave none."""
    return secrets.randbits(63)
