"""Where features go while they are computed: memory, or a folder of `.npy` files."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

INDEX = "index.json"
_KIND = "kerasaug.features"
_LABELS = "labels"


class Features(NamedTuple):
    """What `extract_features` returns; unpacks as `features, labels = ...`.

    Attributes:
        features: An array whose first axis is the samples, or a dict of such arrays by layer name.
        labels: The labels in the same order, as an array or a structure of arrays; `None` when the data had none.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, name="hidden"), keras.layers.Dense(2)])
    x, y = np.ones((6, 4)), np.arange(6)
    features, labels = kerasaug.transfer.extract_features(model, (x, y), "hidden", verbose=0)
    features.shape, labels.shape  # (6, 8), (6,)
    ```
    """

    features: Any
    labels: Any


class Memory:
    """Collects the arrays of batches and joins them."""

    def __init__(self) -> None:
        self._rows: dict[str, list[np.ndarray]] = {}

    def add(self, arrays: dict[str, np.ndarray]) -> None:
        """Appends a batch."""
        for name, array in arrays.items():
            rows = self._rows.setdefault(name, [])
            if rows:
                check_shape(name, rows[0].shape[1:], array.shape[1:])
            rows.append(array)

    def close(self, index: dict[str, Any]) -> dict[str, np.ndarray]:
        """Joins the batches; `index` is for folders."""
        return {name: np.concatenate(rows) for name, rows in self._rows.items()}

    def discard(self) -> None:
        """Forgets everything."""
        self._rows.clear()


class Folder:
    """Appends to `.npy` files in a folder that gets its name when all is there.

    Args:
        path: The folder; must not exist unless `overwrite`.
        overwrite: Whether a folder of features there is replaced.
    """

    def __init__(self, path: str | os.PathLike, overwrite: bool) -> None:
        self.path = Path(path)
        if self.path.exists():
            _check_replaceable(self.path, overwrite)
        self._partial = self.path.with_name(f".{self.path.name}.partial")
        self.discard()
        self._partial.mkdir(parents=True)
        self._files: dict[str, _Appended] = {}

    def add(self, arrays: dict[str, np.ndarray]) -> None:
        """Appends a batch."""
        for name, array in arrays.items():
            if name not in self._files:
                file = f"{len(self._files):02d}_{re.sub(r'[^A-Za-z0-9_.-]+', '.', name)}.npy"
                self._files[name] = _Appended(self._partial / file, name, array)
            self._files[name].append(array)

    def close(self, index: dict[str, Any]) -> dict[str, np.ndarray]:
        """Writes the index, puts the folder in place, and opens it."""
        for file in self._files.values():
            file.close()
        files = {name: file.path.name for name, file in self._files.items()}
        (self._partial / INDEX).write_text(json.dumps({"kind": _KIND, "files": files, **index}, indent=2) + "\n")
        if self.path.exists():
            shutil.rmtree(self.path)
        os.replace(self._partial, self.path)
        return open_folder(self.path)[0]

    def discard(self) -> None:
        """Removes what has been written so far."""
        for file in getattr(self, "_files", {}).values():
            file.close()
        shutil.rmtree(self._partial, ignore_errors=True)


class _Appended:
    """A `.npy` file that grows along its first axis: NumPy leaves room in the header for the final length."""

    def __init__(self, path: Path, name: str, like: np.ndarray) -> None:
        if like.dtype.hasobject:
            raise ValueError(
                f"extract_features expects numbers to write to a folder. Received: {name} of dtype object, such as "
                "strings: map them to integers first, or leave `out` out."
            )
        self.path, self._name, self._rows = path, name, 0
        self._shape, self._dtype = like.shape[1:], like.dtype
        self._file = path.open("wb")
        self._write_header()

    def append(self, array: np.ndarray) -> None:
        check_shape(self._name, self._shape, array.shape[1:])
        self._file.write(np.ascontiguousarray(array, self._dtype).data)
        self._rows += len(array)

    def close(self) -> None:
        if not self._file.closed:
            self._file.seek(0)
            self._write_header()
            self._file.close()

    def _write_header(self) -> None:
        descr = np.lib.format.dtype_to_descr(self._dtype)
        header = {"descr": descr, "fortran_order": False, "shape": (self._rows, *self._shape)}
        np.lib.format.write_array_header_1_0(self._file, header)


def check_shape(name: str, expected: tuple[int, ...], received: tuple[int, ...]) -> None:
    """Raises when the features of two batches cannot stand in one array."""
    if tuple(expected) != tuple(received):
        raise ValueError(
            f"extract_features expects one shape from {name!r}. Received: {tuple(expected)} from one batch and "
            f"{tuple(received)} from another. Pass pooling='avg' or 'max', or inputs of one size."
        )


def load_features(path: str | os.PathLike) -> Features:
    """Opens features that `extract_features(..., out=path)` wrote, without reading them into memory.

    Args:
        path: The folder.

    Returns:
        The `Features`, as memory-mapped arrays.

    Raises:
        FileNotFoundError: When there is no such folder.
        ValueError: When the folder is another one.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    kerasaug.transfer.extract_features(model, np.ones((6, 4)), out="features", verbose=0)
    features, labels = kerasaug.transfer.load_features("features")
    features.shape, labels  # (6, 2), None
    ```
    """
    arrays, index = open_folder(Path(path))
    return as_features(arrays, index)


def open_folder(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The memory-mapped arrays of a folder, and its index."""
    if not path.is_dir():
        raise FileNotFoundError(f"load_features: there is no folder at {path.resolve()}.")
    index = _index(path)
    if index is None:
        raise ValueError(f"load_features expects a folder that extract_features wrote. Received: {path}.")
    return {name: _open(path / file) for name, file in index["files"].items()}, index


