"""The mask that Keras hangs on a tensor, for which it has no public name."""

from typing import Any

from keras.src.backend.common.masking import get_keras_mask


def mask_of(tensor: Any) -> Any:
    """The mask of a tensor that a layer put out, or `None`; JAX's tensors have no attributes, Keras keeps a table."""
    return get_keras_mask(tensor)
