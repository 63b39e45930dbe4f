"""Loss of a yes or no for every pixel or token, and the metrics of pixels."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerasaug.registry import register
from kerasaug.transfer.heads.sample_weights import WeighsPixels, WeighsSamples


@register
class BinaryCrossentropy(WeighsSamples, keras.losses.BinaryCrossentropy):
    """Binary crossentropy of pixels or tokens, some of which may be of no class; weights of samples weigh samples.

    Args:
        from_logits: Whether predictions are logits rather than probabilities.
        ignore_class: An integer label that is no part of the mean, such as 255. Defaults to none.
        **kwargs: See `keras.losses.BinaryCrossentropy`. Label smoothing is not together with `ignore_class`.

    Example:

    ```python
    loss = kerasaug.transfer.heads.BinaryCrossentropy(ignore_class=255)
    float(loss(np.array([[1, 255]]), np.array([[[0.5], [0.1]]])))  # 0.69, of the first alone
    ```
    """

    def __init__(self, from_logits: bool = False, ignore_class: int | None = None, **kwargs: Any) -> None:
        super().__init__(from_logits=from_logits, **kwargs)
        if self.label_smoothing and ignore_class is not None:
            raise ValueError(
                "BinaryCrossentropy expects label_smoothing or ignore_class, not both. Received: "
                f"label_smoothing={self.label_smoothing}, ignore_class={ignore_class}."
            )
        self.ignore_class = ignore_class

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each pixel or token."""
        labels = y_true[..., None] if len(y_true.shape) < len(y_pred.shape) else y_true
        if self.ignore_class is None:
            return keras.losses.binary_crossentropy(labels, y_pred, self.from_logits, self.label_smoothing)
        other = ops.zeros_like(y_pred) if self.from_logits else 1 - y_pred
        both = ops.concatenate([other, y_pred], axis=-1)
        return keras.losses.sparse_categorical_crossentropy(
            labels[..., 0], both, from_logits=self.from_logits, ignore_class=self.ignore_class
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "ignore_class": self.ignore_class}


@register
class BinaryIoU(WeighsPixels, keras.metrics.BinaryIoU):
    """`keras.metrics.BinaryIoU` without the pixels of one label, as its `MeanIoU` can do.

    Args:
        target_class_ids: See `keras.metrics.BinaryIoU`.
        threshold: See `keras.metrics.BinaryIoU`.
        ignore_class: An integer label that does not count, such as 255. Defaults to none.
        **kwargs: See `keras.metrics.Metric`.

    Example:

    ```python
    metric = kerasaug.transfer.heads.BinaryIoU([1], ignore_class=255)
    metric.update_state(np.array([1, 1, 255]), np.array([0.9, 0.1, 0.9]))
    float(metric.result())  # 0.5
    ```
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        ignore_class: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(target_class_ids, threshold, **kwargs)
        self.ignore_class = ignore_class

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "ignore_class": self.ignore_class}


@register
class MeanIoU(WeighsPixels, keras.metrics.MeanIoU):
    """`keras.metrics.MeanIoU` that weights of samples weigh too.

    Args:
        num_classes: Number of classes.
        **kwargs: See `keras.metrics.MeanIoU`.

    Example:

    ```python
    metric = kerasaug.transfer.heads.MeanIoU(2)
    metric.update_state(np.array([[0, 1], [1, 1]]), np.array([[0, 1], [0, 0]]), sample_weight=np.array([1, 0]))
    float(metric.result())  # 1.0
    ```
    """
