"""Presets and backbones of KerasHub."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from kerasaug.extras import require
from kerasaug.transfer.assembly import Parts, takes_images
from kerasaug.transfer.downloads import check_known, explained
from kerasaug.transfer.preprocessing import Scaling

SCHEMES = ("hf://", "kaggle://", "modelscope://", "gs://")


def load_hub(
    preset: str,
    weights: str | Path | None,
    input_shape: tuple[int | None, ...] | None,
    preprocess: Any,
    resize: bool = False,
    **kwargs: Any,
) -> Parts:
    """Loads the backbone of a preset, and the preprocessing that stands beside it.

    Args:
        preset: A name that KerasHub knows, a handle, or a folder.
        weights: `"imagenet"` for those of the preset.
        input_shape: Of an image. Defaults to what the preset says.
        preprocess: As in `load_backbone`.
        resize: Whether images of any size are resized in the graph, as the preset says.
        **kwargs: Passed to the backbone's constructor, in place of what the preset says.

    Raises:
        ConnectionError: When there is no way to the preset.
        ImportError: When KerasHub is not installed.
        ValueError: When there is no such preset, or it does not suit the arguments.
    """
    hub = require("keras_hub", "hub", f"load_backbone({preset!r})")
    check_known(preset, hub.models.Backbone.presets, "KerasHub", "hub:")
    if input_shape is not None and not resize:
        kwargs["image_shape"] = tuple(input_shape)
    pretrained = weights == "imagenet"
    network = explained(
        lambda: hub.models.Backbone.from_preset(preset, load_weights=pretrained, **kwargs),
        f"KerasHub's preset {preset!r}",
        f"{kwargs}" if kwargs else "",
        "Use `resize=True` if its weights are for one size of images." if "image_shape" in kwargs else "",
    )
    if not takes_images(network):
        _check_no_image_arguments(preset, network, input_shape, preprocess, resize)
        return Parts(network)
    converter = _converter(hub, preset) if preprocess is True or resize else None
    how = preprocess
    if isinstance(preprocess, bool):
        how = _scaling(hub, converter, preset) if preprocess else "none"
    return Parts(network, how, _resizing(converter, network, preset) if resize else None)


def from_hub(model: keras.Model, preprocess: Any) -> Parts:
    """Takes a backbone, or the backbone and preprocessing of a task such as `ImageClassifier`."""
    network = getattr(model, "backbone", model)
    if not takes_images(network):
        _check_no_image_arguments(network.name, network, None, preprocess, False)
        return Parts(network)
    if preprocess is not True:
        return Parts(network, converted(preprocess) if preprocess else "none")
    converter = getattr(getattr(model, "preprocessor", None), "image_converter", None)
    if converter is None:
        raise ValueError(
            f"load_backbone: expected `preprocess` for {network.name!r}, because a backbone of KerasHub does not hold "
            "its own. Pass `preprocess=keras_hub.layers.ImageConverter.from_preset(...)`, 'caffe', 'tf', 'torch' or a "
            "layer; or `preprocess=False`."
        )
    return Parts(network, converted(converter))


def converted(preprocess: Any) -> Any:
    """What an `ImageConverter` does to pixels, as a `Scaling`; anything else as it is."""
    if not hasattr(preprocess, "scale") or not hasattr(preprocess, "image_size"):
        return preprocess
    if preprocess.scale is None and preprocess.offset is None:
        return "none"
    return Scaling(1.0 if preprocess.scale is None else preprocess.scale, preprocess.offset or 0.0)


def is_from(model: Any, package: str) -> bool:
    """Whether a model's class is one of a package, or is derived from one; the package is not imported for it."""
    return any(kind.__module__.partition(".")[0] == package for kind in type(model).__mro__)


def preset_package(folder: Path) -> str | None:
    """`"keras_hub"` or `"keras_cv"`, for a folder with a preset of one of them."""
    try:
        config = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError):
        return None
    if not isinstance(config, dict):
        return None
    if str(config.get("registered_name")).startswith("keras_cv"):
        return "keras_cv"
    return "keras_hub" if {"registered_name", "model_type", "architecture"} & set(config) else None


def _converter(hub: ModuleType, preset: str) -> Any:
    make: Callable[[], Any] = lambda: hub.layers.ImageConverter.from_preset(preset)  # noqa: E731
    try:
        return explained(make, f"the image converter of KerasHub's preset {preset!r}", "")
    except (FileNotFoundError, ValueError) as error:
        raise ValueError(
            f"load_backbone: KerasHub's preset {preset!r} does not say how its images are preprocessed ({error}). Pass "
            "`preprocess` as 'caffe', 'tf', 'torch' or a layer; or `preprocess=False`, without `resize`."
        ) from error


def _scaling(hub: ModuleType, converter: Any, preset: str) -> Any:
    if type(converter).call is not hub.layers.ImageConverter.call:
        raise ValueError(
            f"load_backbone: the images of {preset!r} are preprocessed by {type(converter).__name__}, which does more "
            "than scale and resize them. Call it on your data, and use `preprocess=False`."
        )
    return converted(converter)


def _resizing(converter: Any, network: keras.Model, preset: str) -> keras.Layer:
    height, width = converter.image_size or (None, None)
    if height is None:
        shape = network.inputs[0].shape[1:]
        height, width = shape[:2] if keras.config.image_data_format() == "channels_last" else shape[1:]
    if height is None or width is None:
        raise ValueError(
            f"load_backbone: KerasHub's preset {preset!r} names no size to resize to. Leave out `resize` and pass "
            "`input_shape`, or begin your model with a `keras.layers.Resizing`."
        )
    return keras.layers.Resizing(
        height,
        width,
        interpolation=converter.interpolation,
        antialias=converter.antialias,
        crop_to_aspect_ratio=converter.crop_to_aspect_ratio,
        pad_to_aspect_ratio=converter.pad_to_aspect_ratio,
        dtype="float32",
        name="resizing",
    )


def _check_no_image_arguments(preset: str, network: keras.Model, shape: Any, preprocess: Any, resize: bool) -> None:
    given = {"input_shape": shape is not None, "preprocess": not isinstance(preprocess, bool), "resize": resize}
    wrong = [name for name, is_given in given.items() if is_given]
    names = [one.name for one in network.inputs]
    if wrong:
        raise ValueError(
            f"load_backbone: {preset!r} takes {names}, and not one batch of images. Received: {', '.join(wrong)}, "
            "which are for images. Leave them out."
        )
    if any(len(one.shape) == 4 for one in network.inputs) and preprocess is True:
        raise ValueError(
            f"load_backbone: {preset!r} takes images among {names}, which are not preprocessed in the graph. Use "
            "`preprocess=False` and KerasHub's own preprocessor."
        )
