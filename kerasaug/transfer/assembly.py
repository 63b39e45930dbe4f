"""A backbone out of a network: its preprocessing in front, a pooling behind."""

from typing import Any, NamedTuple

import keras

from kerasaug.transfer.preprocessing import Scaling, preprocessed

POOLINGS = ("avg", "max", "token")


class Parts(NamedTuple):
    """What a source of backbones hands over.

    Attributes:
        network: The network as its source made it.
        how: Its preprocessing; `"none"` when the network holds its own, or none is wanted.
        resizing: A layer to resize images of any size before anything else, or `None`.
        name: Name of the backbone, when it is another model than the network.
    """

    network: keras.Model
    how: str | Scaling | keras.Layer = "none"
    resizing: keras.Layer | None = None
    name: str | None = None


def takes_images(network: keras.Model) -> bool:
    """Whether a model has one input, and that is of images."""
    return len(network.inputs) == 1 and len(network.inputs[0].shape) == 4


def assemble(parts: Parts, pooling: str | None, input_shape: tuple[int | None, ...] | None = None) -> keras.Model:
    """Builds the backbone; the network itself where nothing is to be added.

    Args:
        parts: What the source handed over.
        pooling: `None`, `"avg"`, `"max"` or `"token"`.
        input_shape: Of the images before `parts.resizing`.
    """
    network = parts.network
    if parts.how == "none" and parts.resizing is None and pooling is None:
        return network
    if len(network.inputs) != 1:
        raise ValueError(
            f"load_backbone: {network.name!r} takes {[one.name for one in network.inputs]}, and not one batch of "
            "images. `preprocess`, `pooling` and `resize` are for images: leave them out, and build on what it returns."
        )
    shape = network.inputs[0].shape[1:]
    if parts.resizing is not None:
        shape = input_shape or _any_size(shape)
    images = x = keras.Input(shape, dtype="float32", name="images")
    if parts.resizing is not None:
        x = parts.resizing(x)
    outputs = pooled(network(preprocessed(x, parts.how)), pooling)
    return keras.Model(images, outputs, name=parts.name or f"images_to_{network.name}")


def pooled(features: Any, pooling: str | None) -> Any:
    """One vector per image, out of feature maps or of tokens; vectors stay as they are.

    Raises:
        ValueError: When there are several outputs, or the output has no first token.
    """
    if pooling is None:
        return features
    rank = len(features.shape) if hasattr(features, "shape") else 0
    if rank not in (2, 3, 4) or (pooling == "token" and rank != 3):
        wanted = "tokens (rank 3)" if pooling == "token" else "feature maps (rank 4), tokens (rank 3) or vectors"
        raise ValueError(
            f"load_backbone: expected a network that returns {wanted} for pooling={pooling!r}. Received one that "
            f"returns {features.shape if rank else 'several outputs'}. Use `pooling=None`, or `cut` at a layer."
        )
    if rank == 2:
        return features
    if pooling == "token":
        return features[:, 0]
    layers = keras.layers
    if rank == 3:  # tokens lie between batch and features, however images are kept
        kind = layers.GlobalAveragePooling1D if pooling == "avg" else layers.GlobalMaxPooling1D
        return kind(data_format="channels_last", name="pooling")(features)
    kind = layers.GlobalAveragePooling2D if pooling == "avg" else layers.GlobalMaxPooling2D
    return kind(name="pooling")(features)


def _any_size(shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    return (None, None, shape[-1]) if keras.config.image_data_format() == "channels_last" else (shape[0], None, None)
