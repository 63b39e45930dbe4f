"""What the text family measures, and how large."""

import dataclasses
from typing import Any

QUICK: dict[str, Any] = {"batch_size": 16, "lengths": (16, 32), "rounds": 2, "quick": True}


@dataclasses.dataclass(frozen=True)
class Settings:
    """A run of the text family.

    Args:
        batch_size: Sequences in a batch.
        lengths: Tokens in a sequence, [CLS] and [SEP] among them; padding fills a quarter of them on average.
        rate: Share of the tokens that every op touches.
        vocabulary: Words there are.
        rounds: How many times each contender is timed at most, in turns.
        peers: Names of the libraries to compare with; every installed one when `None`, none when empty.
        ops: Names of the ops to time; all when `None`.
        quick: Whether the sizes are too small for the figures to be quoted.

    Example:

    ```python
    from kerasaug.benchmark.text import Settings

    Settings(lengths=(128,), peers=("nlpaug",))
    ```
    """

    batch_size: int = 256
    lengths: tuple[int, ...] = (32, 128, 512)
    rate: float = 0.1
    vocabulary: int = 20_000
    rounds: int = 5
    peers: tuple[str, ...] | None = None
    ops: tuple[str, ...] | None = None
    quick: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        values = dataclasses.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
