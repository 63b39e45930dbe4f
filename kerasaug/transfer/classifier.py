"""A classifier on a backbone."""

from collections.abc import Callable
from typing import Any

import keras

_POOLING = ("avg", "max", "flatten")


def build_classifier(
    backbone: keras.Model,
    num_classes: int,
    augmentation: Callable[..., Any] | None = None,
    pooling: str = "avg",
    dropout: float = 0.2,
    activation: str | None = "softmax",
    name: str | None = None,
) -> keras.Model:
    """Puts a classification head on a backbone.

    The model takes images in [0, 255] → augmentation → backbone → pooling → dropout → `Dense`. The head computes in
    float32 under any dtype policy, so that losses see full precision.

    Args:
        backbone: A model from images to feature maps or vectors, such as `kerasaug.transfer.load_backbone` returns.
        num_classes: Number of classes; 1 for a single yes-or-no output, which then has a sigmoid.
        augmentation: A layer that changes images only and does nothing at inference. What changes labels too (MixUp,
            CutMix) belongs around the model instead: `kerasaug.training.AugmentedModel`. Defaults to none.
        pooling: How feature maps become a vector: `"avg"`, `"max"` or `"flatten"`. Backbones that return vectors need
            none, and it is ignored. Defaults to `"avg"`.
        dropout: Fraction of features dropped before the last layer, in [0, 1). Defaults to 0.2.
        activation: Of the output: `"softmax"`, `"sigmoid"` for several labels per image, or `None` for logits. With
            `num_classes=1`, `"softmax"` means `"sigmoid"`, because a softmax over one class is always 1.
        name: Name of the model. Defaults to one that Keras chooses.

    Returns:
        A `keras.Model` from a batch of images to a `(batch, num_classes)` float32 tensor.

    Raises:
        ValueError: When an argument is out of range.

    Example:

    ```python
    import keras
    from kerasaug.transfer import build_classifier

    backbone = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3, strides=2)])
    model = build_classifier(backbone, num_classes=10)
    assert model.output_shape == (None, 10)
    ```
    """
    _check(num_classes, pooling, dropout)
    images = keras.Input(backbone.input_shape[1:], dtype="float32", name="images")
    features = backbone(images if augmentation is None else augmentation(images))
    features = _pooled(features, pooling)
    if dropout:
        features = keras.layers.Dropout(dropout, name="head_dropout")(features)
    if num_classes == 1 and activation == "softmax":
        activation = "sigmoid"
    outputs = keras.layers.Dense(num_classes, activation=activation, dtype="float32", name="head")(features)
    return keras.Model(images, outputs, name=name)


def _check(num_classes: int, pooling: str, dropout: float) -> None:
    if num_classes < 1:
        raise ValueError(f"build_classifier: expected `num_classes` of at least 1. Received: {num_classes}.")
    if pooling not in _POOLING:
        raise ValueError(f"build_classifier: expected `pooling` to be one of {_POOLING}. Received: {pooling!r}.")
    if not 0 <= dropout < 1:
        raise ValueError(f"build_classifier: expected `dropout` in [0, 1). Received: {dropout}.")


def _pooled(features: Any, pooling: str) -> Any:
    rank = len(features.shape)
    if rank == 2:
        return features
    if rank != 4:
        raise ValueError(
            "build_classifier: expected a backbone that returns feature maps (rank 4) or vectors (rank 2). "
            f"Received one that returns shape {features.shape}."
        )
    layers = keras.layers
    kinds = {"avg": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D, "flatten": layers.Flatten}
    return kinds[pooling](name=f"head_{pooling}")(features)
