"""Refuses data that no compiled train step can take: of another length from image to image, or of no numbers."""

from typing import Any

import keras

from kerasaug.tensors import dtype_of, is_number


def refuse_ragged(data: Any, owner: str) -> None:
    """Raises on ragged tensors, or on a dataset that yields them.

    Args:
        data: Arrays in any structure, or a `tf.data.Dataset`.
        owner: Name of the model, for the message.

    Raises:
        ValueError: When there are any.
    """
    spec = getattr(data, "element_spec", data)
    ragged = [path for path, leaf in keras.tree.flatten_with_path(spec) if _is_ragged(leaf)]
    if ragged:
        where = "/".join(map(str, ragged[0]))
        raise ValueError(
            f"{owner} trains on dense tensors, whose shape its compiled step knows. Received: a ragged tensor at "
            f"{where!r}. Make boxes dense first: dataset.map(kerasaug.densify_boxes(max_boxes=100))."
        )


def refuse_no_numbers(x: Any, y: Any, owner: str, booleans: bool) -> None:
    """Raises on labels of strings or objects, or on a dataset that yields them; each backend would fail in its own way.

    Args:
        x: As in `fit`; a dataset brings its labels along.
        y: Arrays in any structure, or `None`.
        owner: Name of the model, for the message.
        booleans: Whether booleans will do: they cannot be mixed.

    Raises:
        TypeError: When there are any.
    """
    spec = getattr(x, "element_spec", None)
    labels = spec[1] if isinstance(spec, tuple) and len(spec) > 1 else y
    for path, leaf in keras.tree.flatten_with_path(labels):
        if not hasattr(leaf, "dtype") or is_number(leaf) or (booleans and dtype_of(leaf) == "bool"):
            continue
        where = "/".join(["y", *map(str, path)])
        raise TypeError(
            f"{owner} expects labels to be numbers. Received: dtype={dtype_of(leaf)}, in {where}. Encode them first."
        )


def _is_ragged(leaf: Any) -> bool:
    return hasattr(leaf, "row_splits") or hasattr(leaf, "row_splits_dtype")  # a tf.RaggedTensor, or its spec
