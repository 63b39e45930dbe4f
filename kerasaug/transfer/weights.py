"""Weights from a file, for a backbone."""

import warnings
import zipfile
from pathlib import Path
from typing import Any

import keras

from kerasaug.transfer.input_statistics import follow_weights
from kerasaug.transfer.walk import walk

_ENDINGS = (".weights.h5", ".h5", ".hdf5", ".keras")


def check_weights(weights: Any) -> None:
    """Says what is wrong with `weights` before anything is built.

    Raises:
        ValueError: When it is neither `"imagenet"`, `None` nor a path to a file of a known kind.
        FileNotFoundError: When there is no such file.
    """
    if weights is None or weights == "imagenet":
        return
    path = Path(weights)
    if not path.name.endswith(_ENDINGS):
        raise ValueError(
            "load_backbone: expected `weights` to be 'imagenet', None, or a path that ends in .weights.h5, .h5 or "
            f".keras. Received: {str(weights)!r}."
        )
    if not path.is_file():
        raise FileNotFoundError(f"load_backbone: there is no weights file at {path.resolve()}.")
    check_archive(path)


def check_archive(path: Path) -> None:
    """Raises a `ValueError` for a `.keras` file that is none; Keras would say that there is no file."""
    if path.name.endswith(".keras") and path.is_file() and not zipfile.is_zipfile(path):
        raise ValueError(
            f"load_backbone: {path} is no .keras file, which is a zip archive. It may be damaged or cut off: copy, "
            "download or save it again; a file of weights alone ends in .weights.h5."
        )


def load_file(backbone: keras.Model, network: keras.Model, path: Path) -> None:
    """Loads a file saved from the backbone or from the bare network inside it, or a model that holds either.

    Args:
        backbone: The backbone, with preprocessing.
        network: The network inside it, or the same object.
        path: An existing `.weights.h5`, `.h5` or `.keras` file.

    Raises:
        ValueError: When the weights in the file do not fit.
    """
    if path.name.endswith(".keras"):
        _copy_from_model(network, path)
    else:
        _load_weights(backbone, network, path)
    follow_weights(network)


def _load_weights(backbone: keras.Model, network: keras.Model, path: Path) -> None:
    errors = []
    for target in dict.fromkeys((network, backbone)):
        with warnings.catch_warnings(record=True) as caught:
            try:
                target.load_weights(str(path))
            except (ValueError, KeyError, OSError) as error:
                errors.append(str(error).splitlines()[0])
                continue
        for warning in caught:  # those of a failed attempt would only mislead
            warnings.warn(warning.message, stacklevel=3)
        return
    raise ValueError(
        f"load_backbone: the weights in {path} do not fit {network.name!r}: {errors[0]} Check the name, `alpha` and "
        "the like, and that the file is without a classifier (`include_top=False`)."
    )


def _copy_from_model(network: keras.Model, path: Path) -> None:
    wanted = [tuple(weight.shape) for weight in network.weights]
    saved = keras.models.load_model(path, compile=False)
    for part in walk(saved):
        if [tuple(weight.shape) for weight in part.weights] == wanted:
            network.set_weights(part.get_weights())
            return
    raise ValueError(
        f"load_backbone: {path} holds no part with the weights of {network.name!r} ({len(wanted)} of them). "
        "Check the name, `alpha` and the like."
    )
