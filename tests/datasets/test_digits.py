import os
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
import sklearn.datasets

from kerasaug.datasets import digits_builder, load_digits
from kerasaug.datasets.digits import split_indices

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    digits_builder(folder)
    return folder


@pytest.fixture(scope="module")
def splits(cache):
    return {name: load_digits(name, cache) for name in SPLITS}


def test_every_image_is_scikit_learns(splits):
    original = sklearn.datasets.load_digits()
    for digits in splits.values():
        assert digits["images"].dtype == np.uint8
        assert digits["images"].shape == (len(digits["ids"]), 8, 8, 1)
        shades = digits["images"][..., 0] / 255 * 16
        np.testing.assert_allclose(shades, original.images[digits["ids"]], atol=0.04)
        np.testing.assert_array_equal(digits["labels"], original.target[digits["ids"]])


def test_splits_cover_every_record_once(splits):
    ids = np.concatenate([digits["ids"] for digits in splits.values()])
    assert sorted(ids) == list(range(1797))


@pytest.mark.parametrize(("name", "share"), [("train", 0.5), ("validation", 0.2), ("test", 0.3)])
def test_splits_are_stratified(splits, name, share):
    counts = np.bincount(sklearn.datasets.load_digits().target)
    np.testing.assert_allclose(np.bincount(splits[name]["labels"]), counts * share, atol=1)


def test_classes_are_cut_in_the_order_of_the_file(splits):
    for label in range(10):
        last = -1
        for name in SPLITS:
            ids = splits[name]["ids"][splits[name]["labels"] == label]
            assert ids.min() > last
            last = ids.max()


def test_split_indices_by_hand():
    parts = split_indices(np.array([0] * 10 + [1] * 10))
    assert parts["train"].tolist() == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]
    assert parts["validation"].tolist() == [5, 6, 15, 16]
    assert parts["test"].tolist() == [7, 8, 9, 17, 18, 19]


def test_is_a_real_tfds_builder(cache):
    import tensorflow_datasets as tfds

    builder = digits_builder(cache)
    assert isinstance(builder, tfds.core.GeneratorBasedBuilder)
    assert builder.info.full_name == "digits/1.0.0"
    assert builder.info.splits["train"].num_examples == 898
    again = tfds.builder_from_directory(os.fspath(cache / "tfds" / "digits" / "1.0.0"))
    image, label = next(iter(again.as_dataset(split="test", as_supervised=True)))
    assert image.shape == (8, 8, 1)
    assert label.shape == ()


def test_prepared_once(cache):
    files = list((cache / "tfds").rglob("*"))
    before = {path: path.stat().st_mtime_ns for path in files}
    load_digits("test", cache)
    assert {path: path.stat().st_mtime_ns for path in (cache / "tfds").rglob("*")} == before


def test_no_network(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError(f"the network was asked for {args[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert len(load_digits("test", tmp_path)["ids"]) == 539


def test_preparing_prints_nothing(tmp_path, capfd):
    load_digits("test", tmp_path)
    assert capfd.readouterr().out == ""


def test_unknown_split_is_named(cache):
    with pytest.raises(ValueError, match="holdout"):
        load_digits("holdout", cache)


def _start(code, cache):
    return subprocess.Popen([sys.executable, "-c", code, os.fspath(cache)], stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_and_a_killed_one(tmp_path):
    # The first process stops inside the preparation, with records already written, until it is killed.
    hang = (
        "import sys, time, kerasaug.datasets.digits as d\n"
        "prepare = d._prepare\n"
        "def hang(folder):\n"
        "    ready = prepare(folder); print('prepared', flush=True); time.sleep(600); return ready\n"
        "d._prepare = hang\n"
        "d.digits_builder(sys.argv[1])\n"
    )
    load = "import sys, kerasaug.datasets as d; print(len(d.load_digits('test', sys.argv[1])['ids']))"
    hanging = _start(hang, tmp_path)
    assert hanging.stdout.readline() == "prepared\n"
    hanging.send_signal(signal.SIGKILL)
    hanging.wait()
    assert not (tmp_path / "tfds" / "digits" / "1.0.0").exists()
    both = [_start(load, tmp_path), _start(load, tmp_path)]
    assert [process.communicate()[0].strip() for process in both] == ["539", "539"]
    published = [p.name for p in (tmp_path / "tfds" / "digits").iterdir() if not p.name.startswith(".")]
    assert published == ["1.0.0"]
