"""Images to train on, from the digits, from TensorFlow Datasets, or from a directory of class folders."""

import atexit
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from kerasaug.datasets.catalog import read_catalog
from kerasaug.datasets.decoding import resized, tensorflow
from kerasaug.datasets.digits import load_digits
from kerasaug.datasets.folders import read_folder
from kerasaug.datasets.listing import Skipped
from kerasaug.datasets.parts import Part, Source, chosen_classes
from kerasaug.datasets.progress import Report, reporting

MEMORY_LIMIT = 2 * 2**30  # bytes
_CATALOG = "tfds:"


@dataclass(frozen=True)
class ImageData:
    """Images to train on and images to measure on, all of one size, as `kerasaug.datasets.load_images` returns them.

    Args:
        name: What the data are called.
        train: A `tf.data.Dataset` of single examples: an image, uint8 of shape (height, width, 3), and its label,
            int32 of shape (). Neither shuffled nor batched, in an order that is the same in every process, and of known
            cardinality; see `kerasaug.datasets.batches`.
        validation: The same, of other images.
        class_names: By label.
        counts: Images of each class: `{"train": {name: count}, "validation": {name: count}}`.
        skipped: What is not used, and why.

    Example:

    ```python
    data = kerasaug.datasets.load_images("digits", image_size=(16, 16))
    print(data.class_names, sum(data.counts["train"].values()), len(data.skipped))
    ```
    """

    name: str
    train: Any
    validation: Any
    class_names: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    skipped: tuple[Skipped, ...] = ()


def load_images(
    source: str | os.PathLike,
    image_size: tuple[int, int] = (224, 224),
    validation: float = 0.2,
    seed: int = 0,
    data_dir: str | os.PathLike | None = None,
    progress: Callable[[str, int, int], None] | Any | None = None,
    classes: Sequence[str | int] | None = None,
    crop_to_aspect_ratio: bool = False,
    memory_limit: int = MEMORY_LIMIT,
) -> ImageData:
    """Loads images and labels, checked, resized and divided into a part to train on and a part to measure on.

    A directory is read by `tfds.folder_dataset.ImageFolder`, as `DIR/class/file`, or as `DIR/train/class/file` with
    `DIR/validation/class/file` (or `val`, `valid`, `test`: the first that is there). Files are JPEG, PNG, GIF (its
    first frame), BMP or WebP, told by their content, with the extension of any of these. Each is decoded in full once
    before this function returns; what cannot be, and every other file, is listed in `skipped`, hidden files excepted.
    Links are followed; folders inside class folders are not read.

    Grey images, palettes and CMYK become RGB; an alpha channel is dropped; of 16 bits the upper 8 count. The
    orientation that a camera notes in EXIF is not applied, as in Keras, TensorFlow Datasets and `tf.io.decode_image`,
    with which a served model gets its images.

    Args:
        source: `"digits"`, scikit-learn's, which need no network; `"tfds:NAME"`, `"tfds:NAME/CONFIG:1.0.0"`, a data set
            of TensorFlow Datasets, of images with one class label each, whose split `validation`, else `test`, is
            measured on; or a directory.
        image_size: (height, width) in pixels. Resizing is bilinear and antialiased.
        validation: Share of each class that is set aside to measure on, in (0, 1), where the source has no part for
            that. Defaults to 0.2.
        seed: Integer, of that division. Defaults to 0.
        data_dir: Where prepared data sets are kept; by default `TFDS_DATA_DIR`, else `~/tensorflow_datasets`, and for
            the digits `kerasaug.datasets.cache_dir`.
        progress: A `rich.console.Console` to show progress on, or a function of (what is done, how many, of how many).
        classes: Names (for the digits, numbers) of the classes to load, in the order of their labels; all when `None`.
        crop_to_aspect_ratio: Whether to cut off what does not fit the aspect ratio of `image_size`, evenly at both
            ends; by default the whole image is squeezed into it.
        memory_limit: Bytes. Resized images of this size together are kept in memory; more of them are decoded anew in
            each iteration. Defaults to 2 GiB.

    Returns:
        A `kerasaug.datasets.ImageData`.

    Raises:
        ConnectionError: When a data set cannot be downloaded.
        FileNotFoundError: When there is no such directory.
        ImportError: When TensorFlow, `tensorflow-datasets` or `scikit-learn` is not installed.
        ValueError: When an argument is out of range, there is no such data set, or a directory does not hold at least
            two classes with usable images for each part.

    Example:

    ```python
    data = kerasaug.datasets.load_images("digits", image_size=(16, 16), classes=(5, 6, 7, 8, 9))
    train = kerasaug.datasets.batches(data.train, batch_size=32, shuffle=True, seed=0)
    images, labels = next(iter(train))
    assert images.shape == (32, 16, 16, 3) and data.class_names[0] == "5"
    ```

    Reference:
        [`tfds.folder_dataset.ImageFolder`](https://www.tensorflow.org/datasets/api_docs/python/tfds/folder_dataset/ImageFolder)
    """
    size = _checked_size(image_size)
    if not 0 < validation < 1:
        raise ValueError(f"load_images: expected validation, a share between 0 and 1. Received: {validation!r}.")
    tf = tensorflow("load_images")
    with reporting(progress) as report, ExitStack() as cleanup:
        if str(source) == "digits":
            found = _digits(tf, classes, data_dir)
        elif str(source).startswith(_CATALOG):
            found = read_catalog(tf, str(source).removeprefix(_CATALOG), validation, seed, classes, data_dir)
        else:
            found = read_folder(tf, source, validation, seed, classes, report, cleanup)
        images = sum(sum(part.counts) for part in found.parts.values())
        in_memory = images * size[0] * size[1] * 3 <= memory_limit
        resize = partial(resized, tf, size=size, crop=crop_to_aspect_ratio)
        parts = {name: _finished(tf, part, resize) for name, part in found.parts.items()}
        if in_memory:
            parts = {name: _held(name, dataset, report) for name, dataset in parts.items()}
        atexit.register(cleanup.pop_all().close)  # what does not fit in memory is read as long as anything iterates
    return ImageData(found.name, parts["train"], parts["validation"], found.class_names, _counts(found), found.skipped)


