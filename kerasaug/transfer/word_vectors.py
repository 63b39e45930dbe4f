"""Word vectors from a text file: GloVe, word2vec and fastText."""

import gzip
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np


def read_word_vectors(path: Path, wanted: Collection[str]) -> dict[str, np.ndarray]:
    """Reads the vectors of some words, line by line, so that files larger than memory will do.

    Args:
        path: A text file, `.gz` or not, with a word and its numbers on each line, between spaces or tabs, with or
            without a first line that tells the number of words and of numbers.
        wanted: The words to keep.

    Returns:
        The vectors of those words that are there; of a word that is there twice, the first.

    Raises:
        FileNotFoundError: When there is no such file.
        ValueError: When the file is of another kind.
    """
    if not path.is_file():
        raise FileNotFoundError(f"transfer_embeddings: there is no file at {path.resolve()}.")
    if path.suffix in (".bin", ".zip", ".magnitude"):
        raise ValueError(
            f"transfer_embeddings expects word vectors as text. Received: {path}. Unpack it, or save it as text (with "
            "gensim, save_word2vec_format(path, binary=False))."
        )
    found: dict[str, np.ndarray] = {}
    size = None
    for number, line in enumerate(_lines(path), start=1):
        fields = line.split(" ")
        if number == 1 and len(fields) == 2 and all(field.isdigit() for field in fields):
            size = int(fields[1])
            continue
        size = len(fields) - 1 if size is None else size
        if fields[0] in wanted and fields[0] not in found:
            word, vector = _parsed(line, size, path, number)
            if word == fields[0]:  # GloVe has words with spaces
                found[word] = vector
    return found


def _lines(path: Path) -> Iterator[str]:
    # A carriage return, which Python takes for the end of a line too, occurs in words.
    kind = gzip.open if path.suffix == ".gz" else open
    with kind(path, "rt", encoding="utf-8", errors="replace", newline="\n") as file:
        for line in file:
            yield line.replace("\t", " ").rstrip("\r\n ")


def _parsed(line: str, size: int, path: Path, number: int) -> tuple[str, np.ndarray]:
    word, *values = line.rsplit(" ", size) if size else [line]
    try:
        if not size or len(values) != size:
            raise ValueError
        return word, np.array(values, "float32")
    except ValueError:
        raise ValueError(
            f"transfer_embeddings expects a word and {size or 'some'} numbers on each line. Received: line {number} of "
            f"{path}, {line[:60]!r}."
        ) from None
