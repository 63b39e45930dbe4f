"""Heads that put out one vector a sample: classes, several labels, numbers."""

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasaug.registry import register
from kerasaug.transfer.heads.head import POOLING, Body, Head, check_choice, check_count, check_share
from kerasaug.transfer.heads.losses import Crossentropy, LabelAccuracy, StandardizedError
from kerasaug.transfer.heads.pooling import pooled


@dataclass(frozen=True, kw_only=True)
class VectorHead(Head):
    """Pooling, hidden layers if any, and a dense output.

    Args:
        pooling: How maps or sequences become a vector: `"avg"`, `"max"`, both side by side with `"avg_max"`,
            `"flatten"`; of sequences also the `"first"` token (the class token of BERT and of vision transformers) or
            the `"last"`. Masked tokens do not count. Ignored for vectors. Defaults to `"avg"`.
        hidden: Widths of hidden layers with ReLU. Defaults to none.
        batch_norm: Whether the input of each dense layer is batch-normalised. Defaults to `False`.
        dropout: Fraction dropped before the output, in [0, 1); half of it before hidden layers. Defaults to 0.2.
    """

    pooling: str = "avg"
    hidden: tuple[int, ...] = ()
    batch_norm: bool = False
    dropout: float = 0.2

    def __post_init__(self) -> None:
        hidden = (self.hidden,) if isinstance(self.hidden, numbers.Integral) else tuple(self.hidden)
        check_choice(self, "pooling", POOLING)
        check_share(self, "dropout")
        if not all(isinstance(one, numbers.Integral) and one > 0 for one in hidden):
            raise ValueError(f"{type(self).__name__} expects hidden, widths of at least 1. Received: hidden={hidden}.")
        object.__setattr__(self, "hidden", tuple(map(int, hidden)))

    @property
    def width(self) -> int:
        """Number of outputs."""
        raise NotImplementedError(f"{type(self).__name__} must implement `width`.")

    def build(self, body: Body, name: str) -> Any:
        """See `Head.build`."""
        x = pooled(body.last, self.pooling, name, type(self).__name__)
        for index, width in enumerate(self.hidden):
            x = self._prepared(x, self.dropout / 2, f"{name}_hidden{index}")
            dense = keras.layers.Dense(width, use_bias=not self.batch_norm, name=f"{name}_hidden{index}")
            x = keras.layers.ReLU(name=f"{name}_hidden{index}_relu")(dense(x))
        x = self._prepared(x, self.dropout, name)
        return keras.layers.Dense(self.width, dtype="float32", name=f"{name}_dense")(x)

    def _prepared(self, x: Any, dropout: float, name: str) -> Any:
        if self.batch_norm:
            x = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x)
        return keras.layers.Dropout(dropout, name=f"{name}_dropout")(x) if dropout else x


@register
@dataclass(frozen=True)
class Classification(VectorHead):
    """One of several classes: softmax, or sigmoid for a single yes-or-no output.

    Args:
        num_classes: Number of classes; 1 for yes or no.
        logits: Whether the output is left without its activation. Defaults to `False`.
        label_smoothing: Of the default loss, in [0, 1). Defaults to 0.
        **kwargs: See `VectorHead`: `pooling`, `hidden`, `batch_norm`, `dropout`; and `loss_weight`.

    Example:

    ```python
    backbone = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3, strides=2)])
    head = kerasaug.transfer.Classification(10, pooling="avg_max", hidden=(32,), batch_norm=True)
    model = kerasaug.transfer.build_model(backbone, head)
    model.output_shape  # (None, 10)
    ```
    """

    num_classes: int
    logits: bool = False
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self, "num_classes")
        check_share(self, "label_smoothing")

    @classmethod
    def fastai(cls, num_classes: int, **changes: Any) -> "Classification":
        """Fastai's head: average and maximum side by side, BatchNormalization, a hidden layer of 512, dropout of 0.5.

        Args:
            num_classes: Number of classes.
            **changes: What is to be otherwise.
        """
        return cls(
            num_classes, **{"pooling": "avg_max", "hidden": (512,), "batch_norm": True, "dropout": 0.5, **changes}
        )

    @property
    def width(self) -> int:
        """Number of outputs."""
        return self.num_classes

    @property
    def binary(self) -> bool:
        """Whether each output is a yes or no of its own."""
        return self.num_classes == 1

    def activate(self, outputs: Any) -> Any:
        """Probabilities."""
        if self.logits:
            return outputs
        return ops.sigmoid(outputs) if self.binary else ops.softmax(outputs, axis=-1)

    @property
    def loss(self) -> keras.losses.Loss:
        """Crossentropy of integer or one-hot labels; of yes and no where outputs are such."""
        if self.binary:
            return keras.losses.BinaryCrossentropy(from_logits=self.logits, label_smoothing=self.label_smoothing)
        return Crossentropy(self.label_smoothing, self.logits)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """Accuracy."""
        if self.binary:
            return [keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0 if self.logits else 0.5)]
        return [LabelAccuracy()]


