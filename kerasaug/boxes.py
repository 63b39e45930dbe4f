"""Bounding boxes as the layers take them: dense, padded, in any format Keras knows."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kerasaug.backend import Tensor, active, ops

PADDING = -1
FORMATS = (  # what `keras.utils.bounding_boxes.convert_format` knows
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)


def densify(bounding_boxes: Any, batched: bool, layer: str, max_boxes: int | None = None) -> dict[str, Tensor]:
    """Makes boxes dense: (batch, boxes, 4) and labels (batch, boxes), both padded with -1.

    Args:
        bounding_boxes: `{"boxes": …, "labels": …}`: tensors, ragged tensors, or lists of one array per image.
        batched: Whether there is a batch axis.
        layer: Name of the layer, for messages.
        max_boxes: How many boxes to pad or cut every image to; the most of any image in the batch when `None`.

    Returns:
        A new dict; other entries (scores) are made dense alike.
    """
    if not isinstance(bounding_boxes, Mapping) or not {"boxes", "labels"} <= set(bounding_boxes):
        received = sorted(bounding_boxes) if isinstance(bounding_boxes, Mapping) else type(bounding_boxes).__name__
        raise ValueError(
            f'{layer} expects bounding_boxes to be a dict {{"boxes": …, "labels": …}}. Received: {received}.'
        )
    dense = {name: _dense(value, max_boxes if batched else None) for name, value in bounding_boxes.items()}
    boxes, labels = dense["boxes"], dense["labels"]
    if boxes.shape[-1] != 4 or len(boxes.shape) != (3 if batched else 2):
        shape = "(batch, boxes, 4)" if batched else "(boxes, 4)"
        raise ValueError(f"{layer} expects boxes of shape {shape}. Received: shape={tuple(boxes.shape)}.")
    if len(labels.shape) != len(boxes.shape) - 1 or labels.shape[-1] != boxes.shape[-2]:
        raise ValueError(
            f"{layer} expects one label a box: labels of shape {tuple(boxes.shape[:-1])}. Received: "
            f"shape={tuple(labels.shape)}."
        )
    return dense


def _dense(value: Any, max_boxes: int | None) -> Tensor:
    if hasattr(value, "to_tensor") and hasattr(value, "row_splits"):  # tf.RaggedTensor
        limit = None if max_boxes is None else [None, max_boxes] + [4] * (len(value.shape) - 2)
        dense = value.to_tensor(PADDING, shape=limit)
        return dense if active() == "tensorflow" else ops.convert_to_tensor(dense.numpy())
    if isinstance(value, list | tuple) and value and hasattr(value[0], "__len__"):
        value = _stack([np.asarray(row) for row in value], max_boxes)
    if not hasattr(value, "dtype"):
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype == "float64":
        value = value.astype("float32")
    if isinstance(value, np.ndarray) and value.dtype == "int64" and active() != "tensorflow":
        value = value.astype("int32")
    value = ops.convert_to_tensor(value)
    return value if max_boxes is None else _resize(value, max_boxes)


def _stack(rows: list[np.ndarray], max_boxes: int | None) -> np.ndarray:
    count = max(len(row) for row in rows) if max_boxes is None else max_boxes
    inner = next((row.shape[1:] for row in rows if len(row)), rows[0].shape[1:])
    dtype = np.result_type(*[row.dtype for row in rows if len(row)] or [np.dtype("float32")])
    stacked = np.full((len(rows), count, *inner), PADDING, dtype)
    for i, row in enumerate(rows):
        if len(row):
            stacked[i, : len(row)] = row[:count]
    return stacked


def _resize(value: Tensor, max_boxes: int) -> Tensor:
    rest = tuple(value.shape[2:])
    padding = ops.full((ops.shape(value)[0], max_boxes, *rest), PADDING, dtype=value.dtype)
    rows = ops.concatenate([value, padding], axis=1)[:, :max_boxes]
    return ops.reshape(rows, (-1, max_boxes, *rest))  # which says how many there are, where `value` does not


def to_corners(bounding_boxes: dict[str, Tensor], source: str, size: tuple[Any, Any]) -> Tensor:
    """float32 boxes as (left, top, right, bottom) in pixels."""
    boxes = ops.cast(bounding_boxes["boxes"], "float32")
    return keras.utils.bounding_boxes.convert_format(boxes, source, "xyxy", height=size[0], width=size[1])


def from_corners(
    corners: Tensor,
    kept: Tensor,
    original: dict[str, Tensor],
    target: str,
    size: tuple[Any, Any],
    touched: Tensor | None = None,
) -> dict[str, Tensor]:
    """Boxes in the caller's format and dtypes; padding stays as it was, boxes that are not kept become padding.

    Args:
        corners: float32 (batch, boxes, 4), left, top, right, bottom in pixels.
        kept: Boolean (batch, boxes): which boxes are still there.
        original: The dict the boxes came from, of the same number of boxes.
        target: The format to return.
        size: Height and width of the image that the boxes now lie in.
        touched: Boolean (batch,): whose boxes to take from `corners`; the others' stay bit for bit. All when `None`.

    Returns:
        A new dict with the entries of `original`.
    """
    boxes = keras.utils.bounding_boxes.convert_format(corners, "xyxy", target, height=size[0], width=size[1])
    dtype = keras.backend.standardize_dtype(original["boxes"].dtype)
    boxes = ops.cast(ops.round(boxes) if dtype.startswith(("int", "uint")) else boxes, dtype)
    same = is_padding(original)
    if touched is not None:
        same = same | ops.logical_not(touched)[:, None]
    return drop({**original, "boxes": ops.where(same[..., None], original["boxes"], boxes)}, kept | same)


def drop(bounding_boxes: dict[str, Tensor], kept: Tensor) -> dict[str, Tensor]:
    """Turns the boxes that are not `kept` (batch, boxes) into padding."""
    boxes, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
    boxes = ops.where(kept[..., None], boxes, ops.full_like(boxes, PADDING))
    return {**bounding_boxes, "boxes": boxes, "labels": ops.where(kept, labels, ops.full_like(labels, PADDING))}


def is_padding(bounding_boxes: dict[str, Tensor]) -> Tensor:
    """Boolean (batch, boxes): which rows hold no box (label -1)."""
    return ops.cast(bounding_boxes["labels"], "float32") == PADDING
