"""Refuses data whose number of boxes differs from image to image, which no compiled train step can take."""

from typing import Any

import keras


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


def _is_ragged(leaf: Any) -> bool:
    return hasattr(leaf, "row_splits") or hasattr(leaf, "row_splits_dtype")  # a tf.RaggedTensor, or its spec
