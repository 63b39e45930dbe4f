"""Weights to transfer from: a model, or a file that Keras wrote."""

import io
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasaug.transfer.weight_parts import Part, parts_of

_ENDINGS = (".keras", ".weights.h5", ".h5", ".hdf5")
_IN_ARCHIVE = "model.weights.h5"
_NOT_LAYERS = ("optimizer", "optimizer_weights", "compile_metrics", "metrics")
_TOP = "top_level_model_weights"  # of the legacy format: what the model itself owns


def source_parts(source: Any) -> tuple[list[Part], bool]:
    """The parts of a model or file, and whether they come in the model's order.

    A `.keras` file is rebuilt where its classes are known, since the file itself keeps neither order nor the names of
    weights; otherwise, like a `.weights.h5` file, it is read layer by layer.

    Raises:
        TypeError: When `source` is neither.
        FileNotFoundError: When there is no such file.
        ValueError: When the file is of another kind, damaged, or holds no weights.
    """
    if isinstance(source, keras.Layer):
        if not source.built:
            raise ValueError(
                f"transfer_weights expects a built source. Received: {source.name!r}, which has no weights yet: give "
                "it a `keras.Input`, or call it once on a batch."
            )
        return parts_of(source), True
    if not isinstance(source, str | os.PathLike):
        raise TypeError(f"transfer_weights expects a model or a file to copy from. Received: {type(source).__name__}.")
    path = Path(source)
    if not path.name.endswith(_ENDINGS):
        raise ValueError(f"transfer_weights expects a file that ends in {', '.join(_ENDINGS)}. Received: {path}.")
    if not path.is_file():
        raise FileNotFoundError(f"transfer_weights: there is no file at {path.resolve()}.")
    try:
        parts, ordered = _from_keras(path) if path.name.endswith(".keras") else _from_h5(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"transfer_weights expects a file that Keras wrote. Received: {path}, which cannot be read "
            f"({str(error).splitlines()[0]}). It may be damaged or cut off: copy, download or save it again."
        ) from error
    if not parts:
        raise ValueError(f"transfer_weights expects a file with weights of layers. Received: {path}, without any.")
    return parts, ordered


def _from_keras(path: Path) -> tuple[list[Part], bool]:
    if not zipfile.is_zipfile(path):
        raise zipfile.BadZipFile("it is no zip archive, which a .keras file is")
    try:
        return parts_of(keras.models.load_model(path, compile=False)), True
    except (TypeError, ValueError):  # a class that is not registered here; its weights can be read all the same
        with zipfile.ZipFile(path) as archive:
            if _IN_ARCHIVE not in archive.namelist():
                raise
            return _from_h5(io.BytesIO(archive.read(_IN_ARCHIVE)))


def _from_h5(file: Any) -> tuple[list[Part], bool]:
    import h5py

    with h5py.File(file, "r") as opened:
        legacy = opened["model_weights"] if "model_weights" in opened else opened
        if "layer_names" in legacy.attrs or "layer_names0" in legacy.attrs:
            return _merged(list(_legacy(legacy))), True
        return list(_groups(opened, ())), False


def _groups(group: Any, path: tuple[str, ...]) -> Iterator[Part]:
    own = group.get("vars")
    if own is not None and len(own):
        yield _loaded(path, {key: own[key] for key in sorted(own, key=_natural)})
    for key in sorted(group, key=_natural):
        child = group[key]
        if key == "vars" or not hasattr(child, "keys"):
            continue
        if group.name == "/" and key in _NOT_LAYERS:
            continue
        inner = child.get("vars")
        if inner is None:
            yield from _groups(child, path)  # a list of layers, or an attribute
        else:
            yield from _groups(child, (*path, str(inner.attrs.get("name", key))))


def _legacy(group: Any) -> Iterator[Part]:
    for layer in [*_attribute(group, "layer_names"), _TOP]:
        if layer not in group:
            continue
        weights: dict[tuple[str, ...], dict[str, Any]] = {}
        for full in _attribute(group[layer], "weight_names"):
            *holders, name = full.split("/")
            inside = holders if layer == _TOP or holders[:1] == [layer] else [layer, *holders]
            weights.setdefault(tuple(inside), {})[name.partition(":")[0]] = group[layer][full]
        yield from (_loaded(path, arrays) for path, arrays in weights.items())


def _merged(parts: list[Part]) -> list[Part]:
    """Without parts of one path: a model's own weights stand in the legacy format a second time."""
    return list({part.path: part for part in reversed(parts)}.values())[::-1]


def _attribute(group: Any, name: str) -> list[str]:
    """A list of names, which HDF5 keeps in chunks when it is long."""
    if name in group.attrs:
        values = list(group.attrs[name])
    else:
        chunks = sorted((key for key in group.attrs if re.fullmatch(rf"{name}\d+", key)), key=_natural)
        values = [value for key in chunks for value in group.attrs[key]]
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


def _loaded(path: tuple[str, ...], datasets: dict[str, Any]) -> Part:
    arrays = {name: np.asarray(dataset) for name, dataset in datasets.items()}
    return Part(path, {name: array.shape for name, array in arrays.items()}, arrays.__getitem__)


def _natural(name: str) -> list[Any]:
    return [(1, int(piece), "") if piece.isdigit() else (0, 0, piece) for piece in re.split(r"(\d+)", name)]
