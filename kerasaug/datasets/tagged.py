"""Sentences with named entities, from the corpus of requests, column files, or TensorFlow Datasets."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kerasaug.datasets.conll import AUTO, Raw, check_scheme, read_raw
from kerasaug.datasets.decoding import tensorflow
from kerasaug.datasets.listing import Skipped, printable
from kerasaug.datasets.parts import divided
from kerasaug.datasets.prepared import CATALOG, described, open_builder, prepare, records
from kerasaug.datasets.requests.source import is_requests, requests_parts
from kerasaug.datasets.split_names import files_of, measured, splits_of
from kerasaug.datasets.tags import Sentence, as_bio, label_names, misplaced, placed, scheme_of, types_of
from kerasaug.extras import require

_CALLER = "load_tagged"
_TAGS = ("ner", "ner_tags", "tags", "labels")  # how TFDS calls them, where other features are chunks in BIO
_TOKENS = ("tokens", "words")


@dataclass(frozen=True)
class TaggedData:
    """Sentences with named entities in parts, as `kerasaug.datasets.load_tagged` returns them.

    Args:
        name: What the data are called.
        parts: `"train"`, `"validation"`, and `"test"` where the source has one besides: tuples of `(tokens, tags)`.
        label_names: `"O"`, then `"B-"` and `"I-"` of each type, by name; of all parts together.
        counts: Entities of each type: `{"train": {type: count}, …}`.
        schemes: How the tags of each part were written: `"BIO"`, `"IOB1"` or `"BIOES"`.
        odd: Sentences of each part whose tags are not what that scheme allows, and were read as `conlleval` does.
        skipped: What is not used, and why.

    Example:

    ```python
    data = kerasaug.datasets.load_tagged("requests")
    print(data.label_names, data.counts["train"], len(data.parts["test"]))
    ```
    """

    name: str
    parts: dict[str, tuple[Sentence, ...]]
    label_names: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    schemes: dict[str, str]
    odd: dict[str, int]
    skipped: tuple[Skipped, ...] = ()


def load_tagged(
    source: str | os.PathLike,
    validation: float = 0.2,
    seed: int = 0,
    word: int = 0,
    tag: int = -1,
    scheme: str = AUTO,
    encoding: str = "utf-8",
    comment: str | None = None,
    data_dir: str | os.PathLike | None = None,
) -> TaggedData:
    """Loads sentences whose named entities are tagged, in BIO, divided into parts.

    Args:
        source: `"requests"`, the project's own corpus, with 400 sentences to train on, or `"requests:80"`, with 80;
            `"tfds:conll2003"` or another data set of TensorFlow Datasets with a sequence of tokens and one of BIO
            labels; a column file, as `kerasaug.datasets.read_conll` reads it; or a directory with one such file for
            each part, told by its name: `train.txt`, `eng.testa`, `wnut17.dev`. Without a validation file, the test
            file is measured on.
        validation: Share of the sentences that is set aside to measure on, in (0, 1), where the source has no part for
            that. Defaults to 0.2.
        seed: Integer, of that division, and of the draw of requests to train on. Defaults to 0.
        word: Column of the tokens, of files; see `kerasaug.datasets.read_conll`, for the next ones too.
        tag: Column of the tags.
        scheme: `"auto"`, or the scheme to which every tag must keep.
        encoding: Of files.
        comment: What comments begin with, in files.
        data_dir: Where prepared data sets are kept; by default `TFDS_DATA_DIR`, else `~/tensorflow_datasets`.

    Returns:
        A `kerasaug.datasets.TaggedData`.

    Raises:
        ConnectionError: When a data set cannot be downloaded.
        FileNotFoundError: When there is no such file or directory.
        ImportError: When `scikit-learn`, or for `tfds:` TensorFlow or `tensorflow-datasets`, is not installed.
        ValueError: When an argument is out of range, a line is not what it must be, there is no such data set, or it
            has no entities to train on.

    Example:

    ```python
    data = kerasaug.datasets.load_tagged("requests:80", seed=1)
    for token, tag in zip(*data.parts["train"][0]):
        print(token, tag)
    ```

    Reference:
        - [CoNLL-2003](https://www.clips.uantwerpen.be/conll2003/ner/)
    """
    if not isinstance(validation, float | int) or not 0 < validation < 1:
        raise ValueError(f"{_CALLER}: expected validation, a share between 0 and 1. Received: {validation!r}.")
    read = partial(read_raw, word=word, tag=tag, scheme=scheme, encoding=encoding, comment=comment, caller=_CALLER)
    skipped: list[Skipped] = []
    if is_requests(source):
        name, parts = "requests", _requests(str(source), seed)
    elif str(source).startswith(CATALOG):
        name, parts = _catalog(str(source).removeprefix(CATALOG), scheme, data_dir, skipped)
    else:
        name, parts = _files(Path(os.path.abspath(os.path.expanduser(source))), read, skipped)
    if "validation" not in parts:
        parts = measured(parts | _divided(name, parts["train"], validation, seed))
    return _finished(name, parts, skipped)


def _requests(source: str, seed: int) -> dict[str, list[Raw]]:
    parts = requests_parts(source, seed, _CALLER)
    return {part: [Raw(one.tokens, one.tags, ()) for one in each] for part, each in parts.items()}


def _files(place: Path, read: Callable[[Path], list[Raw]], skipped: list[Skipped]) -> tuple[str, dict[str, list[Raw]]]:
    if not place.exists():
        raise FileNotFoundError(
            f"{_CALLER}: expected 'requests', 'tfds:NAME', a column file or a directory of them. Received: "
            f"{printable(str(place))!r}, which does not exist. Check the path."
        )
    if not place.is_dir():
        return printable(place.stem), {"train": read(place)}
    files, others = files_of(place, None, _CALLER)
    skipped += others
    return printable(place.name), {part: read(file) for part, file in files.items()}


def _catalog(
    name: str, scheme: str, data_dir: str | os.PathLike | None, skipped: list[Skipped]
) -> tuple[str, dict[str, list[Raw]]]:
    tensorflow(_CALLER)
    builder = open_builder(name, data_dir, _CALLER)
    words, tags = _sequences(name, builder)
    prepare(name, builder, _CALLER)
    splits = splits_of(list(builder.info.splits))
    if "train" not in splits:
        found = ", ".join(builder.info.splits) or "none"
        raise ValueError(f"{_CALLER}: expected a split 'train'. Received: 'tfds:{name}', which has {found}.")
    parts = {}
    for part, split in splits.items():
        raw = _records(builder, split, words, tags)
        if raw:
            check_scheme(f"tfds:{name}/{split}", raw, scheme, _CALLER)
            parts[part] = raw
        else:
            skipped.append(Skipped(f"{split}/", "a split without labels"))
    skipped += [
        Skipped(f"{one}/", "a split that is not used") for one in builder.info.splits if one not in splits.values()
    ]
    return builder.info.full_name, parts


def _sequences(name: str, builder: Any) -> tuple[str, str]:
    """The names of the sequence of tokens and of the sequence of tags among the features."""
    tfds: Any = require("tensorflow_datasets", "data", _CALLER)
    inner = {
        key: value.feature for key, value in builder.info.features.items() if isinstance(value, tfds.features.Sequence)
    }
    words = [key for key, one in inner.items() if isinstance(one, tfds.features.Text)]
    tags = [
        key for key, one in inner.items() if isinstance(one, tfds.features.ClassLabel) and all(map(placed, one.names))
    ]
    word = words[0] if len(words) == 1 else next((key for key in _TOKENS if key in words), None)
    tag = tags[0] if len(tags) == 1 else next((key for key in _TAGS if key in tags), None)
    if word is None or tag is None:
        raise ValueError(
            f"{_CALLER}: expected a data set with a sequence of tokens and one of BIO labels for them. Received: "
            f"'tfds:{name}', which has {described(builder)}. One that is so is tfds:conll2003."
        )
    return word, tag


def _records(builder: Any, split: str, words: str, tags: str) -> list[Raw]:
    """The sentences of a split, without those that have no token; none at all where the labels are kept secret."""
    tfds: Any = require("tensorflow_datasets", "data", _CALLER)
    names = builder.info.features[tags].feature.names
    decoders = tfds.decode.PartialDecoding({words: True, tags: True})
    raw = []
    for number, record in enumerate(records(builder, split, decoders, _CALLER).as_numpy_iterator(), start=1):
        tokens = tuple(one.decode("utf-8", "replace") for one in record[words])
        if len(tokens) != len(record[tags]):
            raise ValueError(
                f"{_CALLER}: expected a label for each token. Received: {len(tokens)} tokens and {len(record[tags])} "
                f"labels in record {number} of the split {split!r} of {builder.info.full_name!r}."
            )
        if any(label < 0 for label in record[tags]):
            return []
        if tokens:
            raw.append(Raw(tokens, tuple(names[label] for label in record[tags]), (number,) * len(tokens)))
    return raw


def _divided(name: str, raw: list[Raw], share: float, seed: int) -> dict[str, list[Raw]]:
    if len(raw) < 2:
        raise ValueError(
            f"{_CALLER}: expected two sentences or more, to set one aside. Received: {name!r}, which has one. Blank "
            "lines end sentences."
        )
    train, validation = divided(raw, share, seed, _CALLER)
    return {"train": train, "validation": validation}


def _finished(name: str, parts: dict[str, list[Raw]], skipped: list[Skipped]) -> TaggedData:
    schemes = {part: scheme_of(one.tags for one in raw) for part, raw in parts.items()}
    odd = {part: sum(misplaced(one.tags, schemes[part]) is not None for one in raw) for part, raw in parts.items()}
    sentences = {part: tuple(Sentence(one.tokens, as_bio(one.tags)) for one in raw) for part, raw in parts.items()}
    types = types_of(one.tags for each in sentences.values() for one in each)
    counts = {}
    for part, each in sentences.items():
        begun = Counter(tag[2:] for one in each for tag in one.tags if tag.startswith("B-"))
        counts[part] = {kind: begun[kind] for kind in types}
    if not any(counts["train"].values()):
        raise ValueError(f"{_CALLER}: expected named entities to train on. Received: {name!r}, whose tags are all O.")
    return TaggedData(name, sentences, label_names(types), counts, schemes, odd, tuple(skipped))
