"""The mask that Keras hangs on a tensor, for which it has no public name."""

from typing import Any


def mask_of(tensor: Any) -> Any:
    """The mask of a tensor that a layer put out, or `None`."""
    return getattr(tensor, "_keras_mask", None)
