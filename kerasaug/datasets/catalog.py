"""Image classification data sets of TensorFlow Datasets, by name."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasaug.datasets.parts import Part, Source, chosen_classes, divided
from kerasaug.datasets.prepared import described, open_builder, prepare, records
from kerasaug.extras import require

_CALLER = "load_images"


def read_catalog(
    tf: Any, name: str, share: float, seed: int, classes: Sequence[Any] | None, data_dir: str | os.PathLike | None
) -> Source:
    """Prepares a data set of TensorFlow Datasets, if it is not yet, and finds its parts.

    Args:
        tf: The module.
        name: As `tfds.builder` takes it, such as `"beans"` or `"cifar10/plain:3.0.2"`.
        share: Of each class of `train` that goes to the validation part, where there is no split for that.
        seed: Of that division.
        classes: Names of the classes to keep; all of them when `None`.
        data_dir: Where the prepared files are; by default `TFDS_DATA_DIR`, else `~/tensorflow_datasets`.

    Raises:
        ConnectionError: When it cannot be downloaded.
        ImportError: When it needs a package that is not there.
        ValueError: When there is no such data set, or it is not one of images and one label each.
    """
    builder = open_builder(name, data_dir, _CALLER)
    image, label = _keys(name, builder)
    prepare(name, builder, _CALLER)
    all_names = tuple(builder.info.features[label].names)
    names = all_names if classes is None else chosen_classes(all_names, classes, f"tfds:{name}")
    labels = _labels(name, builder, label)
    wanted = [all_names.index(one) for one in names]
    selections = _selections(name, labels, dict(zip(wanted, names, strict=True)), share, seed)
    lookup = np.full(len(all_names), -1)
    lookup[wanted] = range(len(names))
    parts = {}
    for part, (split, chosen) in selections.items():
        dataset = _dataset(tf, builder, split, image, label, chosen, lookup)
        counts = np.bincount(lookup[labels[split][chosen]], minlength=len(names))
        if not counts.any():
            raise ValueError(f"load_images: found no image of {names} in the split {split!r} of 'tfds:{name}'.")
        parts[part] = Part(dataset, tuple(counts.tolist()))
    return Source(builder.info.full_name, names, parts)


def _keys(name: str, builder: Any) -> tuple[str, str]:
    """The names of the image and of the label among the features."""
    tfds: Any = require("tensorflow_datasets", "data", "load_images")
    features = builder.info.features
    pair = builder.info.supervised_keys or ("image", "label")
    kinds = (tfds.features.Image, tfds.features.ClassLabel)
    if len(pair) == 2 and all(isinstance(key, str) and key in features for key in pair):
        kinds_right = all(isinstance(features[key], kind) for key, kind in zip(pair, kinds, strict=True))
        if kinds_right and features[pair[0]].np_dtype == np.uint8:
            return pair
    raise ValueError(
        f"load_images: expected a data set of 8-bit images with one class label each. Received: 'tfds:{name}', which "
        f"has {described(builder)}. Choose one of https://www.tensorflow.org/datasets/catalog/overview#image_classification."
    )


def _labels(name: str, builder: Any, label: str) -> dict[str, np.ndarray]:
    """The labels of `train`, and of a split to validate on where there is one that has labels."""
    if "train" not in builder.info.splits:
        raise ValueError(
            f"load_images: expected a split 'train'. Received: 'tfds:{name}', which has "
            f"{', '.join(builder.info.splits) or 'none'}."
        )
    labels = {"train": _read_labels(builder, "train", label)}
    if labels["train"].size == 0 or labels["train"].min() < 0:
        raise ValueError(f"load_images: expected a label for each image. Received: 'tfds:{name}', whose train has not.")
    for split in ("validation", "test"):
        if split in builder.info.splits and len(labels) == 1:
            found = _read_labels(builder, split, label)
            if found.size and found.min() >= 0:
                labels[split] = found
    return labels


def _read_labels(builder: Any, split: str, label: str) -> np.ndarray:
    tfds: Any = require("tensorflow_datasets", "data", "load_images")
    labelled = records(builder, split, tfds.decode.PartialDecoding({label: True}), _CALLER)
    return np.array([int(record[label]) for record in labelled.as_numpy_iterator()], dtype="int64")


def _selections(
    name: str, labels: dict[str, np.ndarray], wanted: dict[int, str], share: float, seed: int
) -> dict[str, tuple[str, np.ndarray]]:
    """For each part the split that it comes from and the numbers of its records."""
    if len(labels) == 2:
        parts = zip(("train", "validation"), labels.items(), strict=True)
        return {part: (split, np.flatnonzero(np.isin(values, list(wanted)))) for part, (split, values) in parts}
    chosen: dict[str, list[list[int]]] = {"train": [], "validation": []}
    for label, class_name in wanted.items():
        members = np.flatnonzero(labels["train"] == label).tolist()
        if len(members) == 1:
            raise ValueError(
                f"load_images: expected two images of each class or more, to set one aside. Received: 'tfds:{name}', "
                f"with one of {class_name!r}. Leave the class out with classes=."
            )
        if members:
            train, validation = divided(members, share, seed)
            chosen["train"].append(train)
            chosen["validation"].append(validation)
    return {part: ("train", np.sort(np.concatenate(numbers))) for part, numbers in chosen.items()}


def _dataset(tf: Any, builder: Any, split: str, image: str, label: str, chosen: np.ndarray, lookup: np.ndarray) -> Any:
    """The chosen records of a split, as pairs, with the labels that `lookup` gives them."""
    tfds: Any = require("tensorflow_datasets", "data", "load_images")
    encoded = tfds.decode.PartialDecoding({image: True, label: True}, decoders={image: tfds.decode.SkipDecoding()})
    mask = np.zeros(builder.info.splits[split].num_examples, dtype=bool)
    mask[chosen] = True

    @tf.autograph.experimental.do_not_convert
    def is_chosen(number: Any, record: Any) -> Any:
        return tf.gather(mask, number)

    @tf.autograph.experimental.do_not_convert
    def pair(number: Any, record: Any) -> Any:
        return builder.info.features[image].decode_example(record[image]), tf.gather(lookup, record[label])

    numbered = records(builder, split, encoded, _CALLER).enumerate().filter(is_chosen)
    return numbered.map(pair, num_parallel_calls=tf.data.AUTOTUNE)
