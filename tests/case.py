"""A layer of the contract, with the arguments that its checks need."""

from collections.abc import Callable
from functools import cache
from typing import Any

from kerasaug import Augmentation


class Case:
    """A layer, with arguments that change every image, and the checks that cannot hold for it.

    Args:
        make: The layer's class, or a function that builds a pipeline.
        but: Dict from a check's name to the reason why it cannot hold: the contract then expects it to fail.
        **arguments: Of `make`.
    """

    common: dict[str, Any] = {"bounding_box_format": "xyxy"}

    def __init__(self, make: Callable[..., Augmentation], but: dict[str, str] | None = None, **arguments: Any) -> None:
        self.make, self.but, self.arguments = make, but or {}, arguments

    def __str__(self) -> str:
        return getattr(self.make, "__name__", "").strip("_")

    def layer(self, **arguments: Any) -> Augmentation:
        """A new layer; one that boxes can be given to, and seeded."""
        return self.make(**{**self.common, "seed": 7, **self.arguments, **arguments})

    @cache  # noqa: B019 (cases live as long as the process)
    def shared(self) -> Augmentation:
        """The layer that checks share, since each layer's first call compiles: leave no change on it."""
        return self.layer()


class TokenCase(Case):
    """A layer of token sequences, of which 1 and 2 are special."""

    common = {"special_token_ids": [1, 2]}


class PlainCase(Case):
    """A layer without common arguments."""

    common = {}