def _open(file: Path) -> np.ndarray:
    return np.load(file, mmap_mode="r", allow_pickle=False)


def as_features(arrays: dict[str, np.ndarray], index: dict[str, Any]) -> Features:
    """Sorts arrays into features and labels, by the index."""
    features = {name: arrays[f"features/{name}"] for name in index["features"]}
    if index["single"]:
        (features,) = features.values()  # type: ignore[assignment]
    if index["labels"] is None:
        return Features(features, None)
    leaves = [arrays[f"{_LABELS}/{i}"] for i in range(index["labels"]["count"])]
    names = index["labels"]["names"]
    if names is not None:
        return Features(features, dict(zip(names, leaves, strict=True)))
    return Features(features, leaves[0] if index["labels"]["bare"] else leaves)


def label_arrays(labels: Any) -> tuple[dict[str, np.ndarray], dict[str, Any] | None]:
    """The labels of a batch as arrays by name, and what the index says of them."""
    if labels is None:
        return {}, None
    names = list(labels) if isinstance(labels, dict) else None
    leaves = [labels[name] for name in names] if names is not None else labels
    bare = not isinstance(leaves, list | tuple)
    arrays = [np.asarray(keras.ops.convert_to_numpy(leaf)) for leaf in ([leaves] if bare else leaves)]
    about = {"count": len(arrays), "names": names, "bare": bare}
    return {f"{_LABELS}/{index}": array for index, array in enumerate(arrays)}, about


def _check_replaceable(path: Path, overwrite: bool) -> None:
    if not overwrite:
        raise FileExistsError(
            f"extract_features expects `out` not to exist. Received: {path}. Choose another folder, pass "
            "overwrite=True, or open it with load_features."
        )
    if not path.is_dir() or _index(path) is None:
        raise FileExistsError(
            f"extract_features overwrites only folders of features. Received: {path}. Choose another folder."
        )


def _index(path: Path) -> dict[str, Any] | None:
    try:
        index = json.loads((path / INDEX).read_text())
    except (OSError, ValueError):
        return None
    return index if isinstance(index, dict) and index.get("kind") == _KIND else None
