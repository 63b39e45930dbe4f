"""Texts to classify from every source, whole, odd and damaged."""

import json

import numpy as np
import pytest
import tensorflow_datasets as tfds
from image_files import tree
from tfds_store import store

from kerasaug.datasets import Skipped, load_texts, requests_corpus
from kerasaug.datasets.requests import INTENTS, joined

PAIRS = [("Good, very good.", "pos"), ("Bad", "neg"), ("Zürich\nis fine", "pos"), ('"Awful"', "neg"), ("so-so", "neg")]


def items(part, data):
    return [(text, data.class_names[label]) for text, label in zip(part.texts, part.labels, strict=True)]


def everything(data):
    return sorted(one for part in data.parts.values() for one in items(part, data))


def csv_of(pairs):
    quoted = ['"' + text.replace('"', '""') + '"' for text, _ in pairs]
    return "id,text,label\n" + "".join(
        f"{i},{t},{name}\n" for i, (t, (_, name)) in enumerate(zip(quoted, pairs, strict=True))
    )


def jsonl_of(pairs):
    return "".join(json.dumps({"label": label, "text": text}) + "\n" for text, label in pairs)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("films.csv", csv_of(PAIRS)),
        ("films.CSV", csv_of(PAIRS).replace("\n", "\r\n").replace("Zürich\r\n", "Zürich\n")),
        ("films.jsonl", jsonl_of(PAIRS) + "\n\n"),
        ("films.csv", "\ufeff" + csv_of(PAIRS).rstrip("\n")),
        ("films.jsonl", "\ufeff" + jsonl_of(PAIRS).replace("\n", "\r\n")),
    ],
)
def test_tables(tmp_path, name, content):
    (tmp_path / name).write_bytes(content.encode())
    data = load_texts(tmp_path / name, validation=0.4)
    assert everything(data) == sorted(PAIRS)
    assert (data.name, data.class_names, data.skipped) == ("films", ("neg", "pos"), ())
    assert data.counts == {"train": {"neg": 2, "pos": 1}, "validation": {"neg": 1, "pos": 1}}
    assert data.parts["train"].labels.dtype == np.int32


def test_a_tsv_has_no_quotes(tmp_path):
    rows = [('"Great', "1"), ('say "no"', "0"), ("it's \u2028 so", "10"), ("x", "1"), ("y", "0"), ("z", "10")]
    (tmp_path / "a.tsv").write_text("sentence\tclass\n" + "".join(f"{text}\t{label}\n" for text, label in rows))
    data = load_texts(str(tmp_path / "a.tsv"), 0.5, text="sentence", label="class")
    assert everything(data) == sorted(rows)
    assert data.class_names == ("0", "1", "10")


def test_rows_that_cannot_be_used_do_not_lose_the_others(tmp_path):
    good = "".join(f"good {i},{'ab'[i % 2]}\n" for i in range(20))
    bad = b'"open quote,a\n ,b\nno label,\none,two,three\nalone\n"odd" quote,a\n' + b"caf\xe9,a\n"
    (tmp_path / "a.csv").write_bytes(b"text,label\n" + good.encode() + bad + b'last,b\n"two\nlines",a\n')
    data = load_texts(tmp_path / "a.csv")
    assert {text for text, _ in everything(data)} == {*(f"good {i}" for i in range(20)), "last", "two\nlines"}
    reasons = {one.path: one.reason for one in data.skipped}
    assert reasons.pop("a.csv:22").startswith("no record of a table: ")
    assert reasons.pop("a.csv:27").startswith("no record of a table: ")
    assert reasons == {
        "a.csv:23": "empty",
        "a.csv:24": "no label",
        "a.csv:25": "3 fields where the first line has 2",
        "a.csv:26": "1 fields where the first line has 2",
        "a.csv:28": "undecodable",
    }


def test_an_open_quote_does_not_swallow_the_rest(tmp_path):
    rows = ["text,label", '"open,a', *(f"t{i},{'ab'[i % 2]}" for i in range(50))]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    data = load_texts(tmp_path / "a.csv")
    assert (len(everything(data)), [one.path for one in data.skipped]) == (50, ["a.csv:2"])


