"""Weights of samples, where a loss or a metric has values of pixels or tokens."""

from typing import Any

import keras
from keras import ops


def expanded(weights: Any, shape: Any) -> Any:
    """Weights of samples, or of rows or pixels of them, for each of the values that they weigh.

    Args:
        weights: Of any rank; axes that are missing at the end, and a last one of size 1, are those of whole samples.
        shape: Of the values.
    """
    weights = ops.convert_to_tensor(weights)
    rank, missing = len(weights.shape), len(shape) - len(weights.shape)
    if missing == -1 and weights.shape[-1] == 1:
        weights = ops.squeeze(weights, axis=-1)
    elif rank and missing > 0:
        weights = ops.reshape(weights, (*ops.shape(weights), *(1,) * missing))
    return ops.broadcast_to(weights, shape) if missing >= -1 else weights


class WeighsSamples(keras.losses.Loss):
    """A loss that Keras's weights of samples weigh whole samples in; NumPy's rules would weigh columns of pixels."""

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss; `sample_weight` is of shape `(batch,)`, or that of the labels."""
        if sample_weight is not None:
            sample_weight = expanded(sample_weight, ops.shape(y_pred)[:-1])
        return super().__call__(y_true, y_pred, sample_weight)


class WeighsPixels(keras.metrics.Metric):
    """A metric of pixels that Keras's weights of samples weigh whole samples in."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Counts a batch; `sample_weight` is of shape `(batch,)`, or that of the labels."""
        if sample_weight is not None:
            sample_weight = expanded(sample_weight, ops.shape(y_true))
        return super().update_state(y_true, y_pred, sample_weight)