def _checked_size(image_size: tuple[int, int]) -> tuple[int, int]:
    if len(image_size) != 2 or not all(isinstance(one, int | np.integer) and one > 0 for one in image_size):
        raise ValueError(f"load_images: expected image_size, (height, width) in pixels. Received: {image_size!r}.")
    return int(image_size[0]), int(image_size[1])


def _digits(tf: Any, classes: Sequence[Any] | None, cache: str | os.PathLike | None) -> Source:
    names = tuple(map(str, range(10)))
    names = names if classes is None else chosen_classes(names, classes, "digits")
    wanted = [int(name) for name in names]
    parts = {}
    for part in ("train", "validation"):
        digits = load_digits(part, cache)
        chosen = np.isin(digits["labels"], wanted)
        labels = np.array([wanted.index(label) for label in digits["labels"][chosen]])
        with tf.device("CPU:0"):
            dataset = tf.data.Dataset.from_tensor_slices((digits["images"][chosen], labels))
        parts[part] = Part(dataset, tuple(np.bincount(labels, minlength=len(names)).tolist()))
    return Source("digits", names, parts)


def _finished(tf: Any, part: Part, resize: Callable[[Any], Any]) -> Any:
    @tf.autograph.experimental.do_not_convert
    def finish(image: Any, label: Any) -> Any:
        return resize(image), tf.cast(label, "int32")

    dataset = part.dataset.map(finish, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return dataset.apply(tf.data.experimental.assert_cardinality(sum(part.counts)))


def _held(name: str, dataset: Any, report: Report) -> Any:
    """The dataset in memory: tensors that a shuffle passes on and does not copy."""
    dataset = dataset.cache()
    for number, _ in enumerate(dataset, start=1):
        report(f"Reading the {name} part", number, len(dataset))
    return dataset


def _counts(source: Source) -> dict[str, dict[str, int]]:
    return {name: dict(zip(source.class_names, part.counts, strict=True)) for name, part in source.parts.items()}
