"""Sentences with named entities from every source, through one code path."""

import re

import numpy as np
import pytest
import tensorflow_datasets as tfds
from test_conll import PUBLISHED, SENTENCES, write
from tfds_store import store

from kerasaug.datasets import Skipped, load_tagged, requests_corpus
from kerasaug.datasets.split_names import part_of

VALID = "-DOCSTART- -X- -X- O\n\nin IN I-PP O\nRome NNP I-NP I-LOC\n"
TEST = "Ada NNP I-NP I-PER\nLovelace NNP I-NP I-PER\n\nno DT I-NP O\n"
EXPECTED = {
    "train": tuple(SENTENCES),
    "validation": ((("in", "Rome"), ("O", "B-LOC")),),
    "test": ((("Ada", "Lovelace"), ("B-PER", "I-PER")), (("no",), ("O",))),
}
LABELS = ("O", "B-LOC", "I-LOC", "B-MISC", "I-MISC", "B-ORG", "I-ORG", "B-PER", "I-PER")


def distributed(folder, names=("train.txt", "valid.txt", "test.txt")):
    for name, content in zip(names, (PUBLISHED, VALID, TEST), strict=True):
        write(folder, content, name)
    return folder


@pytest.mark.parametrize(
    "names",
    [
        ("train.txt", "valid.txt", "test.txt"),
        ("eng.train", "eng.testa", "eng.testb"),
        ("wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated"),
        ("Train.TSV", "Val.TSV", "TEST.TSV"),
    ],
)
def test_a_directory_as_it_is_distributed(tmp_path, names):
    write(tmp_path, "read me", "README.md")
    (tmp_path / "models").mkdir()
    write(tmp_path, "", ".hidden.train")
    data = load_tagged(distributed(tmp_path, names))
    assert data.parts == EXPECTED
    assert (data.name, data.label_names) == (tmp_path.name, LABELS)
    assert data.counts["train"] == {"LOC": 0, "MISC": 1, "ORG": 3, "PER": 0}
    assert data.counts["test"] == {"LOC": 0, "MISC": 0, "ORG": 0, "PER": 1}
    assert data.schemes == dict.fromkeys(EXPECTED, "IOB1")
    assert data.odd == dict.fromkeys(EXPECTED, 0)
    reason = "not a file of train, validation or test"
    assert data.skipped == (Skipped("README.md", reason), Skipped("models/", reason))


class FakeDownloads(tfds.download.DownloadManager):
    """The archive that the builder asks for is a folder of the test."""

    folder = None

    def download_and_extract(self, url):
        return tfds.core.Path(self.folder)


def test_tfds_s_conll2003_is_read_by_the_same_code(tmp_path, monkeypatch):
    """Its own builder reads the same three files, here without a network, and adds sentences of no tokens."""
    folder = distributed(tmp_path)
    for file, begun in {"train": ("EU", "German", "West"), "valid": ("Rome",), "test": ("Ada",)}.items():
        path = folder / f"{file}.txt"  # what TFDS downloads is in BIO
        path.write_text(re.sub(rf"^({'|'.join(begun)} .*) I-", r"\1 B-", path.read_text(), flags=re.MULTILINE))
    monkeypatch.setattr(FakeDownloads, "folder", folder)
    monkeypatch.setattr(tfds.download, "DownloadManager", FakeDownloads)
    data = load_tagged("tfds:conll2003", data_dir=tmp_path / "tfds")
    files = load_tagged(folder)
    for part, each in EXPECTED.items():
        assert sorted(data.parts[part]) == sorted(each)
    assert data.label_names == files.label_names == LABELS
    assert (data.counts, data.schemes, data.odd) == (files.counts, dict.fromkeys(EXPECTED, "BIO"), files.odd)
    assert (data.name, data.skipped) == ("conll2003/conll2003/1.0.0", ())


CLASSES = ("O", "B-PER", "I-PER")


NUMBERS = tfds.features.Sequence(tfds.features.ClassLabel(names=CLASSES))
TAGGED = {"tokens": tfds.features.Sequence(tfds.features.Text()), "tags": NUMBERS}


def test_another_data_set_with_hidden_labels_and_empty_sentences(tmp_path):
    train = [(["é", "b"], [1, 2]), ([], []), (["c"], [0])] + [([f"w{i}"], [1]) for i in range(8)]
    splits = {"train": train, "validation": [(["d"], [-1])], "test": [(["e", "f"], [2, 2])], "extra": [(["g"], [0])]}
    store(tmp_path, "secret_names", splits, TAGGED)
    data = load_tagged("tfds:secret_names", data_dir=tmp_path, validation=0.3)
    assert {part: len(each) for part, each in data.parts.items()} == {"train": 7, "validation": 3, "test": 1}
    assert list(data.parts) == ["train", "validation", "test"]
    tokens = {one.tokens for part in ("train", "validation") for one in data.parts[part]}
    assert tokens == {("é", "b"), ("c",), *((f"w{i}",) for i in range(8))}
    assert data.parts["test"] == ((("e", "f"), ("B-PER", "I-PER")),)
    assert (data.schemes["test"], data.odd["test"]) == ("IOB1", 0)
    with pytest.raises(
        ValueError, match=r"tfds:secret_names/test:1: expected BIO tags. Received: 'I-PER' at the begin"
    ):
        load_tagged("tfds:secret_names", data_dir=tmp_path, scheme="BIO")
    reasons = {one.path: one.reason for one in data.skipped}
    assert reasons == {"validation/": "a split without labels", "extra/": "a split that is not used"}


