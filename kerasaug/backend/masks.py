"""The mask that Keras hangs on a tensor, for which it has no public name."""

from typing import Any

from keras.src.backend.common.masking import get_keras_mask, set_keras_mask


def mask_of(tensor: Any) -> Any:
    """The mask of a tensor that a layer put out, or `None`; JAX's tensors have no attributes, Keras keeps a table."""
    return get_keras_mask(tensor)


def with_mask(tensor: Any, mask: Any) -> Any:
    """The tensor, with the mask that layers which are given it next will see."""
    set_keras_mask(tensor, mask)
    return tensor
