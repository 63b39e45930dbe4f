"""What a network expects of its pixels, as stock Keras layers in the graph."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
from keras import ops

# How a family was trained. "none": the network holds its own preprocessing.
_MODES = {
    "convnext": "none",
    "densenet": "torch",
    "efficientnet": "none",
    "efficientnet_v2": "none",
    "inception_resnet_v2": "tf",
    "inception_v3": "tf",
    "mobilenet": "tf",
    "mobilenet_v2": "tf",
    "mobilenet_v3": "none",
    "nasnet": "tf",
    "resnet": "caffe",
    "resnet50": "caffe",
    "resnet_v2": "tf",
    "vgg16": "caffe",
    "vgg19": "caffe",
    "xception": "tf",
}
_NAMED = ("caffe", "tf", "torch")
_CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
_TORCH_MEAN = (0.485, 0.456, 0.406)
_TORCH_STD = (0.229, 0.224, 0.225)


class Scaling(NamedTuple):
    """`images * scale + offset`, each a number or one for every channel."""

    scale: float | Sequence[float]
    offset: float | Sequence[float]


def mode_of(family: str) -> str:
    """The preprocessing of a module of `keras.applications`: `"caffe"`, `"torch"`, `"tf"` or `"none"`."""
    if family not in _MODES:
        raise ValueError(
            f"load_backbone: the preprocessing of the family {family!r} is not known to this version of kerasaug. "
            "Use `preprocess=False` and preprocess with `keras.applications`. "
            f"Known families: {', '.join(sorted(_MODES))}."
        )
    return _MODES[family]


def holds_preprocessing(family: str) -> bool:
    """Whether the networks of a module of `keras.applications` preprocess by themselves."""
    return _MODES.get(family) == "none"


def check_preprocess(preprocess: Any) -> None:
    """Raises a `ValueError` unless `preprocess` is a boolean, the name of a mode, or a layer."""
    if isinstance(preprocess, bool | keras.Layer) or (isinstance(preprocess, str) and preprocess in _NAMED):
        return
    raise ValueError(
        f"load_backbone: expected `preprocess` to be True, False, one of {_NAMED}, or a Keras layer. "
        f"Received: {preprocess!r}."
    )


def preprocessed(images: Any, how: "str | Scaling | keras.Layer") -> Any:
    """Applies a mode, a scaling or a layer to symbolic float32 images in [0, 255].

    Modes and scalings are only stock Keras layers and ops, so that what is saved needs neither kerasaug nor unsafe
    deserialisation; in float32 under any dtype policy, because half precision cannot hold the result.
    """
    if isinstance(how, keras.Layer):
        return how(images)
    if isinstance(how, Scaling):
        return _rescaling(how.scale, how.offset)(images)
    if how == "caffe":
        channels = -1 if keras.config.image_data_format() == "channels_last" else -3
        images = ops.flip(images, axis=channels)
        return _rescaling([1.0, 1.0, 1.0], [-mean for mean in _CAFFE_MEAN_BGR])(images)
    if how == "torch":
        scale = [1 / (255 * std) for std in _TORCH_STD]
        offset = [-mean / std for mean, std in zip(_TORCH_MEAN, _TORCH_STD, strict=True)]
        return _rescaling(scale, offset)(images)
    if how == "tf":
        return _rescaling(1 / 127.5, -1.0)(images)
    return images


def in_float32(network: keras.Model) -> None:
    """Lets the preprocessing that a network holds itself compute in float32, whatever the dtype policy."""
    for layer in network.layers:
        if isinstance(layer, (keras.layers.Rescaling, keras.layers.Normalization)) and layer.compute_dtype != "float32":
            layer.dtype_policy = keras.DTypePolicy("float32")
            if isinstance(layer, keras.layers.Normalization):
                _restore_statistics(layer)


def _restore_statistics(layer: keras.layers.Normalization) -> None:
    """Makes mean and variance anew, which were rounded to half precision when the layer was built."""
    if layer.weights:
        layer.finalize_state()
    else:
        layer.build(layer.get_build_config()["input_shape"])


def _rescaling(scale: Any, offset: Any) -> keras.layers.Rescaling:
    return keras.layers.Rescaling(_by_channel(scale), _by_channel(offset), dtype="float32", name="preprocessing")


def _by_channel(values: Any) -> Any:
    """One value for every channel, shaped to stand before height and width where the channels do."""
    if isinstance(values, int | float):
        return float(values)
    listed = [float(value) for value in values]
    if keras.config.image_data_format() == "channels_last":
        return listed
    return [[[value]] for value in listed]  # Rescaling reshapes a scale, but not an offset
