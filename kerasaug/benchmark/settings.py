"""What to measure, and how large."""

import dataclasses
from typing import Any

SECTIONS = ("recipe", "policies", "layers", "memory", "scaling", "tpu")
QUICK_SECTIONS = ("recipe", "tpu")
QUICK = {"batch_size": 8, "image_size": 64, "rounds": 2}


@dataclasses.dataclass(frozen=True)
class Settings:
    """A run of the benchmark.

    Args:
        batch_size: Images in a batch.
        image_size: Their height and width, in pixels.
        rounds: How many times each contender is timed at most, in turns; slow ones are timed less often.
        dtype: Of the images, `"float32"` or `"uint8"`; Keras's layers are given the same.
        peers: Names of the libraries to compare with; every installed one when `None`, none when empty.
        only: The sections to run, of `SECTIONS`.
        quick: Whether the sizes are too small for the figures to be quoted; said wherever they appear.

    Example:

    ```python
    from kerasaug.benchmark import Settings

    Settings(only=("recipe", "layers"), peers=("keras", "albumentations"))
    ```
    """

    batch_size: int = 64
    image_size: int = 224
    rounds: int = 5
    dtype: str = "float32"
    peers: tuple[str, ...] | None = None
    only: tuple[str, ...] = SECTIONS
    quick: bool = False

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of the batch."""
        return self.batch_size, self.image_size, self.image_size, 3

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        values = dataclasses.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
