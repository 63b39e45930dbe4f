"""Models of the user's own, as objects or in files."""

import warnings
from pathlib import Path
from typing import Any

import keras

from kerasaug.transfer.assembly import Parts
from kerasaug.transfer.cut import ends_in_classifier
from kerasaug.transfer.weights import check_archive

_FILES = (".keras", ".h5", ".hdf5")


def is_model_file(path: Path) -> bool:
    """Whether the name is that of a file of a whole model."""
    return path.name.endswith(_FILES) and not path.name.endswith(".weights.h5")


def load_model_file(path: Path, **kwargs: Any) -> keras.Model:
    """Loads a model; `kwargs` are those of `keras.saving.load_model`.

    Raises:
        ValueError: When the file holds no model that Keras can make.
    """
    check_archive(path)
    try:
        return keras.saving.load_model(path, compile=False, **kwargs)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise ValueError(
            f"load_backbone: Keras cannot make a model of {path}: {str(error).splitlines()[0]} A file of weights alone "
            "goes into `weights`, with the network that they are for as the first argument; classes of your own go "
            "into `custom_objects`."
        ) from error


def from_model(
    model: keras.Model, input_shape: tuple[int | None, ...] | None, preprocess: Any, cut: str | None
) -> Parts:
    """Takes a model as it is, `preprocess` excepted, after a look at what it takes and returns.

    Raises:
        ValueError: When its input is not that of `input_shape`, or is not known.
    """
    network = _with_input(model, input_shape)
    if cut is None and ends_in_classifier(network):
        warnings.warn(
            f"load_backbone: {model.name!r} returns probabilities, which a new head would take for features. Pass "
            "cut='auto' for what lies below its classifier, or the name of a layer.",
            stacklevel=5,
        )
    return Parts(network, "none" if isinstance(preprocess, bool) else preprocess)


def refuse_kwargs(source: str, kwargs: dict[str, Any]) -> None:
    """Raises a `TypeError` for arguments that nothing would read."""
    if kwargs:
        raise TypeError(f"load_backbone: {source} takes no further arguments. Received: {', '.join(sorted(kwargs))}.")


def _with_input(model: keras.Model, input_shape: tuple[int | None, ...] | None) -> keras.Model:
    if getattr(model, "inputs", None) is None:
        if input_shape is None:
            raise ValueError(
                f"load_backbone: expected a model with a `keras.Input`. Received {model.name!r}, whose input is not "
                "known: pass `input_shape=(height, width, channels)`."
            )
        images = keras.Input(input_shape, name="images")
        return keras.Model(images, model(images), name=f"{model.name}_backbone")
    shapes = [tuple(one.shape[1:]) for one in model.inputs]
    if input_shape is not None and (len(shapes) != 1 or not _fits(shapes[0], input_shape)):
        raise ValueError(
            f"load_backbone: expected `input_shape` to be that of {model.name!r}, {', '.join(map(str, shapes))}. "
            f"Received: {tuple(input_shape)}. Leave it out, or build the model for that size."
        )
    return model


def _fits(own: tuple[int | None, ...], wanted: tuple[int | None, ...]) -> bool:
    pairs = zip(own, wanted, strict=False)
    return len(own) == len(wanted) and all(one is None or one == other for one, other in pairs)
