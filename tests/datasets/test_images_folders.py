"""Directories of class folders: whole, damaged, and of every odd layout."""

import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_files import flat_png, greys, jpeg, tree
from rich.console import Console

from kerasaug.datasets import Skipped, load_images
from kerasaug.datasets.listing import list_folder

SIZE = (4, 4)


def two_classes(each=5):
    return {f"{name}/{i}.png": i + 100 * k for k, name in enumerate(("ant", "bee")) for i in range(each)}


def test_a_few_hundred_files_with_three_corrupt_ones(tmp_path):
    files = {f"{name}/{i:03d}.jpg": jpeg(i) for name in ("ant", "bee", "cat") for i in range(100)}
    whole = files["bee/007.jpg"]
    files |= {"ant/050.jpg": b"", "bee/007.jpg": whole[: len(whole) // 2], "cat/099.jpg": b"no picture"}
    data = load_images(tree(tmp_path / "animals", files), SIZE)
    assert data.skipped == (
        Skipped("ant/050.jpg", "empty file"),
        Skipped("bee/007.jpg", "truncated"),
        Skipped("cat/099.jpg", "not an image"),
    )
    assert data.name == "animals"
    assert data.class_names == ("ant", "bee", "cat")
    assert data.counts["train"] == dict.fromkeys(data.class_names, 79)
    assert data.counts["validation"] == dict.fromkeys(data.class_names, 20)
    assert (len(data.train), len(data.validation)) == (237, 60)
    for image, label in data.train:
        assert (image.shape, image.dtype, label.shape, label.dtype) == ((4, 4, 3), "uint8", (), "int32")


def test_every_image_has_its_label_and_is_in_one_part(tmp_path):
    data = load_images(tree(tmp_path, two_classes(10)), SIZE, validation=0.3)
    train, validation = greys(data.train), greys(data.validation)
    assert not set(train) & set(validation)
    assert train | validation == {i + 100 * k: k for k in (0, 1) for i in range(10)}
    assert data.counts == {"train": {"ant": 7, "bee": 7}, "validation": {"ant": 3, "bee": 3}}


@pytest.mark.parametrize(
    ("count", "share", "held_out"), [(2, 0.01, 1), (2, 0.99, 1), (3, 0.5, 2), (10, 0.25, 2), (11, 0.2, 2)]
)
def test_each_class_has_images_in_both_parts(tmp_path, count, share, held_out):
    files = two_classes(40) | {f"bee/{i}.png": 100 + i for i in range(40)}
    files = {name: value for name, value in files.items() if name < "bee" or int(name[4:-4]) < count}
    counts = load_images(tree(tmp_path, files), SIZE, validation=share).counts
    assert (counts["train"]["bee"], counts["validation"]["bee"]) == (count - held_out, held_out)


def test_the_division_depends_on_the_seed_and_not_on_the_order_of_listing(tmp_path, monkeypatch):
    folder = tree(tmp_path, two_classes(20))
    first = [load_images(folder, SIZE, seed=seed) for seed in (0, 1)]
    assert set(greys(first[0].validation)) != set(greys(first[1].validation))
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: random.Random(3).sample(names := listdir(path), len(names)))
    again = load_images(folder, SIZE, seed=0)
    for part in ("train", "validation"):
        assert list(greys(getattr(again, part))) == list(greys(getattr(first[0], part)))


def test_another_class_leaves_the_division_of_the_others(tmp_path):
    before = set(greys(load_images(tree(tmp_path, two_classes(10)), SIZE).validation))
    tree(tmp_path, {f"alpaca/{i}.png": 200 + i for i in range(7)})
    after = set(greys(load_images(tmp_path, SIZE).validation))
    assert before == {grey for grey in after if grey < 200}


@pytest.mark.parametrize("name", ["validation", "val", "valid", "test", "Val"])
def test_a_folder_for_each_part(tmp_path, name):
    files = {"Train/ant/a.png": 1, "Train/bee/b.png": 2, f"{name}/ant/c.png": 3, f"{name}/bee/d.png": 4}
    data = load_images(tree(tmp_path, files | {"Train/notes.txt": b"", "labels.csv": b""}), SIZE)
    assert (greys(data.train), greys(data.validation)) == ({1: 0, 2: 1}, {3: 0, 4: 1})
    assert data.skipped == (
        Skipped("Train/notes.txt", "not in a class folder"),
        Skipped("labels.csv", "not in a class folder"),
    )


def test_only_one_folder_is_measured_on_and_the_others_are_named(tmp_path):
    files = {f"{part}/{name}/a.png": 1 for part in ("train", "test", "val", "extra") for name in ("ant", "bee")}
    files["train/bee/a.png"] = files["val/bee/a.png"] = 2
    data = load_images(tree(tmp_path, files), SIZE)
    assert greys(data.validation) == {1: 0, 2: 1}
    assert data.skipped == (
        Skipped("extra/", "beside train and val, and not used"),
        Skipped("test/", "beside train and val, and not used"),
    )


def test_train_alone_is_divided(tmp_path):
    data = load_images(tree(tmp_path, {f"train/{name}": value for name, value in two_classes().items()}), SIZE)
    assert data.counts == {"train": {"ant": 4, "bee": 4}, "validation": {"ant": 1, "bee": 1}}


def test_trains_may_be_a_class(tmp_path):
    data = load_images(tree(tmp_path, {f"{name}/{i}.png": i for name in ("bus", "train") for i in range(2)}), SIZE)
    assert data.class_names == ("bus", "train")


def test_what_is_not_read_is_named_and_what_is_hidden_is_not(tmp_path):
    hidden = [".DS_Store", ".ipynb_checkpoints/a.png", "ant/.DS_Store", "ant/.ipynb_checkpoints/a.png", "bee/x/.y/a"]
    unread = {
        "ant/a.tif": "extension .tif is not read",
        "ant/b.HEIC": "extension .heic is not read",
        "ant/c": "no extension",
        "ant/d.txt": "extension .txt is not read",
        "bee/sub/deep/e.png": "in a folder inside a class folder",
        "bee/sub/f.png": "in a folder inside a class folder",
        "bee/looks.png/g.png": "in a folder inside a class folder",
        "readme.md": "not in a class folder",
    }
    data = load_images(tree(tmp_path, two_classes() | dict.fromkeys([*hidden, *unread], 7)), SIZE)
    assert {one.path: one.reason for one in data.skipped} == unread
    assert [one.path for one in data.skipped] == sorted(unread)


def test_links_are_followed(tmp_path):
    shelf = tree(tmp_path / "shelf", {"a.png": 1, "b.png": 2, "c.png": 3, "d.png": 4})
    folder = tree(tmp_path / "set", {"ant": None, "ant/c.png": 5})
    (folder / "ant" / "a.png").symlink_to(shelf / "a.png")
    (folder / "bee").symlink_to(shelf, target_is_directory=True)
    (folder / "ant" / "sub").symlink_to(shelf, target_is_directory=True)
    (folder / "ant" / "gone.png").symlink_to("nowhere")
    data = load_images(folder, SIZE)
    assert data.counts["train"] == {"ant": 1, "bee": 3}
    assert data.skipped == (
        Skipped("ant/gone.png", "broken link"),
        Skipped("ant/sub/", "a folder inside a class folder"),
    )


def test_any_name_and_any_of_the_extensions(tmp_path):
    odd = [b"caf\xe9", "träge Bär".encode(), b"a\nb", b"%s {x} [0-9]*?"]
    for label, name in enumerate(odd):
        folder = os.path.join(os.fsencode(tmp_path), name)
        os.mkdir(folder)
        for file, shade in ((b"\xff\n.png", 2 * label), (b" *.JPG", 2 * label + 1)):
            with open(os.path.join(folder, file), "wb") as stream:
                stream.write(flat_png(shade))
        with open(os.path.join(folder, b"\xfe.jpg"), "wb") as stream:
            stream.write(b"broken")
    data = load_images(tmp_path, SIZE)
    assert data.class_names == ("%s {x} [0-9]*?", "a\\nb", "caf\\udce9", "träge Bär")
    assert Skipped("caf\\udce9/\\udcfe.jpg", "not an image") in data.skipped
    both = greys(data.train) | greys(data.validation)
    assert both == {2 * odd.index(name) + i: label for label, name in enumerate(sorted(odd)) for i in (0, 1)}


def test_chosen_classes_in_the_order_given(tmp_path):
    folder = tree(tmp_path, two_classes() | {"cat/broken.png": b"", "5/a.png": 201, "5/b.png": 202})
    data = load_images(folder, SIZE, classes=("bee", 5))
    assert data.class_names == ("bee", "5")
    assert {label for grey, label in greys(data.train).items() if grey > 200} == {1}
    assert data.skipped == ()
    for wrong in (("bee", "dog"), ("bee",), ("bee", "bee"), ()):
        with pytest.raises(ValueError, match=r"expected classes, at least two different names of those in .*ant, bee"):
            load_images(folder, SIZE, classes=wrong)


BROKEN = {f"{name}/{i}.jpg": b"broken" for name in ("ant", "bee") for i in range(3)}
WRONG = {
    "nothing in it": ({}, r"found no class folders\. Put the images of each class into a folder"),
    "files and no folders": (
        {"a.png": 1, "b.png": 2},
        r"no class folders; 2 skipped: 2 not in a class folder \(such as a",
    ),
    "one class": ({"ant/a.png": 1, "ant/b.png": 2}, "found one class only, 'ant'. A classifier needs at least two"),
    "an empty class": (
        two_classes() | {"cat": None, "dog": None},
        "no usable image in 'cat', 'dog'. Add images or rem",
    ),
    "a class of broken files": (
        two_classes() | {"cat/a.png": b"", "cat/b.png": b""},
        "no usable image in 'cat'; 2 skipped: 2 empty",
    ),
    "nothing usable": (BROKEN, r"no usable image in 2 class folders; 6 skipped: 6 not an image \(such as ant/0.jpg\)"),
    "other formats": (
        {"ant/a.tif": b"", "bee/b.tif": b""},
        "no usable image in 2 class folders; 2 skipped: 2 extension",
    ),
    "a single image": (
        two_classes() | {"cat/a.png": 9},
        "a single usable image in 'cat'. Training and validation need",
    ),
    "one left": (
        two_classes() | {"cat/a.png": 9, "cat/b.png": b""},
        "a single usable image in 'cat'; 1 skipped: 1 empty",
    ),
    "nested": (
        {"ant/x/a.png": 1, "bee/x/a.png": 2},
        "no usable image in 2 class folders; 2 skipped: 2 in a folder insid",
    ),
    "no classes in val": (
        {"train/ant/a.png": 1, "train/bee/a.png": 2, "val/a.png": 3},
        r"no class folders in the validation part; 1 skipped: 1 not in a class folder \(such as val/a.png\)",
    ),
    "another class in val": (
        {"train/ant/a.png": 1, "train/bee/a.png": 2, "val/ant/a.png": 3, "val/cat/a.png": 3},
        "found 'cat' in the validation part and not in train",
    ),
    "an empty class in val": (
        {"train/ant/a.png": 1, "train/bee/a.png": 2, "val/ant/a.png": 3, "val/bee": None},
        "no usable image in 'bee' of the validation part",
    ),
    "nearly all broken": (
        two_classes(2) | {f"ant/{i}.heic": b"" for i in range(30)} | {f"bee/x{i}.jpg": b"" for i in range(20)},
        r"found 4 usable of 54 image files; 50 skipped: 30 extension .heic is not read \(such as .*\), 20 empty file",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_directory_that_cannot_be_trained_on(tmp_path, case):
    files, message = WRONG[case]
    with pytest.raises(ValueError, match=message) as caught:
        load_images(tree(tmp_path, files), SIZE)
    told = str(caught.value)
    assert told.startswith("load_images: expected DIR/class/file, or DIR/train/class/file")
    assert str(tmp_path) in told
    assert "\n" not in told


def test_no_directory(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"expected 'digits', 'tfds:NAME' or a directory.*nowhere', which does"):
        load_images(tmp_path / "nowhere", SIZE)
    file = tree(tmp_path, {"a.png": 1}) / "a.png"
    with pytest.raises(ValueError, match=r"a\.png', which is a file. Give the directory"):
        load_images(file, SIZE)


def test_many_files_beside_the_images_are_no_reason_to_refuse(tmp_path):
    notes = {f"ant/{i}.txt": b"" for i in range(100)}
    data = load_images(tree(tmp_path, two_classes(2) | notes), SIZE)
    assert (len(data.skipped), len(data.train)) == (100, 2)


def test_a_class_folder_that_may_not_be_opened(tmp_path, monkeypatch):
    folder = tree(tmp_path, two_classes() | {"cat/a.png": 1})
    listdir = os.listdir

    def refuse(path):  # root may list everything
        if os.fspath(path).endswith("cat"):
            raise PermissionError(13, "Permission denied")
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(ValueError, match=r"no usable image in 'cat'; 1 skipped: 1 no permission \(such as cat/\)"):
        load_images(folder, SIZE)


def test_progress_is_told_to_a_function_and_drawn_on_a_console(tmp_path):
    folder, told = tree(tmp_path, two_classes()), []
    load_images(folder, SIZE, progress=lambda *news: told.append(news))
    assert told[:10] == [("Checking images", done, 10) for done in range(1, 11)]
    assert told[10:18] == [("Reading the train part", done, 8) for done in range(1, 9)]
    assert told[18:] == [("Reading the validation part", done, 2) for done in (1, 2)]
    with open(tmp_path / "screen", "w") as file:
        load_images(folder, SIZE, progress=Console(file=file, force_terminal=True, width=100))
    screen = (tmp_path / "screen").read_text()
    assert "Checking images" in screen
    assert "10/10" in screen


NAMES = st.sampled_from(["a", "b.png", "c.JPG", "d.txt", ".e.png", "train", "val", "f.tif"])
PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=4).map("/".join), max_size=12)


@settings(max_examples=80, deadline=None)
@given(PATHS)
def test_no_file_is_dropped_in_silence(tmp_path_factory, paths):
    root = tmp_path_factory.mktemp("any")
    for path in paths:
        file = root / path
        if not file.exists() and not any(one.is_file() for one in file.parents):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    listing = list_folder(root)
    kept = [file for classes in listing.parts.values() for files in classes.values() for file in files]
    named = [one.path for one in listing.skipped]
    folders = tuple(name for name in named if name.endswith("/"))
    relative = [file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()]
    visible = {name for name in relative if not any(part.startswith(".") for part in name.split("/"))}
    told = [name for name in named if name not in folders] + [file.relative_to(root).as_posix() for file in kept]
    assert len(told) == len(set(told))
    assert set(told) == {name for name in visible if not name.startswith(folders)}
