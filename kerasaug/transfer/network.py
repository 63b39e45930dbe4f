"""The classifier that a recipe names, for images as they come."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from kerasaug.transfer.backbones import load_backbone
from kerasaug.transfer.classifier import build_classifier
from kerasaug.transfer.walk import walk


def build_network(recipe: Any) -> tuple[keras.Model, keras.Model]:
    """Builds the classifier of a recipe with a backbone.

    Returns:
        The model, and the classifier inside it, whose input has the backbone's size; they are one where images come in
        that size.
    """
    with _precision(recipe.mixed_precision):
        channels = recipe.input_shape[_channel_axis()]
        size = _shape(recipe.image_size, 3 if channels == 1 else channels)
        backbone = load_backbone(recipe.backbone, recipe.weights, size, **recipe.backbone_args)
        classifier = build_classifier(backbone, recipe.num_classes, dropout=recipe.dropout)
        if tuple(recipe.input_shape) == size:
            return classifier, classifier
        return _adapted(classifier, recipe), classifier


def spatial(shape: Any) -> tuple[Any, Any]:
    """Height and width of an image's shape."""
    return (shape[0], shape[1]) if _channel_axis() == -1 else (shape[1], shape[2])


def best_precision() -> str:
    """The half precision that the device is made for: float16 on GPUs, bfloat16 on TPUs, none on CPUs."""
    kinds = {device.partition(":")[0].lower() for device in map(str, keras.distribution.list_devices())}
    return "mixed_bfloat16" if "tpu" in kinds else "mixed_float16" if kinds & {"gpu", "cuda"} else "float32"


def reseed(model: keras.Model, seed: int) -> None:
    """Sets every random layer's state by `seed` and its place in the model: no file of Keras keeps those states."""
    found = [value for layer in walk(model) for value in vars(layer).values() if type(value) is _Generator]
    for index, generator in enumerate(dict.fromkeys(found)):
        state = generator.state
        state.assign(keras.ops.cast([(seed + 1000003 * (index + 1)) % 2**31, 0], state.dtype))


def quicken_statistics(model: keras.Model, steps: int) -> None:
    """Lets the moving averages of BatchNormalization follow within a twentieth of a training of so many steps.

    Keras's momentum of 0.99 suits tens of thousands: after 60 steps from scratch more than half of an average was still
    its initial value, and every validation image was given one class.
    """
    for layer in walk(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = min(layer.momentum, max(_LEAST_MOMENTUM, 1 - _WINDOWS / steps))


_WINDOWS, _LEAST_MOMENTUM = 20, 0.5
_Generator = keras.random.SeedGenerator


def _adapted(classifier: keras.Model, recipe: Any) -> keras.Model:
    images = x = keras.Input(recipe.input_shape, dtype="float32", name="images")
    if spatial(recipe.input_shape) != tuple(recipe.image_size):
        x = keras.layers.Resizing(*recipe.image_size, antialias=True, dtype="float32", name="resizing")(x)
    if recipe.input_shape[_channel_axis()] == 1:
        x = keras.layers.Concatenate(_channel_axis() if _channel_axis() == -1 else 1, name="grey_as_rgb")([x] * 3)
    return keras.Model(images, classifier(x), name=f"{classifier.name}_of_any_size")


def _shape(size: tuple[int, int], channels: int) -> tuple[int, int, int]:
    return (*size, channels) if _channel_axis() == -1 else (channels, *size)


def _channel_axis() -> int:
    return -1 if keras.config.image_data_format() == "channels_last" else 0


@contextlib.contextmanager
def _precision(policy: str | None) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy or before)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
