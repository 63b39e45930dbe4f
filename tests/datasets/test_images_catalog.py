"""Data sets of TensorFlow Datasets: prepared here, so that nothing is downloaded."""

import numpy as np
import pytest
import tensorflow_datasets as tfds
from image_files import greys

from kerasaug.datasets import digits_builder, load_images

SIZE = (4, 4)
NAMES = ("ant", "bee", "cat")


def store(folder, name, splits, channels=1, dtype=np.uint8, **features):
    """Prepares {split: {grey level: label}} as a data set of flat images; from 100 on they are of another size."""
    features = features or {"label": tfds.features.ClassLabel(names=NAMES)}
    image = tfds.features.Image(shape=(None, None, channels), dtype=dtype)

    def info(self):
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict({"image": image, **features}))

    def examples(self, greys):
        for grey, label in greys.items():
            pixels = np.full((6 if grey < 100 else 9, 8, channels), grey, dtype)
            yield grey, {"image": pixels} | dict.fromkeys(features, label)

    methods = {
        "VERSION": tfds.core.Version("1.0.0"),
        "code_path": None,
        "_info": info,
        "_split_generators": lambda self, manager: {
            split: self._generate_examples(one) for split, one in splits.items()
        },
        "_generate_examples": examples,
    }
    builder = type(name.title().replace("_", ""), (tfds.core.GeneratorBasedBuilder,), methods)
    builder(data_dir=folder).download_and_prepare()


TRAIN = {i: i % 3 for i in range(30)}


def test_grey_images_of_several_sizes_and_the_split_to_measure_on(tmp_path):
    store(tmp_path, "flat_insects", {"train": TRAIN | {150: 1}, "validation": {40: 2, 160: 0}, "test": {50: 1}})
    data = load_images("tfds:flat_insects", SIZE, data_dir=tmp_path)
    assert (greys(data.train), greys(data.validation)) == (TRAIN | {150: 1}, {40: 2, 160: 0})
    assert (data.name, data.class_names, data.skipped) == ("flat_insects/1.0.0", NAMES, ())
    assert data.counts["train"] == {"ant": 10, "bee": 11, "cat": 10}
    assert data.counts["validation"] == {"ant": 1, "bee": 0, "cat": 1}
    image, label = next(iter(data.train))
    assert (image.shape, image.dtype, label.shape, label.dtype) == ((4, 4, 3), "uint8", (), "int32")


def test_the_test_split_where_there_is_no_other(tmp_path, monkeypatch):
    store(tmp_path, "tested_insects", {"train": TRAIN, "test": {50: 1, 51: 0}}, channels=3)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert greys(load_images("tfds:tested_insects:1.0.0", SIZE).validation) == {50: 1, 51: 0}


def test_a_share_of_train_where_there_is_neither(tmp_path):
    store(tmp_path, "bare_insects", {"train": TRAIN}, channels=4)
    data, again = (load_images("tfds:bare_insects", SIZE, 0.3, seed=1, data_dir=tmp_path) for _ in range(2))
    train, validation = greys(data.train), greys(data.validation)
    assert (not set(train) & set(validation), train | validation) == (True, TRAIN)
    assert data.counts == {"train": dict.fromkeys(NAMES, 7), "validation": dict.fromkeys(NAMES, 3)}
    assert list(validation) == list(greys(again.validation))
    other = load_images("tfds:bare_insects", SIZE, 0.3, seed=2, data_dir=tmp_path)
    assert set(validation) != set(greys(other.validation))
    streamed = load_images("tfds:bare_insects", SIZE, 0.3, seed=1, data_dir=tmp_path, memory_limit=0)
    assert list(greys(streamed.train)) == list(train)


def test_some_classes_in_the_order_given(tmp_path):
    store(tmp_path, "few_insects", {"train": TRAIN, "validation": {40: 2, 41: 1, 42: 0}})
    data = load_images("tfds:few_insects", SIZE, classes=("cat", "ant"), data_dir=tmp_path)
    assert data.class_names == ("cat", "ant")
    assert greys(data.train) == {i: 0 if i % 3 == 2 else 1 for i in TRAIN if i % 3 != 1}
    assert greys(data.validation) == {40: 0, 42: 1}
    with pytest.raises(ValueError, match=r"those in 'tfds:few_insects': ant, bee, cat. Received: \('ant', '7'\)"):
        load_images("tfds:few_insects", SIZE, classes=("ant", 7), data_dir=tmp_path)