def test_lines_of_json_that_cannot_be_used(tmp_path):
    lines = [
        '{"text": "a", "label": 1}',
        '{"text": "b", "label": 2.0}',
        '{"text": "c", "label": "1"}',
        '{"text": "d", "label": 2, "more": []}',
    ]
    bad = {
        "{broken": "no JSON",
        "[1]": "no JSON object",
        '{"text": "x"}': "no key 'label'",
        '{"text": "x", "label": null}': "no label",
        '{"text": "x", "label": [1]}': "the label is no name",
        '{"text": 5, "label": 1}': "the text is int",
        '{"text": null, "label": 1}': "no text",
        '{"text": " ", "label": 1}': "empty",
        '{"text": "\\ud83d", "label": 1}': "undecodable",
    }
    (tmp_path / "a.jsonl").write_text("\n".join([*lines, *bad]))
    data = load_texts(tmp_path / "a.jsonl")
    assert everything(data) == [("a", "1"), ("b", "2"), ("c", "1"), ("d", "2")]
    assert [one.reason for one in data.skipped] == list(bad.values())
    assert data.skipped[0].path == "a.jsonl:5"


def test_class_folders(tmp_path):
    files = {f"{name}/{i}.txt": f" {name} {i}\n".encode() for name in ("ham", "spam") for i in range(10)}
    files |= {
        "ham/empty.txt": b" \n",
        "ham/latin.txt": b"caf\xe9",
        "ham/picture.png": b"",
        "spam/deep/a.txt": b"x",
        "notes.txt": b"x",
        ".git/a.txt": b"x",
        "spam/mark.txt": "\ufeffmark".encode(),
    }
    data = load_texts(tree(tmp_path / "mail", files), 0.3, seed=1)
    expected = [(f"{name} {i}", name) for name in ("ham", "spam") for i in range(10)] + [("mark", "spam")]
    assert everything(data) == sorted(expected)
    assert data.counts == {"train": {"ham": 7, "spam": 8}, "validation": {"ham": 3, "spam": 3}}
    assert set(data.skipped) == {
        Skipped("ham/empty.txt", "empty"),
        Skipped("ham/latin.txt", "not utf-8: the byte 0xe9 at 3"),
        Skipped("ham/picture.png", "extension .png is not read"),
        Skipped("spam/deep/a.txt", "in a folder inside a class folder"),
        Skipped("notes.txt", "not in a class folder"),
    }
    latin = load_texts(tmp_path / "mail", encoding="latin-1")
    assert ("café", "ham") in everything(latin)
    again, other = (load_texts(tmp_path / "mail", 0.3, seed=seed) for seed in (1, 2))
    assert items(again.parts["train"], again) == items(data.parts["train"], data) != items(other.parts["train"], other)


def test_a_folder_for_each_part(tmp_path):
    parts = {"Train": "train", "val": "validation", "test": "test"}
    files = {f"{part}/{name}/a.txt": f"{part} {name}".encode() for part in parts for name in ("ham", "spam")}
    data = load_texts(tree(tmp_path, files | {"val/stray.txt": b"x"}))
    for folder, part in parts.items():
        assert items(data.parts[part], data) == [(f"{folder} ham", "ham"), (f"{folder} spam", "spam")]
    assert data.skipped == (Skipped("val/stray.txt", "not in a class folder"),)


def test_a_table_for_each_part(tmp_path):
    tree(tmp_path, {"train.csv": csv_of(PAIRS).encode(), "test.jsonl": jsonl_of(PAIRS[:2]).encode(), "a.md": b""})
    data = load_texts(tmp_path)
    assert items(data.parts["train"], data) == PAIRS
    assert items(data.parts["validation"], data) == PAIRS[:2]
    assert data.skipped == (Skipped("a.md", "not a file of train, validation or test"),)


def test_the_requests():
    data = load_texts("requests")
    assert (data.class_names, data.skipped) == (INTENTS, ())
    assert data.counts == {part: dict.fromkeys(INTENTS, n) for part, n in zip(data.parts, (50, 50, 100), strict=True)}
    corpus = requests_corpus("train", 400, 0)
    assert items(data.parts["train"], data) == [(joined(one.tokens), one.intent) for one in corpus]
    few = load_texts("requests:80", seed=3)
    assert (len(few.parts["train"].texts), few.parts["test"].texts) == (80, data.parts["test"].texts)


VIEWS = {"sentence": tfds.features.Text(), "label": tfds.features.ClassLabel(names=["no", "yes"])}
TRAIN = [(f"text {i}", i % 2) for i in range(10)] + [(" ", 0), (b"caf\xe9", 1)]