@register
@dataclass(frozen=True)
class MultiLabel(Classification):
    """Any number of labels at once: a sigmoid for each, and labels of 0 and 1.

    Args:
        num_classes: Number of labels.
        **kwargs: See `Classification`.

    Example:

    ```python
    backbone = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    model = kerasaug.transfer.build_model(backbone, kerasaug.transfer.MultiLabel(5))
    model.compile("adam", kerasaug.transfer.heads_losses(model))
    ```
    """

    @property
    def binary(self) -> bool:
        """Each output is a yes or no of its own."""
        return True


@register
@dataclass(frozen=True)
class Regression(VectorHead):
    """Numbers: a linear output, one that stays in a range, or one in the unit of targets that were standardised.

    Args:
        num_outputs: Number of targets.
        output_range: `(low, high)` that outputs stay between by a scaled sigmoid, fastai's `y_range`. Take a little
            more than the targets' own, since a sigmoid never reaches its ends. Defaults to no limits.
        mean: Mean of each target. With `std`, the network learns `(target - mean) / std` while the model takes and
            gives targets in their own unit. See `Regression.of`. Defaults to 0.
        std: Standard deviation of each target.
        **kwargs: See `VectorHead`: `pooling`, `hidden`, `batch_norm`, `dropout`; and `loss_weight`.

    Example:

    ```python
    backbone = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    prices = np.array([[90.0], [110.0], [100.0]])
    model = kerasaug.transfer.build_model(backbone, kerasaug.transfer.Regression.of(prices))
    ```
    """

    num_outputs: int = 1
    output_range: tuple[float, float] | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self, "num_outputs")
        limits = self.output_range
        if limits is not None and (len(limits) != 2 or not limits[0] < limits[1] or self.std is not None):
            raise ValueError(
                "Regression expects output_range=(low, high), low first, and no std beside it. Received: "
                f"output_range={limits}, std={self.std}."
            )
        if (self.mean is None) != (self.std is None):
            raise ValueError(f"Regression expects mean and std together. Received: mean={self.mean}, std={self.std}.")
        for name in ("mean", "std"):
            value = getattr(self, name)
            if value is not None and (len(value) != self.num_outputs or (name == "std" and min(value) <= 0)):
                raise ValueError(
                    f"Regression expects {name} of each of {self.num_outputs} targets, and std above 0. Received: "
                    f"{name}={value}."
                )

    @classmethod
    def of(cls, targets: Any, **arguments: Any) -> "Regression":
        """A head for standardised targets.

        Args:
            targets: The training targets, `(samples,)` or `(samples, outputs)`.
            **arguments: See `VectorHead`.
        """
        table = np.asarray(targets, "float64")
        table = table.reshape(len(table), -1)
        mean, std = (tuple(map(float, one)) for one in (table.mean(axis=0), table.std(axis=0)))
        return cls(table.shape[1], mean=mean, std=tuple(one or 1.0 for one in std), **arguments)

    @property
    def width(self) -> int:
        """Number of outputs."""
        return self.num_outputs

    def activate(self, outputs: Any) -> Any:
        """Numbers in the targets' unit and range."""
        if self.output_range is not None:
            low, high = self.output_range
            return ops.sigmoid(outputs) * (high - low) + low
        return outputs if self.std is None else outputs * _row(self.std) + _row(self.mean)

    @property
    def loss(self) -> keras.losses.Loss:
        """Mean squared error, of standardised targets where they are."""
        return keras.losses.MeanSquaredError() if self.std is None else StandardizedError(self.std)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """Mean absolute error, in the targets' unit."""
        return [keras.metrics.MeanAbsoluteError(name="mae")]


def _row(values: Sequence[float] | None) -> Any:
    return np.asarray(values, "float32")[None]
