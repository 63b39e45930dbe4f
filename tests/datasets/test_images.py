"""Where images come from, what comes back, and that it comes back the same in every process."""

import hashlib
import inspect
import json
import os
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import sklearn.datasets
from image_files import greys, jpeg, tree
from PIL import Image

import kerasaug.datasets
from kerasaug.datasets import ImageData, Skipped, batches, load_images


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    files = {f"{name}/{i}.jpg": jpeg(i + 50 * k) for k, name in enumerate(("ant", "bee")) for i in range(20)}
    return tree(tmp_path_factory.mktemp("insects"), files)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def fingerprint(dataset):
    digest = hashlib.sha256()
    for parts in dataset.as_numpy_iterator():
        for part in parts:
            digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def third(data):
    shuffled = batches(data.train, 4, shuffle=True, seed=3)
    return [fingerprint(shuffled) for _ in range(3)][-1]


ELSEWHERE = """
import glob, json, sys
import keras, tensorflow as tf
import test_images as t

folder, tmp = sys.argv[1:]
hidden = []
tf.config.set_visible_devices = lambda devices, kind: hidden.append([devices, kind])
keras.utils.set_random_seed(99)
data = t.load_images(folder, (8, 8))
told = {"order": [t.fingerprint(data.train), t.fingerprint(data.validation), t.third(data)], "hidden": hidden}
t.load_images(folder, (8, 8), memory_limit=0)
try:
    t.load_images(folder + "/ant", (8, 8))
except ValueError:
    told["staged"] = len(glob.glob(tmp + "/kerasaug-*"))
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def elsewhere(folder, tmp_path_factory):
    """What another process tells, and the folder for its temporary files."""
    tmp = tmp_path_factory.mktemp("tmp")
    environment = os.environ | {"TMPDIR": os.fspath(tmp)}
    command = [sys.executable, "-c", ELSEWHERE, folder, tmp]
    here = os.path.dirname(__file__)
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1]), tmp


def test_another_process_gets_the_same_elements_in_the_same_order(folder, elsewhere):
    data = load_images(folder, (8, 8))
    assert elsewhere[0]["order"] == [fingerprint(data.train), fingerprint(data.validation), third(data)]


def test_the_links_are_gone_when_the_process_is(elsewhere):
    told, tmp = elsewhere
    assert told["staged"] == 2
    assert list(tmp.glob("kerasaug-*")) == []


def test_tensorflow_keeps_off_the_accelerator_where_another_backend_computes(elsewhere):
    expected = [] if keras.backend.backend() == "tensorflow" else [[[], "GPU"]]
    assert elsewhere[0]["hidden"][:1] == expected


def test_what_does_not_fit_in_memory_is_the_same_and_read_from_the_files(folder, tmp_path):
    copy = tree(tmp_path, {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.jpg")})
    held, read = load_images(folder, (8, 8)), load_images(copy, (8, 8), memory_limit=40 * 8 * 8 * 3 - 1)
    assert (len(held.train), len(held.validation)) == (len(read.train), len(read.validation)) == (32, 8)
    assert fingerprint(held.train) == fingerprint(read.train)
    assert third(held) == third(read)
    for path in copy.rglob("*.jpg"):
        path.unlink()
    with pytest.raises(Exception, match="No such file"):
        list(read.train)


def test_what_fits_in_memory_is_decoded_once(folder, tmp_path):
    copy = tree(tmp_path, {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.jpg")})
    data = load_images(copy, (8, 8), memory_limit=40 * 8 * 8 * 3)
    for path in copy.rglob("*.jpg"):
        path.unlink()
    shuffled = batches(data.train, 4, shuffle=True)
    assert fingerprint(shuffled) != fingerprint(shuffled)
    assert fingerprint(data.train) == fingerprint(load_images(folder, (8, 8)).train)


def test_cropping_and_squeezing(tmp_path):
    image = np.zeros((10, 30, 3), "uint8")
    image[:, 10:20] = 255
    folder = tree(tmp_path, {f"{name}/{i}.png": 0 for name in ("ant", "bee") for i in range(2)})
    for path in folder.rglob("*.png"):
        Image.fromarray(image).save(path)
    cropped = load_images(folder, (5, 5), crop_to_aspect_ratio=True)
    assert greys(cropped.train.take(1)) == {255: next(iter(cropped.train))[1]}
    row = [0] * 4 + [32, 223] + [255] * 3 + [223, 32] + [0] * 4  # of 4 pixels, 1:3:3:1, one or three are white
    squeezed = next(iter(load_images(folder, (5, 15)).train))[0].numpy()
    np.testing.assert_array_equal(squeezed[:, :, 0], [row] * 5)


def test_digits_are_scikit_learn_s_made_larger(cache):
    data = load_images("digits", (16, 24), data_dir=cache)
    assert data.class_names == tuple("0123456789")
    assert (len(data.train), len(data.validation), data.skipped) == (898, 360, ())
    assert sum(data.counts["train"].values()) == 898
    original = sklearn.datasets.load_digits()
    image, label = next(iter(data.train))
    grey = np.rint(original.images[0] * 255 / 16).astype("uint8")
    theirs = np.asarray(Image.fromarray(grey).resize((24, 16), Image.Resampling.BILINEAR), int)
    assert label == original.target[0]
    assert np.abs(image.numpy() - theirs[..., None]).max() <= 1


def test_some_digits_and_their_labels(cache):
    data = load_images("digits", (8, 8), data_dir=cache, classes=(9, 5))
    assert data.class_names == ("9", "5")
    assert list(data.counts["train"].values()) == np.bincount([label for _, label in data.train]).tolist()
    nine, five = (sklearn.datasets.load_digits().images[sklearn.datasets.load_digits().target == i] for i in (9, 5))
    for wanted, originals in ((0, nine), (1, five)):
        image = next(image for image, label in data.train.as_numpy_iterator() if label == wanted)
        assert image[..., 0].tolist() in np.rint(originals * 255 / 16).astype(int).tolist()


@pytest.mark.parametrize(
    ("argument", "value"), [("image_size", (0, 4)), ("image_size", (4, 4, 3)), ("image_size", (4.0, 4))]
)
def test_sizes_that_are_none(argument, value):
    with pytest.raises(ValueError, match=r"expected image_size, \(height, width\) in pixels. Received"):
        load_images("digits", **{argument: value})


@pytest.mark.parametrize("share", [0, 1, -0.5, 20, float("nan")])
def test_shares_that_are_none(share):
    with pytest.raises(ValueError, match="expected validation, a share between 0 and 1"):
        load_images("digits", validation=share)


def test_the_records_are_what_they_say():
    assert Skipped("a.jpg", "truncated").reason == "truncated"
    data = ImageData("x", None, None, ("a", "b"), {})
    with pytest.raises(AttributeError):
        data.name = "y"


@pytest.mark.parametrize("public", [ImageData, Skipped, batches, load_images])
def test_the_examples_in_the_docstrings_run(public):
    (block,) = re.findall(r"```python\n(.*?)```", inspect.getdoc(public), re.DOTALL)
    exec(compile(block, "<example>", "exec"), {"kerasaug": kerasaug})


def test_a_model_trains_on_it(folder):
    data = load_images(folder, (8, 8))
    model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(2)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    train = batches(data.train, 8, shuffle=True)
    history = model.fit(
        train, validation_data=batches(data.validation, 8, shuffle=False), epochs=2, shuffle=False, verbose=0
    )
    assert np.isfinite(history.history["val_loss"]).all()