@pytest.mark.parametrize(
    ("name", "features", "splits", "message"),
    [
        ("untagged", {"tokens": tfds.features.Sequence(tfds.features.Text())}, {"train": [([],)]}, "has tokens: Sequ"),
        (
            "numbered",
            {"tokens": tfds.features.Sequence(tfds.features.Text()), "tags": tfds.features.Sequence(np.int64)},
            {"train": [([], [])]},
            "expected a data set with a sequence of tokens and one of BIO labels .* 'tfds:numbered', which has",
        ),
        (
            "tagged_untrained",
            TAGGED,
            {"test": [(["a"], [0])]},
            "expected a split 'train'. Received: 'tfds:tagged_untrained', which has t",
        ),
        ("uneven", TAGGED, {"train": [(["a"], [0, 1])]}, "1 tokens and 2 labels in record 1 of the split 'train'"),
        (
            "nameless",
            TAGGED,
            {"train": [(["a"], [0])] * 3},
            "expected named entities to train on. .*whose tags are all O",
        ),
        ("lone", TAGGED, {"train": [(["a"], [1])]}, "expected two sentences or more"),
    ],
)
def test_data_sets_that_cannot_be_trained_on(tmp_path, name, features, splits, message):
    store(tmp_path, name, splits, features)
    with pytest.raises(ValueError, match=message) as caught:
        load_tagged(f"tfds:{name}", data_dir=tmp_path)
    assert str(caught.value).startswith("load_tagged: ")


def test_names_that_lead_nowhere(tmp_path):
    with pytest.raises(
        ValueError, match=r"load_tagged: TensorFlow Datasets has no data set 'conl2003'. Did you mean con"
    ):
        load_tagged("tfds:conl2003")
    with pytest.raises(
        FileNotFoundError, match=r"load_tagged: expected 'requests', .*'.*nowhere', which does not exist"
    ):
        load_tagged(tmp_path / "nowhere")


def test_one_file_is_divided(tmp_path):
    rows = "".join(f"w{i} B-X\n\n" for i in range(20))
    path = write(tmp_path, rows, "all.tsv")
    data, again, other = (load_tagged(path, 0.3, seed=seed) for seed in (1, 1, 2))
    train, validation = (set(data.parts[part]) for part in ("train", "validation"))
    assert (len(train), len(validation), len(train | validation)) == (14, 6, 20)
    assert data == again != other
    assert (data.name, list(data.parts)) == ("all", ["train", "validation"])


def test_the_test_file_is_measured_on_where_there_is_no_other(tmp_path):
    write(tmp_path, PUBLISHED, "train.txt")
    write(tmp_path, TEST, "test.txt")
    data = load_tagged(tmp_path)
    assert data.parts == {"train": EXPECTED["train"], "validation": EXPECTED["test"]}


def test_odd_tags_are_counted_and_other_schemes_converted(tmp_path):
    write(tmp_path, "a B-X\n\nb I-X\n\nc O\nd I-Y\n", "train.txt")
    write(tmp_path, "a B-X\nb E-X\n\nc S-X\n\nd E-X\n", "dev.txt")
    data = load_tagged(tmp_path)
    assert (data.schemes, data.odd) == ({"train": "BIO", "validation": "BIOES"}, {"train": 2, "validation": 1})
    assert [one.tags for one in data.parts["train"]] == [("B-X",), ("B-X",), ("O", "B-Y")]
    assert [one.tags for one in data.parts["validation"]] == [("B-X", "I-X"), ("B-X",), ("B-X",)]


def test_the_requests():
    data = load_tagged("requests")
    assert {part: len(each) for part, each in data.parts.items()} == {"train": 400, "validation": 400, "test": 800}
    assert data.label_names == ("O", *(f"{p}-{kind}" for kind in ("LOC", "ORG", "PER", "TIME", "WORK") for p in "BI"))
    assert data.parts["train"] == tuple((one.tokens, one.tags) for one in requests_corpus("train", 400, 0))
    assert (set(data.schemes.values()), set(data.odd.values()), data.skipped) == ({"BIO"}, {0}, ())
    few, others = (load_tagged("requests:80", seed=seed) for seed in (0, 1))
    assert few.parts["train"] == data.parts["train"][:80] != others.parts["train"]
    assert few.parts["test"] == others.parts["test"] == data.parts["test"]
    for wrong in ("requests:", "requests:8", "requests:many", "requests:-80"):
        with pytest.raises(ValueError, match=rf"load_tagged: expected 'requests', or 'requests:COUNT' .*'{wrong}'"):
            load_tagged(wrong)


@pytest.mark.parametrize("share", [0, 1, -0.5, "0.2"])
def test_a_share_that_is_none(share):
    with pytest.raises(ValueError, match="load_tagged: expected validation, a share between 0 and 1"):
        load_tagged("requests", share)


def test_directories_that_are_none(tmp_path):
    write(tmp_path, PUBLISHED, "a.txt")
    with pytest.raises(ValueError, match=r"expected a directory with a file whose name says train.* has a.txt. Rename"):
        load_tagged(tmp_path)
    write(tmp_path, PUBLISHED, "train.txt")
    write(tmp_path, PUBLISHED, "train.conll")
    with pytest.raises(
        ValueError, match=r"one file for each part. Received: 'train.conll' and 'train.txt' .* for train"
    ):
        load_tagged(tmp_path)
    (tmp_path / "train.conll").unlink()
    write(tmp_path, "a b\nO\n", "valid.txt")
    with pytest.raises(ValueError, match=r"load_tagged: /.*valid.txt:1: expected a tag in column -1"):
        load_tagged(tmp_path)


def test_names_that_say_two_parts_or_none():
    assert [part_of(name) for name in ("latest.txt", "train-dev.txt", "training.txt", "strain")] == [
        None,
        None,
        "train",
        None,
    ]