def test_a_test_split_without_labels_is_not_measured_on(tmp_path):
    store(tmp_path, "hidden_insects", {"train": TRAIN, "test": {50: -1, 51: -1}})
    data = load_images("tfds:hidden_insects", SIZE, data_dir=tmp_path)
    assert greys(data.train) | greys(data.validation) == TRAIN


def test_the_digits_as_a_data_set_are_the_digits(tmp_path):
    digits_builder(tmp_path)
    theirs = load_images("tfds:digits:1.0.0", (8, 8), data_dir=tmp_path / "tfds", classes=(5, 6))
    ours = load_images("digits", (8, 8), data_dir=tmp_path, classes=(5, 6))
    assert theirs.counts == ours.counts
    assert sorted(image.tobytes() for image, _ in theirs.validation.as_numpy_iterator()) == sorted(
        image.tobytes() for image, _ in ours.validation.as_numpy_iterator()
    )


CLASS = tfds.features.ClassLabel(names=NAMES)
LONELY = {i: i % 2 for i in range(10)} | {10: 2}
WRONG = {
    "deep": (np.uint16, {}, {"train": TRAIN}, "expected a data set of 8-bit images with one class label each"),
    "count": (np.uint8, {"label": tfds.features.Scalar(np.int64)}, {"train": TRAIN}, "has image: Image, label: Scalar"),
    "other": (np.uint8, {"kind": CLASS}, {"train": TRAIN}, "which has image: Image, kind: ClassLabel"),
    "untrained": (np.uint8, {}, {"test": TRAIN}, "expected a split 'train'. Received: 'tfds:untrained', which has"),
    "unlabelled": (np.uint8, {}, {"train": {1: -1}}, "expected a label for each image. Received: 'tfds:unlabelled'"),
    "lonely": (np.uint8, {}, {"train": LONELY}, "two images of each class or more, .*'tfds:lonely', with one of 'cat'"),
    "disjoint": (
        np.uint8,
        {},
        {"train": TRAIN, "test": {1: 1}},
        "no image of .* the split 'test' of 'tfds:disjoint'",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_data_set_that_cannot_be_trained_on(tmp_path, name):
    dtype, features, splits, message = WRONG[name]
    store(tmp_path, name, splits, dtype=dtype, **features)
    with pytest.raises(ValueError, match=message) as caught:
        load_images(f"tfds:{name}", SIZE, data_dir=tmp_path, classes=("ant", "cat") if name == "disjoint" else None)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mnits", r"TensorFlow Datasets has no data set 'mnits'. Did you mean mnist"),
        ("qqqqqqq/plain", "no data set 'qqqqqqq'. The names are at https"),
        ("mnist:9.9.9", "expected tfds:NAME.*'tfds:mnist:9.9.9', which cannot be opened: .*only: 3.0.1"),
        ("", "expected tfds:NAME, tfds:NAME/CONFIG or tfds:NAME/CONFIG:1.0.0. Received: 'tfds:'"),
        ("imdb_reviews", "'tfds:imdb_reviews', which has text: Text, label: ClassLabel"),
        ("coco/2017", "'tfds:coco/2017', which has image: Image, "),
    ],
)
def test_names_that_lead_nowhere(tmp_path, name, message):
    with pytest.raises(ValueError, match=message) as caught:
        load_images(f"tfds:{name}", SIZE, data_dir=tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("raised", "expected", "message"),
    [
        (
            ConnectionResetError(104, "Connection reset"),
            ConnectionError,
            "Connection reset. Look whether this computer",
        ),
        (
            OSError("Max retries exceeded\nmore"),
            ConnectionError,
            "'tfds:mnist' is not in .*: Max retries exceeded. Look",
        ),
        (AssertionError("Manual download required."), ConnectionError, "be prepared: Manual download required. Look"),
        (
            ModuleNotFoundError("No module named 'x'"),
            ImportError,
            "for 'tfds:mnist' .* a package .*: No module named 'x'",
        ),
    ],
)
def test_what_cannot_be_prepared(tmp_path, monkeypatch, raised, expected, message):
    def fail(self, **kwargs):
        raise raised

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(expected, match=message) as caught:
        load_images("tfds:mnist", SIZE, data_dir=tmp_path)
    assert "\n" not in str(caught.value)
