"""scikit-learn's handwritten digits as a TensorFlow Datasets builder, prepared once and without a network."""

import contextlib
import functools
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kerasaug.datasets.cache import cache_dir, publish
from kerasaug.extras import require

NAME = "digits"
VERSION = "1.0.0"
SPLITS = {"train": 0.5, "validation": 0.2, "test": 0.3}
_SHADES = 16  # scikit-learn's images count 0 to 16 inked pixels in each cell of 4x4
_KEYS = {"images": "image", "labels": "label", "ids": "id"}


def _read() -> tuple[np.ndarray, np.ndarray]:
    digits = require("sklearn.datasets", "data", "kerasaug.datasets.digits_builder").load_digits()
    images = np.rint(digits.images[..., None] * (255 / _SHADES)).astype("uint8")
    return images, digits.target


def split_indices(labels: np.ndarray) -> dict[str, np.ndarray]:
    """Cuts every class in the order of the file: its first half, the next fifth, and the rest.

    Neighbours in the file tend to come from one writer, so cutting in order keeps most writers of the test
    set out of the training set; a shuffle would put nearly the same strokes on both sides.

    Args:
        labels: The class of each record, of shape `(records,)`.

    Returns:
        The record numbers of each split, in the order of the file.
    """
    edges = np.cumsum([0.0, *SPLITS.values()])
    parts: dict[str, list[np.ndarray]] = {name: [] for name in SPLITS}
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        cuts = np.rint(edges * len(members)).astype(int)
        for name, start, stop in zip(SPLITS, cuts[:-1], cuts[1:], strict=True):
            parts[name].append(members[start:stop])
    return {name: np.sort(np.concatenate(members)) for name, members in parts.items()}


@functools.cache  # TensorFlow Datasets registers a builder by its class name, once
def _builder_class() -> type:
    tfds: Any = require("tensorflow_datasets", "data", "kerasaug.datasets.digits_builder")

    class Digits(tfds.core.GeneratorBasedBuilder):
        """1797 handwritten digits of 8x8 pixels, from scikit-learn's `load_digits`."""

        VERSION = tfds.core.Version(VERSION)
        RELEASE_NOTES = {"1.0.0": "In-order stratified splits of 50, 20 and 30 percent."}
        code_path = None  # nothing lies beside it, and to look TFDS 4.9.10 needs a package that it does not declare

        def _info(self) -> Any:
            return tfds.core.DatasetInfo(
                builder=self,
                description="1797 handwritten digits of 8x8 pixels; 16 shades of grey, spread over 0 to 255.",
                features=tfds.features.FeaturesDict(
                    {
                        "image": tfds.features.Image(shape=(8, 8, 1), dtype=np.uint8),
                        "label": tfds.features.ClassLabel(num_classes=10),
                        "id": np.int64,
                    }
                ),
                supervised_keys=("image", "label"),
                homepage="https://scikit-learn.org/stable/datasets/toy_dataset.html",
                citation="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. UCI, 1998.",
            )

        def _split_generators(self, dl_manager: Any) -> dict[str, Iterator]:
            images, labels = _read()
            indices = split_indices(labels)
            return {name: self._generate_examples(images, labels, part) for name, part in indices.items()}

        def _generate_examples(self, images: np.ndarray, labels: np.ndarray, part: np.ndarray) -> Iterator:
            for index in part.tolist():
                yield index, {"image": images[index], "label": int(labels[index]), "id": index}

    return Digits


def digits_builder(path: str | os.PathLike | None = None) -> Any:
    """Returns the prepared TensorFlow Datasets builder of scikit-learn's digits.

    The records (`image`: uint8 of shape `(8, 8, 1)` in 0 to 255, `label`: 0 to 9, `id`: the row in
    scikit-learn's arrays) stand in three stratified splits that never change: `train`, `validation` and
    `test`. The files are written on first use, whole or not at all, from data that scikit-learn carries; the
    network is not touched.

    Args:
        path: The cache folder; see `kerasaug.datasets.cache_dir` for the default.

    Returns:
        A `tfds.core.GeneratorBasedBuilder` whose `as_dataset` and `as_data_source` are ready.

    Raises:
        ImportError: When `tensorflow-datasets` or `scikit-learn` is not installed.

    Example:
    ```python
    from kerasaug.datasets import digits_builder

    dataset = digits_builder().as_dataset(split="train", as_supervised=True)
    print(dataset.element_spec)
    ```

    Reference:
        - [Optical Recognition of Handwritten Digits](https://archive.ics.uci.edu/dataset/80)
    """
    root = cache_dir(path) / "tfds"
    publish(root / NAME / VERSION, _prepare)
    return _builder_class()(data_dir=os.fspath(root))


def _prepare(workplace: Path) -> Path:
    tfds = require("tensorflow_datasets", "data", "kerasaug.datasets.digits_builder")
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    tfds.disable_progress_bar()
    with contextlib.redirect_stdout(io.StringIO()):  # it announces a download that does not take place
        _builder_class()(data_dir=os.fspath(workplace)).download_and_prepare(download_config=config)
    return workplace / NAME / VERSION


def load_digits(split: str = "train", path: str | os.PathLike | None = None) -> dict[str, np.ndarray]:
    """Loads one split of the digits into memory.

    Args:
        split: `"train"`, `"validation"` or `"test"`, or any expression that TensorFlow Datasets takes, such
            as `"train[:10%]"`.
        path: The cache folder; see `kerasaug.datasets.cache_dir` for the default.

    Returns:
        A dict of `images` (uint8, `(records, 8, 8, 1)`, 0 to 255), `labels` (int64, `(records,)`) and `ids`
        (int64, `(records,)`), ordered by id.

    Raises:
        ImportError: When `tensorflow-datasets` or `scikit-learn` is not installed.
        ValueError: When the split does not exist.

    Example:
    ```python
    from kerasaug.datasets import load_digits

    digits = load_digits("test")
    print(digits["images"].shape, digits["labels"][:5])
    ```
    """
    tfds = require("tensorflow_datasets", "data", "kerasaug.datasets.load_digits")
    dataset = digits_builder(path).as_dataset(split=split, batch_size=-1)
    records = tfds.as_numpy(dataset)
    order = np.argsort(records["id"])
    return {name: records[key][order] for name, key in _KEYS.items()}
