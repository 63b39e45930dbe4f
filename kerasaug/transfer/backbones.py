"""A backbone from any source that a Keras user has, for images in [0, 255]."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from kerasaug.transfer.application_backbones import application_names, find_application, load_application
from kerasaug.transfer.assembly import POOLINGS, Parts, assemble
from kerasaug.transfer.backbone_names import Named, resolve_name
from kerasaug.transfer.cut import cut_model
from kerasaug.transfer.cv_backbones import from_cv, load_cv
from kerasaug.transfer.hub_backbones import converted, from_hub, is_from, load_hub
from kerasaug.transfer.model_backbones import from_model, load_model_file, refuse_kwargs
from kerasaug.transfer.preprocessing import check_preprocess, in_float32
from kerasaug.transfer.saved_model_backbone import load_saved_model
from kerasaug.transfer.weights import check_weights, load_file

__all__ = ["application_names", "find_application", "load_backbone"]


def load_backbone(
    source: str | os.PathLike | keras.Model,
    weights: str | Path | None = "imagenet",
    input_shape: tuple[int | None, ...] | None = None,
    preprocess: bool | str | keras.Layer = True,
    pooling: str | None = None,
    cut: str | None = None,
    **kwargs: Any,
) -> keras.Model:
    """Loads a network without its classifier, with the right preprocessing in the graph.

    The backbone takes images in [0, 255], as uint8 or float, and does the rest itself, in float32 under any dtype
    policy. What is added around a network is made of stock Keras layers, so that a `.keras` file of it loads without
    kerasaug. Sources:

    - `"MobileNetV2"`, `"mobilenet_v2"`: a network of `keras.applications`, in any spelling. RGB to BGR and mean
      subtraction for ResNet and VGG, mean and standard deviation for DenseNet, [-1, 1] for MobileNet, Inception and
      their kin, nothing for networks that hold their own.
    - `"hub:resnet_18_imagenet"`, `"hf://…"`, `"kaggle://…"`, a folder that `save_to_preset` wrote: a preset of
      KerasHub (`pip install 'kerasaug[hub]'`), with the scale and offset of its image converter. `resize=True` also
      resizes images of any size, as that says. What takes no images, such as a text model, comes back as it is.
    - `"cv:resnet50_imagenet"`, or such a folder: a preset of KerasCV (`pip install 'kerasaug[cv]'`), with its
      rescaling.
    - A `.keras` or `.h5` file with a whole model. `custom_objects` and `safe_mode` are those of
      `keras.saving.load_model`.
    - A folder with a SavedModel, or with numbered versions of one, of which it takes the newest. It is frozen for good,
      and for the TensorFlow backend. `call_endpoint` and `output` choose among several functions and outputs.
    - A `keras.Model`: the layers are shared, not copied. One of your own is taken to hold its preprocessing, as is
      one from a file or SavedModel; a backbone of KerasHub is not, and asks for `preprocess`.

    Args:
        source: One of the above.
        weights: `"imagenet"` for the weights that the source has: Keras's ImageNet weights, downloaded, or those of the
            preset, file or model; a path to a `.weights.h5`, `.h5` or `.keras` file; or `None` for random weights
            (with a model or file: those it has). Defaults to `"imagenet"`.
        input_shape: Height, width and channels in pixels (channels first if Keras is configured so). Height and width
            may be `None` where the network allows it. Defaults to `(224, 224, 3)` for `keras.applications`, and
            otherwise to what the source says.
        preprocess: `True` for the source's own preprocessing, `False` for none: then the backbone takes what
            `keras.applications.<family>.preprocess_input` or the preset's image converter returns (EfficientNet, V1,
            holds its preprocessing in any case). Or the one to use instead: `"caffe"`, `"tf"` or `"torch"`, as in
            `keras.applications`, a `keras_hub.layers.ImageConverter`, or any layer from [0, 255] to what the network
            expects. Defaults to `True`.
        pooling: `None` for what the network returns, `"avg"` or `"max"` for one vector per image, or `"token"` for
            the first token of a transformer. Defaults to `None`.
        cut: Name of the layer whose output the backbone returns, with the models that hold it in front where the name
            is not unique (`"resnet50/conv4_block6_out"`); or `"auto"`, which leaves out the classifier of a model of
            yours: what follows the last global pooling or `Flatten`. Defaults to the network's own output.
        **kwargs: Passed to the constructor in `keras.applications` or of the preset, such as `alpha=0.35` for a thin
            MobileNet; others are named above.

    Returns:
        A `keras.Model` from images to feature maps, or to vectors with `pooling`.

    Raises:
        ValueError: When the name is unknown, the shape does not suit the network, or the weights do not fit it.
        TypeError: When `source` is of no kind that is understood, or an argument is not read.
        FileNotFoundError: When a path leads nowhere.
        ImportError: When the extra of a preset is not installed.
        ConnectionError: When weights or a preset could not be downloaded.
        RuntimeError: For a SavedModel on a backend other than TensorFlow.

    Example:

    ```python
    from kerasaug.transfer import load_backbone

    backbone = load_backbone("mobilenet", weights=None, input_shape=(32, 32, 3), alpha=0.25)
    assert backbone.output_shape == (None, 1, 1, 256)

    classifier = keras.Sequential([
        keras.Input((32, 32, 3)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(8, 3, strides=2, name="maps"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10, activation="softmax"),
    ])
    assert load_backbone(classifier, cut="auto").output_shape == (None, 15, 15, 8)
    ```

    Reference:
        - [Keras Applications](https://keras.io/api/applications/)
        - [KerasHub presets](https://keras.io/keras_hub/presets/)
    """
    check_weights(weights)
    check_preprocess(preprocess)
    _check_pooling(pooling)
    preprocess = converted(preprocess)
    parts, pooling_left = _load(source, weights, input_shape, preprocess, pooling, cut, kwargs)
    backbone = assemble(parts, pooling_left if cut is None else None, input_shape)
    if weights not in (None, "imagenet"):
        load_file(backbone, parts.network, Path(weights))
    if cut is None:
        return backbone
    return assemble(parts._replace(network=cut_model(parts.network, cut)), pooling_left, input_shape)


def _load(
    source: Any, weights: Any, input_shape: Any, preprocess: Any, pooling: Any, cut: Any, kwargs: dict[str, Any]
) -> tuple[Parts, str | None]:
    """The parts, and the pooling that is still to be done."""
    if isinstance(source, keras.Model):
        return _from_object(source, input_shape, preprocess, cut, kwargs), pooling
    if not isinstance(source, str | os.PathLike):
        raise TypeError(
            "load_backbone: expected the name of a network, a path, or a keras.Model. Received: "
            f"{getattr(source, '__name__', type(source).__name__)}."
        )
    named = resolve_name(source)
    if named.kind == "application":
        at_once = None if cut is not None or pooling == "token" else pooling
        parts = load_application(named.name, weights, input_shape, preprocess, at_once, **kwargs)
        in_float32(parts.network)
        return parts, pooling if at_once is None else None
    return _from_name(named, weights, input_shape, preprocess, cut, kwargs), pooling


def _from_name(
    named: Named, weights: Any, input_shape: Any, preprocess: Any, cut: Any, kwargs: dict[str, Any]
) -> Parts:
    if named.kind == "file":
        model = load_model_file(Path(named.name), **kwargs)
        return _from_object(model, input_shape, preprocess, cut, {})
    if named.kind == "saved_model":
        _check_whole(named.name, weights, cut)
        return load_saved_model(Path(named.name), input_shape, preprocess, **kwargs)
    load: dict[str, Callable[..., Parts]] = {"hub": load_hub, "cv": load_cv}
    return load[named.kind](named.name, weights, input_shape, preprocess, **kwargs)


def _from_object(model: keras.Model, input_shape: Any, preprocess: Any, cut: Any, kwargs: dict[str, Any]) -> Parts:
    refuse_kwargs(f"{model.name!r}, a model that is built,", kwargs)
    if is_from(model, "keras_hub"):
        parts = from_hub(model, preprocess)
    elif is_from(model, "keras_cv"):
        parts = from_cv(model, preprocess)
    else:
        return from_model(model, input_shape, preprocess, cut)
    from_model(parts.network, input_shape, False, cut)
    return parts


def _check_pooling(pooling: Any) -> None:
    if pooling is not None and pooling not in POOLINGS:
        raise ValueError(f"load_backbone: expected `pooling` to be None or one of {POOLINGS}. Received: {pooling!r}.")


def _check_whole(folder: str, weights: Any, cut: Any) -> None:
    if cut is not None or weights not in (None, "imagenet"):
        raise ValueError(
            f"load_backbone: {folder} is a SavedModel, a graph without layers. Received: cut={cut!r}, weights="
            f"{weights!r}. Cut the model and load its weights before you export it."
        )
