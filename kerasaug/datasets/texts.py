"""Texts to classify, from the corpus of requests, class folders, tables, or TensorFlow Datasets."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasaug.datasets.decoding import tensorflow
from kerasaug.datasets.demands import summary
from kerasaug.datasets.listing import Skipped, printable
from kerasaug.datasets.parts import divided
from kerasaug.datasets.prepared import CATALOG, described, open_builder, prepare, records
from kerasaug.datasets.requests import INTENTS, joined
from kerasaug.datasets.requests.source import is_requests, requests_parts
from kerasaug.datasets.split_names import files_of, measured, part_of, splits_of
from kerasaug.datasets.text_files import TABLES, Columns, Item, Unusable, class_order, read_folders, read_table, usable
from kerasaug.extras import require

_CALLER = "load_texts"
_FEW = 0.1  # of the items that a source has


@dataclass(frozen=True, eq=False)
class TextPart:
    """Texts and, for each, its label.

    Args:
        texts: Strings, none of them empty.
        labels: int32 (texts,), numbers of classes.

    Example:

    ```python
    part = kerasaug.datasets.load_texts("requests").parts["train"]
    print(part.texts[0], part.labels[0])
    ```
    """

    texts: tuple[str, ...]
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class TextData:
    """Texts to classify in parts, as `kerasaug.datasets.load_texts` returns them.

    Args:
        name: What the data are called.
        parts: `"train"`, `"validation"`, and `"test"` where the source has one besides: a `TextPart` each.
        class_names: By label.
        counts: Texts of each class: `{"train": {name: count}, …}`.
        skipped: What is not used, and why.

    Example:

    ```python
    data = kerasaug.datasets.load_texts("requests")
    print(data.class_names, data.counts["train"], len(data.skipped))
    ```
    """

    name: str
    parts: dict[str, TextPart]
    class_names: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    skipped: tuple[Skipped, ...] = ()


def load_texts(
    source: str | os.PathLike,
    validation: float = 0.2,
    seed: int = 0,
    text: str = "text",
    label: str = "label",
    encoding: str = "utf-8",
    data_dir: str | os.PathLike | None = None,
) -> TextData:
    r"""Loads texts and their labels, divided into a part to train on, one to measure on, and perhaps one to test.

    A file or a row that cannot be used, since it is empty, not of the encoding, or without a label, is listed in
    `skipped`, and the others are used. Blanks around a text are taken away.

    Args:
        source: `"requests"`, the project's own corpus of eight intents, with 400 texts to train on, or
            `"requests:80"`, with 80; `"tfds:NAME"`, a data set of TensorFlow Datasets with a text and a class label; a
            table with a column of texts and one of labels, `.csv`, `.tsv` (without quotes) or `.jsonl` (an object a
            line); or a directory, of one such table for each part (`train.csv`, `dev.csv`, `test.csv`), or of
            `class/file.txt`, or of `train/class/file.txt` and `validation/class/file.txt`. Without a validation part,
            the test part is measured on.
        validation: Share of each class that is set aside to measure on, in (0, 1), where the source has no part for
            that. Defaults to 0.2.
        seed: Integer, of that division, and of the draw of requests to train on. Defaults to 0.
        text: Name of the column, or feature, of the texts. Defaults to `"text"`; of TensorFlow Datasets the only text
            will do too.
        label: Likewise, of the labels. Defaults to `"label"`.
        encoding: Of files. Defaults to `"utf-8"`.
        data_dir: Where prepared data sets are kept; by default `TFDS_DATA_DIR`, else `~/tensorflow_datasets`.

    Returns:
        A `kerasaug.datasets.TextData`.

    Raises:
        ConnectionError: When a data set cannot be downloaded.
        FileNotFoundError: When there is no such file or directory.
        ImportError: When `scikit-learn`, or for `tfds:` TensorFlow or `tensorflow-datasets`, is not installed.
        ValueError: When an argument is out of range, there is no such data set, nearly everything in it is unusable, or
            there are not at least two classes with texts for each part.

    Example:

    ```python
    from pathlib import Path

    Path("films.csv").write_text("text,label\nGood,pos\nFine,pos\nBad,neg\nPoor,neg\n,neg\n")
    data = kerasaug.datasets.load_texts("films.csv", validation=0.5)
    assert data.class_names == ("neg", "pos") and data.skipped[0].reason == "empty"
    ```
    """
    if not isinstance(validation, float | int) or not 0 < validation < 1:
        raise ValueError(f"{_CALLER}: expected validation, a share between 0 and 1. Received: {validation!r}.")
    skipped: list[Skipped] = []
    names: tuple[str, ...] | None = None
    if is_requests(source):
        found = requests_parts(str(source), seed, _CALLER)
        name, names = "requests", INTENTS
        parts = {part: [Item(joined(one.tokens), one.intent) for one in each] for part, each in found.items()}
    elif str(source).startswith(CATALOG):
        name, names, parts = _catalog(str(source).removeprefix(CATALOG), text, label, data_dir, skipped)
    else:
        place = Path(os.path.abspath(os.path.expanduser(source)))
        name, parts = _files(place, Columns(text, label, _encoding(encoding)), skipped)
    _demand(name, parts, names, skipped)
    if "validation" not in parts:
        parts = measured(parts | _divided(name, parts["train"], validation, seed, skipped))
    return _finished(name, parts, names or class_order([one.label for one in parts["train"]]), skipped)


def _encoding(encoding: str) -> str:
    try:
        "".encode(encoding)
    except (LookupError, TypeError):
        raise ValueError(
            f"{_CALLER}: expected encoding, one that Python has, such as 'utf-8'. Received: {encoding!r}."
        ) from None
    return encoding


def _files(place: Path, columns: Columns, skipped: list[Skipped]) -> tuple[str, dict[str, list[Item]]]:
    if not place.exists():
        raise FileNotFoundError(
            f"{_CALLER}: expected 'requests', 'tfds:NAME', a table or a directory. Received: "
            f"{printable(str(place))!r}, which does not exist. Check the path."
        )
    if not place.is_dir():
        if place.suffix.lower() not in TABLES:
            raise ValueError(
                f"{_CALLER}: expected a table, {', '.join(TABLES)}. Received: {printable(str(place))!r}. Rename it to "
                "what it is, or put the texts of each class into a folder of its own."
            )
        return printable(place.stem), {"train": read_table(place, columns, _CALLER, skipped)}
    if any(one.suffix.lower() in TABLES and part_of(one.name) == "train" for one in place.iterdir()):
        files, others = files_of(place, TABLES, _CALLER)
        skipped += others
        parts = {part: read_table(file, columns, _CALLER, skipped) for part, file in files.items()}
    else:
        parts = read_folders(place, columns.encoding, skipped)
    return printable(place.name), parts


def _catalog(
    name: str, text: str, label: str, data_dir: str | os.PathLike | None, skipped: list[Skipped]
) -> tuple[str, tuple[str, ...], dict[str, list[Item]]]:
    tensorflow(_CALLER)
    builder = open_builder(name, data_dir, _CALLER)
    tfds: Any = require("tensorflow_datasets", "data", _CALLER)
    keys = [_feature(name, builder, *one) for one in ((text, tfds.features.Text), (label, tfds.features.ClassLabel))]
    prepare(name, builder, _CALLER)
    splits = splits_of(list(builder.info.splits))
    if "train" not in splits:
        found = ", ".join(builder.info.splits) or "none"
        raise ValueError(f"{_CALLER}: expected a split 'train'. Received: 'tfds:{name}', which has {found}.")
    parts = {part: _records(builder, split, keys[0], keys[1], skipped) for part, split in splits.items()}
    unused = [one for one in builder.info.splits if one not in splits.values()]
    skipped += [Skipped(f"{one}/", "a split that is not used") for one in unused]
    parts = {part: items for part, items in parts.items() if items or part == "train"}
    return builder.info.full_name, tuple(builder.info.features[keys[1]].names), parts


def _feature(name: str, builder: Any, wanted: str, kind: type) -> str:
    found = [key for key, value in builder.info.features.items() if isinstance(value, kind)]
    if wanted in found or len(found) == 1:
        return wanted if wanted in found else found[0]
    raise ValueError(
        f"{_CALLER}: expected a data set with one {kind.__name__}, or one that is called {wanted!r}. Received: "
        f"'tfds:{name}', which has {described(builder)}. Pass text= or label=, or choose another."
    )


def _records(builder: Any, split: str, text: str, label: str, skipped: list[Skipped]) -> list[Item]:
    tfds: Any = require("tensorflow_datasets", "data", _CALLER)
    names = builder.info.features[label].names
    decoders = tfds.decode.PartialDecoding({text: True, label: True})
    items = []
    for number, record in enumerate(records(builder, split, decoders, _CALLER).as_numpy_iterator(), start=1):
        try:
            if record[label] < 0:
                raise Unusable("no label")
            items.append(Item(usable(record[text].decode("utf-8", "surrogateescape")), names[record[label]]))
        except Unusable as reason:
            skipped.append(Skipped(f"{split}:{number}", str(reason)))
    return items


def _demand(name: str, parts: dict[str, list[Item]], names: tuple[str, ...] | None, skipped: list[Skipped]) -> None:
    """Raises unless there are two classes to learn, each part has texts, and most of the source was usable."""
    classes = {one.label for one in parts["train"]}
    if len(classes) < 2:
        found = f"one class only, {next(iter(classes))!r}" if classes else "no usable text to train on"
        _refuse(name, found, skipped, "A classifier needs texts of at least two classes")
    for part, items in parts.items():
        unknown = sorted({one.label for one in items} - (classes if names is None else set(names)))
        if unknown or not items:
            found = f"{', '.join(map(repr, unknown[:5])) or 'no usable text'} in the {part} part"
            _refuse(name, found, skipped, "Add texts to train, or remove the others" if unknown else "Add some")
    total = sum(map(len, parts.values()))
    if total < _FEW * (total + len(skipped)):
        _refuse(name, f"{total} usable of {total + len(skipped)} items", skipped, "Correct the others, or remove them")


def _refuse(name: str, found: str, skipped: list[Skipped], advice: str) -> None:
    raise ValueError(
        f"{_CALLER}: expected texts of two classes or more, in each part classes that train has too. Received: "
        f"{name!r}, with {found}{summary(skipped)}. {advice}."
    )


def _divided(name: str, items: list[Item], share: float, seed: int, skipped: list[Skipped]) -> dict[str, list[Item]]:
    chosen: set[int] = set()
    for label in class_order([one.label for one in items]):
        members = [number for number, one in enumerate(items) if one.label == label]
        if len(members) == 1:
            advice = "Training and validation need one each: add texts, or remove the class"
            _refuse(name, f"a single usable text of {label!r}", skipped, advice)
        chosen.update(divided(members, share, seed, _CALLER)[1])
    train, validation = ([one for i, one in enumerate(items) if (i in chosen) is taken] for taken in (False, True))
    return {"train": train, "validation": validation}


def _finished(name: str, parts: dict[str, list[Item]], names: tuple[str, ...], skipped: list[Skipped]) -> TextData:
    number = {label: i for i, label in enumerate(names)}
    finished, counts = {}, {}
    for part, items in parts.items():
        labels = np.array([number[one.label] for one in items], "int32")
        finished[part] = TextPart(tuple(one.text for one in items), labels)
        found = Counter(one.label for one in items)
        counts[part] = {label: found[label] for label in names}
    return TextData(name, finished, names, counts, tuple(skipped))
