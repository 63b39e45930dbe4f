"""Losses and metrics of heads that Keras has no counterpart of."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerasaug.backend.masks import mask_of
from kerasaug.registry import register
from kerasaug.transfer.heads.sample_weights import WeighsSamples, expanded


@register
class Crossentropy(WeighsSamples):
    """Categorical crossentropy of integer labels or of one-hot rows, whichever come; also of pixels and of tokens.

    A pipeline that mixes samples makes one-hot rows of integers, and the same loss serves before and after. Keras
    smooths one-hot labels only. Weights of samples weigh samples, those of pixels or tokens these.

    Args:
        label_smoothing: The share of the target that is spread over all classes, in [0, 1).
        from_logits: Whether predictions are logits rather than probabilities.
        ignore_class: An integer label that is no part of the mean, such as 255 for pixels of no class. Not together
            with `label_smoothing`. Defaults to none.
        **kwargs: See `keras.losses.Loss`.

    Example:

    ```python
    loss = kerasaug.transfer.heads.Crossentropy()
    predicted = np.array([[0.5, 0.5], [0.1, 0.9]])
    float(loss(np.array([0, 1]), predicted)) == float(loss(np.eye(2), predicted))  # True
    ```
    """

    takes_rows_and_integers = True

    def __init__(
        self,
        label_smoothing: float = 0.0,
        from_logits: bool = False,
        ignore_class: int | None = None,
        **kwargs: Any,
    ) -> None:
        if label_smoothing and ignore_class is not None:
            raise ValueError(
                "Crossentropy expects label_smoothing or ignore_class, not both. Received: "
                f"label_smoothing={label_smoothing}, ignore_class={ignore_class}."
            )
        super().__init__(**kwargs)
        self.label_smoothing = label_smoothing
        self.from_logits = from_logits
        self.ignore_class = ignore_class

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample, pixel or token."""
        classes = y_pred.shape[-1]
        if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == classes:
            encoded = ops.cast(y_true, y_pred.dtype)
            return keras.losses.categorical_crossentropy(encoded, y_pred, self.from_logits, self.label_smoothing)
        labels = y_true[..., 0] if len(y_true.shape) == len(y_pred.shape) else y_true
        if self.ignore_class is not None:
            return keras.losses.sparse_categorical_crossentropy(
                labels, y_pred, from_logits=self.from_logits, ignore_class=self.ignore_class
            )
        encoded = ops.one_hot(ops.cast(labels, "int32"), classes, dtype=y_pred.dtype)
        return keras.losses.categorical_crossentropy(encoded, y_pred, self.from_logits, self.label_smoothing)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "label_smoothing": self.label_smoothing,
            "from_logits": self.from_logits,
            "ignore_class": self.ignore_class,
        }


@register
class StandardizedError(keras.losses.Loss):
    """Mean squared error of targets divided by their standard deviation, so that no unit outweighs another.

    Args:
        std: Standard deviation of each target, in its unit.
        **kwargs: See `keras.losses.Loss`.

    Example:

    ```python
    loss = kerasaug.transfer.heads.StandardizedError([10.0])
    float(loss(np.array([[5.0]]), np.array([[15.0]])))  # 1.0
    ```
    """

    def __init__(self, std: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.std = [float(one) for one in std]

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample."""
        y_true = ops.reshape(ops.cast(y_true, y_pred.dtype), ops.shape(y_pred))
        return ops.mean(ops.square((y_true - y_pred) / ops.cast(self.std, y_pred.dtype)), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "std": self.std}


@register
class LabelAccuracy(keras.metrics.Mean):
    """The share of right labels, integers or one-hot rows, without those of one class; also of pixels and tokens.

    Args:
        ignore_class: An integer label that does not count. Defaults to none.
        threshold: Above which a single output means yes; for outputs of one number. Defaults to none.
        name: Name of the metric.
        dtype: See `keras.metrics.Metric`.

    Example:

    ```python
    metric = kerasaug.transfer.heads.LabelAccuracy(ignore_class=255)
    metric.update_state(np.array([1, 0, 255]), np.array([[0.1, 0.9], [0.1, 0.9], [0.1, 0.9]]))
    float(metric.result())  # 0.5
    ```
    """

    def __init__(
        self,
        ignore_class: int | None = None,
        name: str = "accuracy",
        dtype: Any = None,
        threshold: float | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.ignore_class = ignore_class
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch."""
        mask = mask_of(y_pred)
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        if len(y_true.shape) == len(y_pred.shape):
            rows = y_true.shape[-1] == y_pred.shape[-1] and self.threshold is None
            y_true = ops.argmax(y_true, axis=-1) if rows else y_true[..., 0]
        labels = ops.cast(y_true, "int32")
        chosen = ops.argmax(y_pred, axis=-1) if self.threshold is None else y_pred[..., 0] > self.threshold
        right = ops.cast(labels == ops.cast(chosen, "int32"), self.dtype)
        kept = ops.ones_like(right) if mask is None else ops.cast(mask, self.dtype)
        if self.ignore_class is not None:
            kept = kept * ops.cast(labels != self.ignore_class, self.dtype)
        if sample_weight is not None:
            kept = kept * ops.cast(expanded(sample_weight, ops.shape(right)), self.dtype)
        super().update_state(right, kept)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "ignore_class": self.ignore_class, "threshold": self.threshold}
