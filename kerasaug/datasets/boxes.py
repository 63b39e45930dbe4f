"""`densify_boxes`: ragged bounding boxes made dense, for a compiled train step."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any

import keras
import numpy as np

from kerasaug.arguments import as_integer
from kerasaug.backend import active, dataset_scope, in_foreign_graph
from kerasaug.boxes import PADDING, check_structure, densify
from kerasaug.tensors import as_array, to_tensor

_NAME = "densify_boxes"


def densify_boxes(max_boxes: int, keys: Mapping[str, str] | None = None) -> Callable[..., Any]:
    """Makes a function that gives every image the same number of boxes, padded with -1.

    A compiled train step knows the shapes of its tensors, so boxes must be dense before it. Map the function over a
    dataset, or call it on samples and batches, on every backend.

    Args:
        max_boxes: Boxes an image, a positive integer. Images with fewer are padded with rows of -1, boxes and labels
            alike; of images with more, the last boxes are cut off.
        keys: `{"bounding_boxes": name}`, where the boxes have another key in the dict; `"y"` (or `"x"`) stands for a
            `y` that is itself the dict of boxes.

    Returns:
        A function of a sample dict, of `(x, y)` or of `(x, y, sample_weight)`, given as one tuple or as several
        arguments, that returns the same with dense boxes. Boxes are looked for in `y`, then in `x`.

    Input shape:
        `{"boxes": …, "labels": …}` of (batch, any number, 4) and (batch, any number), or without the batch: ragged
        tensors, lists of one array an image, or dense tensors. Other entries, such as scores, are treated alike.

    Output shape:
        (batch, max_boxes, 4) and (batch, max_boxes), or without the batch.

    Raises:
        ValueError: When `max_boxes` is no positive integer, or there are no boxes.

    Example:

    ```python
    boxes = [[[0.0, 0.0, 8.0, 8.0]], [[2.0, 2.0, 4.0, 4.0], [1.0, 1.0, 3.0, 3.0]]]
    batch = {"images": np.zeros((2, 8, 8, 3)), "bounding_boxes": {"boxes": boxes, "labels": [[1], [0, 2]]}}
    dense = kerasaug.densify_boxes(max_boxes=3)(batch)
    dense["bounding_boxes"]["boxes"].shape  # (2, 3, 4); likewise dataset.map(kerasaug.densify_boxes(3))
    ```
    """
    max_boxes = as_integer(max_boxes, "max_boxes", _NAME, low=1)
    keys = {} if keys is None else keys
    if not isinstance(keys, Mapping) or set(keys) - {"bounding_boxes"} or not _are_texts(keys.values()):
        raise ValueError(f"{_NAME} expects keys to be {{'bounding_boxes': name}}. Received: keys={keys!r}.")
    name = keys.get("bounding_boxes", "bounding_boxes")

    def densified(*batch: Any) -> Any:
        parts = batch[0] if len(batch) == 1 else batch
        with dataset_scope() if in_foreign_graph() else nullcontext():
            return _densified(parts, name, max_boxes)

    return densified


def _densified(batch: Any, name: str, max_boxes: int) -> Any:
    if isinstance(batch, Mapping) and name in batch:
        return {**batch, name: _dense(batch[name], max_boxes)}
    if isinstance(batch, Mapping) and name == "x":
        return _dense(batch, max_boxes)
    if not isinstance(batch, list | tuple):
        raise _missing(name, [batch])
    parts = list(batch)
    for i in (1, 0):
        if i < len(parts) and isinstance(parts[i], Mapping) and (name in parts[i] or name == "xy"[i]):
            parts[i] = _densified(parts[i], name if name in parts[i] else "x", max_boxes)
            return tuple(parts)
    raise _missing(name, parts)


def _missing(name: str, parts: list[Any]) -> ValueError:
    received = [sorted(map(str, one)) if isinstance(one, Mapping) else type(one).__name__ for one in parts]
    return ValueError(
        f"{_NAME} expects bounding boxes under the key {name!r}. Received: {', '.join(map(str, received))}. Say where "
        "they are: keys={'bounding_boxes': ...}."
    )


def _dense(bounding_boxes: Any, max_boxes: int) -> dict[str, Any]:
    check_structure(bounding_boxes, _NAME)
    batched = _is_batched(bounding_boxes["boxes"])
    rows = dict(bounding_boxes) if batched else {key: _batch_of_one(one, key) for key, one in bounding_boxes.items()}
    if active() != "tensorflow":
        rows = {key: one.to_tensor(PADDING).numpy() if hasattr(one, "row_splits") else one for key, one in rows.items()}
    if isinstance(rows["boxes"], list | tuple):
        rows["boxes"] = [np.zeros((0, 4), "float32") if _is_empty(row) else row for row in rows["boxes"]]
    dense = densify(rows, True, _NAME, max_boxes)
    return dense if batched else keras.tree.map_structure(lambda value: value[0], dense)


def _is_batched(boxes: Any) -> bool:
    if not hasattr(boxes, "shape"):
        rows = [as_array(row, "boxes", _NAME) for row in boxes] if isinstance(boxes, list | tuple) else []
        return bool(rows) and all(len(row.shape) == 2 or _is_empty(row) for row in rows)
    return getattr(boxes.shape, "rank", np.size(boxes.shape)) == 3  # a rank that is unknown is refused later


def _is_empty(row: Any) -> bool:
    return np.shape(row)[:1] == (0,)


def _batch_of_one(value: Any, name: str) -> Any:
    return to_tensor(value, f"bounding_boxes[{name!r}]", _NAME)[None]


def _are_texts(values: Iterable[Any]) -> bool:
    return all(isinstance(one, str) for one in values)
