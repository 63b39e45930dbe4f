"""Heads that put out a vector for every pixel, or for every token."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from kerasaug.registry import register
from kerasaug.transfer.heads.binary import BinaryCrossentropy, BinaryIoU, MeanIoU
from kerasaug.transfer.heads.head import Body, Head, check_choice, check_count, check_share
from kerasaug.transfer.heads.layers import ResizeTo
from kerasaug.transfer.heads.losses import Crossentropy, LabelAccuracy
from kerasaug.transfer.heads.necks import pyramid, summed, unet

_DECODERS = ("fpn", "unet")


@dataclass(frozen=True)
class DenseHead(Head):
    """Classes of pixels or tokens.

    Args:
        num_classes: Number of classes, the background included; 1 for yes or no.
        logits: Whether the output is left without its activation. Defaults to `False`.
        ignore_class: An integer label that counts neither in loss nor in metrics, such as 255 or -100. Defaults to
            none.
        dropout: Fraction dropped before the output, in [0, 1). Defaults to 0.1.
    """

    num_classes: int
    logits: bool = False
    ignore_class: int | None = None
    dropout: float = 0.1

    def __post_init__(self) -> None:
        check_count(self, "num_classes")
        check_share(self, "dropout")

    def activate(self, outputs: Any) -> Any:
        """Probabilities."""
        if self.logits:
            return outputs
        return ops.sigmoid(outputs) if self.num_classes == 1 else ops.softmax(outputs, axis=-1)

    @property
    def loss(self) -> keras.losses.Loss:
        """Crossentropy of integer labels, averaged over those that count."""
        if self.num_classes == 1:
            return BinaryCrossentropy(self.logits, self.ignore_class)
        return Crossentropy(from_logits=self.logits, ignore_class=self.ignore_class)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The share of right labels."""
        if self.num_classes == 1:
            return [LabelAccuracy(self.ignore_class, threshold=self._threshold)]
        return [LabelAccuracy(self.ignore_class)]

    @property
    def _threshold(self) -> float:
        return 0.0 if self.logits else 0.5


@register
@dataclass(frozen=True)
class Segmentation(DenseHead):
    """A class for every pixel: `(batch, height, width, num_classes)` in the size of the images, classes last always.

    Masks to learn from are integers, `(batch, height, width)` or with an axis of one channel.

    Args:
        num_classes: Number of classes, the background included; 1 for yes or no.
        logits: Whether the output is left without its activation. Defaults to `False`.
        ignore_class: A label that counts neither in loss nor in metrics, such as 255. Defaults to none.
        dropout: Fraction dropped before the output, in [0, 1). Defaults to 0.1.
        decoder: `"fpn"`, a feature pyramid whose levels are added up, or `"unet"`. Defaults to `"fpn"`.
        filters: Channels of the decoder; in a U-Net those of its coarsest level, halved with each level. Defaults to
            128.
        min_level: The finest map that is used, as log2 of its stride. Defaults to 2, a quarter of the image, for
            `"fpn"` and to 0 for `"unet"`.
        **kwargs: `loss_weight`.

    Example:

    ```python
    layers = keras.layers
    backbone = keras.Sequential(
        [keras.Input((16, 16, 3)), *(layers.Conv2D(4, 3, strides=2, padding="same") for _ in range(3))]
    )
    model = kerasaug.transfer.build_model(backbone, kerasaug.transfer.Segmentation(2, decoder="unet", filters=16))
    model.output_shape  # (None, 16, 16, 2)
    ```
    """

    decoder: str = "fpn"
    filters: int = 128
    min_level: int | None = None

    needs_maps = True
    target = "segmentation_masks"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self, "decoder", _DECODERS)
        check_count(self, "filters")

    def build(self, body: Body, name: str) -> Any:
        """See `Head.build`."""
        least = self.min_level if self.min_level is not None else 2 * (self.decoder == "fpn")
        maps = {level: x for level, x in body.maps.items() if level >= min(least, max(body.maps))}
        if self.decoder == "unet":
            x = unet(maps, self.filters, name)
        else:
            x = summed(pyramid(maps, self.filters, max(maps), name), self.filters, name)
        if self.dropout:
            x = keras.layers.SpatialDropout2D(self.dropout, name=f"{name}_dropout")(x)
        x = keras.layers.Conv2D(self.num_classes, 1, dtype="float32", name=f"{name}_conv")(x)
        x = ResizeTo(dtype="float32", name=f"{name}_full_size")([x, body.images])
        first = keras.config.image_data_format() == "channels_first"
        return keras.layers.Permute((2, 3, 1), name=f"{name}_classes_last")(x) if first else x

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The share of right pixels, and the mean intersection over union."""
        if self.num_classes == 1:
            return [*super().metrics, BinaryIoU([1], self._threshold, self.ignore_class, name="iou")]
        mean = MeanIoU(self.num_classes, name="mean_iou", ignore_class=self.ignore_class, sparse_y_pred=False)
        return [*super().metrics, mean]


@register
@dataclass(frozen=True)
class TokenClassification(DenseHead):
    """A class for every token of a sequence: `(batch, tokens, num_classes)`.

    Tokens that an `Embedding` with `mask_zero=True` or a `Masking` layer masks count neither in loss nor in metrics.

    Args:
        num_classes: Number of classes.
        logits: Whether the output is left without its activation. Defaults to `False`.
        ignore_class: A label that counts neither in loss nor in metrics, such as -100. Defaults to none.
        dropout: Fraction dropped before the output, in [0, 1). Defaults to 0.1.
        **kwargs: `loss_weight`.

    Example:

    ```python
    backbone = keras.Sequential([keras.Input((6,), dtype="int32"), keras.layers.Embedding(50, 8, mask_zero=True)])
    model = kerasaug.transfer.build_model(backbone, kerasaug.transfer.TokenClassification(4))
    model.output_shape  # (None, 6, 4)
    ```
    """

    def build(self, body: Body, name: str) -> Any:
        """See `Head.build`."""
        if len(body.last.shape) != 3:
            raise ValueError(
                "TokenClassification expects a backbone that returns (batch, tokens, width). Received one that returns "
                f"shape {body.last.shape}."
            )
        x = keras.layers.Dropout(self.dropout, name=f"{name}_dropout")(body.last) if self.dropout else body.last
        return keras.layers.Dense(self.num_classes, dtype="float32", name=f"{name}_dense")(x)
