"""Word embeddings into a new vocabulary."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasaug.transfer.embedding_report import EmbeddingTransfer
from kerasaug.transfer.vocabularies import PADDING, Found, candidates, words_of
from kerasaug.transfer.word_vectors import read_word_vectors

_UNKNOWN = ("mean", "random", "zeros", "keep")


def transfer_embeddings(
    source: Any,
    source_vocabulary: Any,
    target_vocabulary: Any,
    *,
    target: Any = None,
    unknown: str = "mean",
    special_tokens: Mapping[str, str] | None = None,
    match_case: bool = False,
    source_output: Any = None,
    target_output: Any = None,
    seed: int = 0,
    verbose: int = 1,
) -> EmbeddingTransfer:
    """Carries word embeddings over to another vocabulary, as ULMFiT and fastai do.

    A word that both vocabularies have keeps its row; a new one gets the mean of all rows, from which training takes it
    to its own. Layers that predict words move along, with their bias.

    Args:
        source: An `Embedding` layer, a matrix with a row for each word, or the path of a text file of word vectors
            (GloVe, word2vec, fastText; `.gz` too), of which only the lines of wanted words are kept.
        source_vocabulary: Its words: a list in the order of the rows, a dict from words to rows, or a layer with
            `get_vocabulary` (`TextVectorization`, `StringLookup`). `None` for a file.
        target_vocabulary: The words of the new model, likewise.
        target: An `Embedding` layer to fill, built or not. Rows beyond the vocabulary stay as they are. Defaults to
            none: the matrix is only returned.
        unknown: What new words get: `"mean"`, of all rows of a matrix and of the rows found in a file; `"random"`, a
            normal draw with the mean and deviation of each dimension there; `"zeros"`; or `"keep"`, what `target`
            has. A padding token that the source lacks gets zeros. Defaults to `"mean"`.
        special_tokens: A dict from tokens of the target to tokens of the source. The usual names of padding, unknown,
            beginning, end and mask (`"[UNK]"`, `"<unk>"`, `"xxunk"`) are known to be the same.
        match_case: Whether `"Paris"` and `"paris"` are different words; otherwise the other case is taken where a
            word is not there as it is written. Defaults to `False`.
        source_output: The `Dense` layer of the source that predicts words, or its bias alone where its kernel is the
            embedding transposed.
        target_output: The `Dense` layer to fill. Without `source_output` its kernel becomes the embedding transposed
            and its bias stays.
        seed: Of `unknown="random"`. Defaults to 0.
        verbose: Whether the report is printed. Defaults to 1.

    Returns:
        An `EmbeddingTransfer`: the matrix and what became of each word.

    Raises:
        ValueError: When no word is in both, or sizes do not fit.
        TypeError: When an argument is of another kind.
        FileNotFoundError: When there is no such file.

    Example:

    ```python
    import keras
    import numpy as np
    from kerasaug.transfer import transfer_embeddings

    old = {"<unk>": 0, "film": 1, "good": 2}
    vectors = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])
    words = keras.layers.Embedding(4, 2)
    report = transfer_embeddings(vectors, old, ["", "[UNK]", "Good", "plot"], target=words)
    assert report.new_words == ("plot",)
    assert report.matrix.tolist() == [[0, 0], [0, 0], [0, 3], [1, 1]]  # the last is the mean
    ```

    Reference:
        - [Howard and Ruder, 2018](https://arxiv.org/abs/1801.06146)
    """
    if unknown not in _UNKNOWN:
        raise ValueError(f"transfer_embeddings expects `unknown` to be one of {_UNKNOWN}. Received: {unknown!r}.")
    if unknown == "keep" and target is None:
        raise ValueError("transfer_embeddings expects a `target` with unknown='keep', whose rows new words keep.")
    words = words_of(target_vocabulary, "target_vocabulary")
    looked_for = [list(candidates(w, special_tokens or {}, match_case)) if w is not None else [] for w in words]
    matrix, known = _source(source, source_vocabulary, looked_for)
    found = [next((one for one in options if one.word in known), None) for options in looked_for]
    _check_overlap(found, words, known)
    rows = np.array([-1 if one is None else known[one.word] for one in found])
    padding = np.array([word in PADDING and row < 0 for word, row in zip(words, rows, strict=True)])
    filling = _Filling(rows, padding, unknown, seed)
    outputs = _outputs(source_output, matrix)
    result = EmbeddingTransfer(
        *_filled(filling, matrix, outputs, target, target_output),
        _rules(words, found, padding),
        "from the layer" if unknown == "keep" else unknown,
    )
    _assign(result, target, target_output)
    if verbose:
        result.print()
    return result


@dataclass(frozen=True, eq=False)
class _Filling:
    """From rows of the source to rows of the target; -1 stands for a word that the source does not have."""

    rows: np.ndarray
    padding: np.ndarray
    unknown: str
    seed: int

    def __call__(self, source: np.ndarray, current: np.ndarray | None, spread: bool = True) -> np.ndarray:
        source = source.astype("float32")
        count = len(self.rows)
        filled = np.empty((count, *source.shape[1:]), "float32")
        filled[:] = self._new(source, count, current, spread)
        filled[self.rows >= 0] = source[self.rows[self.rows >= 0]]
        filled[self.padding] = 0
        return filled if current is None else np.concatenate([filled, current[count:]])

    def _new(self, source: np.ndarray, count: int, current: np.ndarray | None, spread: bool) -> Any:
        if self.unknown == "keep" and current is not None:
            return current[:count]
        if self.unknown in ("zeros", "keep"):
            return 0.0
        mean = source.mean(0)
        if self.unknown == "mean" or not spread:  # a random bias would make some new words likelier than others
            return mean
        return np.random.default_rng(self.seed).normal(mean, source.std(0), (count, *source.shape[1:]))


def _source(source: Any, vocabulary: Any, looked_for: list[list[Found]]) -> tuple[np.ndarray, dict[str, int]]:
    """The matrix, and the row of each word."""
    if isinstance(source, str | os.PathLike):
        if vocabulary is not None:
            raise ValueError("transfer_embeddings expects source_vocabulary=None with a file, which has the words.")
        wanted = {one.word for options in looked_for for one in options}
        vectors = read_word_vectors(Path(source), wanted)
        known = {word: row for row, word in enumerate(vectors)}
        return np.stack(list(vectors.values())) if vectors else np.zeros((0, 0)), known
    matrix = _matrix(source)
    words = words_of(vocabulary, "source_vocabulary")
    if len(words) > len(matrix):
        raise ValueError(
            "transfer_embeddings expects a row of the source for each of its words. Received: "
            f"{len(matrix)} rows and {len(words)} words."
        )
    known = {word: row for row, word in reversed(list(enumerate(words))) if word is not None}  # the first counts
    return matrix, known


def _matrix(source: Any) -> np.ndarray:
    if isinstance(source, keras.Layer):
        if not source.built or not hasattr(source, "embeddings"):
            raise TypeError(
                f"transfer_embeddings expects a built Embedding layer. Received: {source.name!r}, which has no "
                "embeddings: pass the layer itself, not its model, and call it once."
            )
        source = source.embeddings
    matrix = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(source, "float32")))
    if matrix.ndim != 2:
        raise ValueError(f"transfer_embeddings expects a matrix, a row for each word. Received: shape {matrix.shape}.")
    return matrix


def _outputs(source_output: Any, matrix: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The kernel of the source's output layer, a row for each word, and its bias."""
    kernel = bias = None
    if isinstance(source_output, keras.Layer):
        kernel, *rest = (np.array(value) for value in source_output.get_weights())
        kernel, bias = kernel.T, rest[0] if rest else None
    elif source_output is not None:
        bias = np.asarray(source_output)
    for name, part in (("kernel", kernel), ("bias", bias)):
        if part is not None and len(part) != len(matrix):
            raise ValueError(
                f"transfer_embeddings expects `source_output` to predict the {len(matrix)} words of the source. "
                f"Received: a {name} for {len(part)}."
            )
    return kernel, bias


def _filled(
    filling: _Filling, matrix: np.ndarray, outputs: tuple[Any, Any], target: Any, target_output: Any
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    current = None if target is None else _current(target, len(filling.rows), matrix.shape[1])
    filled = filling(matrix, current)
    (kernel, bias), new_kernel = outputs, None
    old_kernel, old_bias = _current_output(target_output, len(filled))
    if kernel is not None:
        new_kernel = filling(kernel, old_kernel).T
    elif bias is not None or target_output is not None:
        new_kernel = filled.T
    return filled, new_kernel, None if bias is None else filling(bias, old_bias, spread=False)


def _current(target: Any, words: int, size: int) -> np.ndarray:
    if not isinstance(target, keras.Layer) or not hasattr(target, "input_dim"):
        raise TypeError(f"transfer_embeddings expects `target` to be an Embedding layer. Received: {target!r}.")
    if target.input_dim < words or target.output_dim != size:
        raise ValueError(
            f"transfer_embeddings expects a `target` of at least {words} rows and of {size} dimensions. Received: "
            f"{target.input_dim} rows and {target.output_dim} dimensions."
        )
    if not target.built:
        target.build((None,))
    if not hasattr(target.embeddings, "assign"):
        raise ValueError(
            f"transfer_embeddings expects a plain `target`. Received: {target.name!r}, with LoRA: fill it before."
        )
    return _matrix(target)


def _current_output(layer: Any, words: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    if layer is None:
        return None, None
    if not isinstance(layer, keras.layers.Dense) or not layer.built or layer.units != words:
        raise ValueError(
            f"transfer_embeddings expects `target_output` to be a built Dense layer of {words} units. Received: "
            f"{layer!r}."
        )
    kernel, *bias = (np.array(value) for value in layer.get_weights())
    return kernel.T, bias[0] if bias else None


def _assign(result: EmbeddingTransfer, target: Any, target_output: Any) -> None:
    if target_output is not None:
        kernel, *bias = target_output.get_weights()
        if kernel.shape != result.output_kernel.shape:  # type: ignore[union-attr]
            raise ValueError(
                f"transfer_embeddings expects `target_output` to take {len(result.output_kernel)} features. "  # type: ignore[arg-type]
                f"Received: one that takes {len(kernel)}."
            )
        if bias and result.output_bias is not None:
            bias = [result.output_bias]
        target_output.set_weights([result.output_kernel, *bias])
    if target is not None:
        target.embeddings.assign(result.matrix)


def _check_overlap(found: list[Found | None], words: list[str | None], known: dict[str, int]) -> None:
    if any(one is not None and one.rule != "special" for one in found):
        return
    examples = [word for word in words if word not in PADDING][:5]
    raise ValueError(
        "transfer_embeddings expects vocabularies that have words in common. Received: none of "
        f"{examples}{' … in ' + str(list(known)[:5]) + ' …' if known else ' … in the file'}."
    )


def _rules(words: list[str | None], found: list[Found | None], padding: np.ndarray) -> dict[str, str]:
    return {
        word: one.rule if one is not None else "padding" if pads else "new"
        for word, one, pads in zip(words, found, padding, strict=True)
        if word is not None
    }
