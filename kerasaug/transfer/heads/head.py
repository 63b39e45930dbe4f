"""What all heads are: a few values that say what to build on a body, and how to judge what comes out."""

import numbers
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import keras

POOLING = ("avg", "max", "avg_max", "flatten", "first", "last")


class Body(NamedTuple):
    """What a head is built on.

    Attributes:
        last: What the backbone puts out.
        maps: The last map of each level, which is log2 of the stride; empty unless a head `needs_maps`.
        images: The images that came in, whose size per-pixel outputs have; `None` where there is no single one.
    """

    last: Any
    maps: dict[int, Any]
    images: Any


@dataclass(frozen=True, kw_only=True)
class Head:
    """Base of heads; a subclass writes `build`, `activate`, `loss` and `metrics`.

    Args:
        loss_weight: The weight of the head's loss in the sum over all heads. Defaults to 1.

    Example:

    ```python
    head = kerasaug.transfer.Regression(output_range=(0, 5))
    head.loss.name, [metric.name for metric in head.metrics]  # "mean_squared_error", ["mae"]
    ```
    """

    loss_weight: float = 1.0

    needs_maps = False
    target = "labels"  # the kind of target that a pipeline of augmentations sees in it

    def build(self, body: Body, name: str) -> Any:
        """What goes into the head's `HeadOutput`; its layers are named after the head."""
        raise NotImplementedError(f"{type(self).__name__} must implement `build(body, name)`.")

    def activate(self, outputs: Any) -> Any:
        """The activation of the output, in float32."""
        return outputs

    @property
    def loss(self) -> keras.losses.Loss:
        """The loss that suits the output."""
        raise NotImplementedError(f"{type(self).__name__} must implement `loss`.")

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """New metrics that suit the output."""
        return []

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Head":
        """The inverse of `get_config`."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in config.items()
        }
        return cls(**values)


def check_count(head: Any, name: str) -> None:
    """Raises unless a number of outputs is one; NumPy's integers become Python's."""
    value = getattr(head, name)
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{type(head).__name__} expects {name}, an integer of at least 1. Received: {name}={value!r}.")
    object.__setattr__(head, name, int(value))


def check_choice(head: Any, name: str, choices: tuple[str, ...]) -> None:
    """Raises unless a value is one of `choices`."""
    value = getattr(head, name)
    if value not in choices:
        raise ValueError(f"{type(head).__name__} expects {name} to be one of {list(choices)}. Received: {value!r}.")


def check_share(head: Any, name: str) -> None:
    """Raises unless a value is a fraction."""
    value = getattr(head, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise ValueError(
            f"{type(head).__name__} expects {name}, a fraction from 0 up to 1. Received: {name}={value!r}."
        )