def test_a_data_set_of_tensorflow_datasets(tmp_path):
    splits = {"train": TRAIN, "test": [("secret", -1)], "unsupervised": [("more", 0)]}
    store(tmp_path, "little_views", splits, VIEWS)
    data = load_texts("tfds:little_views", 0.2, data_dir=tmp_path)
    assert everything(data) == [(f"text {i}", ("no", "yes")[i % 2]) for i in range(10)]
    assert data.counts == {"train": {"no": 4, "yes": 4}, "validation": {"no": 1, "yes": 1}}
    assert (data.name, data.class_names) == ("little_views/1.0.0", ("no", "yes"))
    reasons = {one.reason for one in data.skipped}
    assert reasons == {"empty", "undecodable", "no label", "a split that is not used"}


@pytest.mark.parametrize(
    ("name", "features", "splits", "message"),
    [
        (
            "unlabelled_views",
            {"text": tfds.features.Text()},
            {"train": [("a",)]},
            "expected a data set with one ClassLabel",
        ),
        (
            "paired_views",
            {"a": tfds.features.Text(), "b": tfds.features.Text(), "label": tfds.features.ClassLabel(num_classes=2)},
            {"train": [("a", "b", 0)]},
            "with one Text, or one that is called 'text'. Received: 'tfds:paired_views', which has a: Text, b: Text",
        ),
        (
            "tested_views",
            VIEWS,
            {"test": [("a", 0)]},
            "expected a split 'train'. Received: 'tfds:tested_views', which has t",
        ),
        ("one_view", VIEWS, {"train": [("a", 0), ("b", 0)]}, "with one class only, 'no'"),
    ],
)
def test_data_sets_that_cannot_be_trained_on(tmp_path, name, features, splits, message):
    store(tmp_path, name, splits, features)
    with pytest.raises(ValueError, match=message) as caught:
        load_texts(f"tfds:{name}", data_dir=tmp_path)
    assert str(caught.value).startswith("load_texts: ")


@pytest.mark.parametrize(
    ("files", "source", "message"),
    [
        (
            {"a.csv": "title,label\nx,y\n"},
            "a.csv",
            r"a.csv:1: expected columns 'text' and 'label', .*Received: 'title', 'l",
        ),
        ({"a.csv": ""}, "a.csv", r"expected columns 'text' and 'label', once each. Received: none"),
        ({"a.csv": "text,text,label\n"}, "a.csv", "Received: 'text', 'text', 'label'"),
        ({"a.csv": "text,label\n"}, "a.csv", "Received: 'a', with no usable text to train on. A classifier"),
        ({"a.csv": "text,label\nx,a\ny,a\n"}, "a.csv", "with one class only, 'a'. A classifier needs"),
        (
            {"a.csv": "text,label\nx,a\ny,a\nz,b\n"},
            "a.csv",
            "with a single usable text of 'b'. Training and validation",
        ),
        ({"a.csv": "text,label\n" + ",a\n" * 40 + "w,a\nx,a\ny,b\nz,b\n"}, "a.csv", "4 usable of 44 items; 40 skipped"),
        ({"a.txt": "x"}, "a.txt", "expected a table, .csv, .tsv, .jsonl. Received: '.*a.txt'"),
        (
            {"train.csv": "text,label\nx,a\ny,b\n", "dev.csv": "text,label\nx,c\n"},
            ".",
            "with 'c' in the validation part",
        ),
        (
            {"train.csv": "text,label\nx,a\ny,b\n", "dev.csv": "text,label\n,a\n"},
            ".",
            "no usable text in the validation",
        ),
        ({"train.csv": "", "train.tsv": ""}, ".", "one file for each part. Received: 'train.csv' and 'train.tsv'"),
        ({"ham/a.md": "x"}, ".", "no usable text to train on; 1 skipped: 1 extension .md is not read"),
    ],
)
def test_what_is_no_data_set(tmp_path, files, source, message):
    tree(tmp_path, {name: content.encode() for name, content in files.items()})
    with pytest.raises(ValueError, match=message) as caught:
        load_texts(tmp_path / source)
    assert str(caught.value).startswith("load_texts: ")
    assert "\n" not in str(caught.value)


def test_arguments_that_cannot_be(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"load_texts: expected 'requests', 'tfds:NAME', a table or a directory"
    ):
        load_texts(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"expected validation, a share between 0 and 1. Received: 1.5"):
        load_texts("requests", 1.5)
    with pytest.raises(ValueError, match=r"expected encoding, one that Python has, .* Received: 'utf9'"):
        load_texts(tmp_path, encoding="utf9")
    with pytest.raises(
        ValueError, match=r"load_texts: expected 'requests', or 'requests:COUNT'.* Received: 'requests:x'"
    ):
        load_texts("requests:x")
