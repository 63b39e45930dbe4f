"""Every network of `keras.applications` as a backbone that takes images in [0, 255]."""

import difflib
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from kerasaug.transfer.preprocessing import in_float32, mode_of, preprocessed
from kerasaug.transfer.weights import check_weights, load_file


def load_backbone(
    name: str,
    weights: str | Path | None = "imagenet",
    input_shape: tuple[int, ...] = (224, 224, 3),
    preprocess: bool = True,
    pooling: str | None = None,
    **kwargs: Any,
) -> keras.Model:
    """Loads a network of `keras.applications` without its classifier, with its own preprocessing in the graph.

    The backbone takes images in [0, 255], as uint8 or float, and does the rest itself, in float32: RGB to BGR and mean
    subtraction for ResNet and VGG, mean and standard deviation for DenseNet, [-1, 1] for MobileNet, Inception and
    their kin, nothing for networks that hold their own. It is made of stock Keras layers, so a `.keras` file of it
    loads without kerasaug.

    Args:
        name: Name of the network, in any case and with or without underscores: `"MobileNetV2"`, `"mobilenet_v2"`.
        weights: `"imagenet"` to download Keras's weights; a path to a `.weights.h5`, `.h5` or `.keras` file; or `None`
            for random weights. Defaults to `"imagenet"`.
        input_shape: Height, width and channels in pixels (channels first if Keras is configured so). Height and width
            may be `None` where the network allows it. Defaults to `(224, 224, 3)`.
        preprocess: Whether the preprocessing is in the graph. Without it the backbone takes what
            `keras.applications.<family>.preprocess_input` returns. EfficientNet (V1) holds its preprocessing in any
            case. Defaults to `True`.
        pooling: `None` for feature maps, `"avg"` or `"max"` for one vector per image. Defaults to `None`.
        **kwargs: Passed to the constructor in `keras.applications`, such as `alpha=0.35` for a thin MobileNet.

    Returns:
        A `keras.Model` from images to feature maps, or to vectors with `pooling`.

    Raises:
        ValueError: When the name is unknown, the shape does not suit the network, or the weights do not fit it.
        FileNotFoundError: When `weights` is a path where there is no file.
        ConnectionError: When Keras could not download the weights.

    Example:

    ```python
    from kerasaug.transfer import load_backbone

    backbone = load_backbone("mobilenet", weights=None, input_shape=(32, 32, 3), alpha=0.25)
    assert backbone.output_shape == (None, 1, 1, 256)
    ```

    Reference:
        - [Keras Applications](https://keras.io/api/applications/)
    """
    public_name, constructor, family = find_application(name)
    mode = mode_of(family) if preprocess else "none"
    _check_shape(public_name, input_shape, mode)
    check_weights(weights)
    if "include_preprocessing" in inspect.signature(constructor).parameters:
        kwargs.setdefault("include_preprocessing", preprocess)
    network = _construct(public_name, constructor, weights, input_shape=input_shape, pooling=pooling, **kwargs)
    in_float32(network)
    if mode == "none":
        backbone = network
    else:
        images = keras.Input(input_shape, dtype="float32", name="images")
        backbone = keras.Model(images, network(preprocessed(images, mode)), name=f"{public_name.lower()}_backbone")
    if weights is not None and weights != "imagenet":
        load_file(backbone, network, Path(weights))
    return backbone


def find_application(name: str) -> tuple[str, Callable[..., keras.Model], str]:
    """The public name, constructor and family of a network of `keras.applications`.

    Raises:
        ValueError: When there is none of this name; the message lists near matches.
    """
    known = {_plain(public): public for public in application_names()}
    public = known.get(_plain(name))
    if public is None:
        near = [known[match] for match in difflib.get_close_matches(_plain(name), known, n=5, cutoff=0.5)]
        hint = f"Did you mean {', '.join(near)}?" if near else f"Known names: {', '.join(application_names())}."
        raise ValueError(f"load_backbone: keras.applications has no network called {name!r}. {hint}")
    return public, getattr(keras.applications, public), _family(public)


def application_names() -> list[str]:
    """The public names of all networks in `keras.applications`."""
    members = vars(keras.applications).items()
    return sorted(name for name, member in members if inspect.isfunction(member) and name[0].isupper())


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _family(public: str) -> str:
    modules = {name: module for name, module in vars(keras.applications).items() if isinstance(module, ModuleType)}
    for name, module in modules.items():
        if hasattr(module, public) and hasattr(module, "preprocess_input"):
            return name
    # MobileNetV3Small stands beside its module, not in it: the longest module name that it begins with.
    matches = [name for name in modules if _plain(public).startswith(_plain(name))]
    return max(matches, key=len, default=public)


def _check_shape(public: str, input_shape: tuple[int, ...], mode: str) -> None:
    if len(input_shape) != 3:
        raise ValueError(
            f"load_backbone: expected `input_shape` as (height, width, channels) for {public}. Received: {input_shape}."
        )
    channels = input_shape[-1 if keras.config.image_data_format() == "channels_last" else 0]
    if mode in ("caffe", "torch") and channels != 3:
        raise ValueError(
            f"load_backbone: the preprocessing of {public} is for 3 channels (RGB). "
            f"Received: input_shape={input_shape}. Repeat a grey channel three times, or use `preprocess=False`."
        )


def _construct(public: str, constructor: Callable[..., keras.Model], weights: Any, **kwargs: Any) -> keras.Model:
    source = "imagenet" if weights == "imagenet" else None
    try:
        return constructor(weights=source, include_top=False, **kwargs)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"load_backbone: keras.applications.{public} refused input_shape={kwargs['input_shape']} and weights="
            f"{source!r}: {error}"
        ) from error
    except Exception as error:
        if source is None:
            raise
        raise ConnectionError(
            f"load_backbone: Keras could not download the ImageNet weights of {public} ({error}). Download them on "
            "another machine (`keras.applications` keeps them in ~/.keras/models) and pass the file as "
            "`weights='/path/to/file.h5'`, or use `weights=None` for random ones."
        ) from error
