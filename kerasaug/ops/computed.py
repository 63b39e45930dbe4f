"""Keeping XLA from computing one thing many times."""

import keras

from kerasaug.backend import Tensor, fuses_too_much, materialize, ops


def computed(tensor: Tensor) -> Tensor:
    """A tensor as it is, but computed once, where XLA would compute it anew for whatever reads it.

    A table of 256 tones, say, for each pixel that is looked up there: 75 ms for 64×224×224×3, and 20 so.
    """
    if not fuses_too_much(tensor):
        return tensor
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    return materialize(lambda: tensor, tensor, tuple(ops.shape(tensor)), dtype)
