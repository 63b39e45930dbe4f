"""Bounding boxes as the layers take them: dense, padded, in any format Keras knows."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kerasaug.backend import Tensor, active, ops
from kerasaug.tensors import as_array, differ, dtype_of, is_number, to_tensor

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
    check_structure(bounding_boxes, layer)
    _check_counts(bounding_boxes, layer)
    dense = {name: _dense(value, f"bounding_boxes[{name!r}]", layer) for name, value in bounding_boxes.items()}
    for name in dense if max_boxes is not None else ("boxes", "labels"):
        _refuse_unsigned(dense[name], f"bounding_boxes[{name!r}]", layer)
    shape = tuple(dense["boxes"].shape)
    if len(shape) != (3 if batched else 2) or shape[-1] != 4:
        expected = "(batch, boxes, 4)" if batched else "(boxes, 4)"
        raise ValueError(f"{layer} expects boxes of shape {expected}. Received: shape={shape}.")
    lead = len(shape) - 1
    for name, value in dense.items():
        received = tuple(value.shape)
        misfits = len(received) < lead or (name == "labels" and len(received) > lead)
        if misfits or any(map(differ, received, shape[:lead])):
            raise ValueError(
                f"{layer} expects one of {name} a box: {name} of shape {shape[:lead]}. Received: shape={received}."
            )
    if max_boxes is None or not batched:
        return dense
    return {name: _resize(value, max_boxes) for name, value in dense.items()}


def check_structure(bounding_boxes: Any, layer: str) -> None:
    """Raises on what is no dict of boxes and labels."""
    if not isinstance(bounding_boxes, Mapping) or not {"boxes", "labels"} <= set(bounding_boxes):
        received: Any = type(bounding_boxes).__name__
        if isinstance(bounding_boxes, Mapping):
            received = sorted(map(str, bounding_boxes))
        raise ValueError(
            f'{layer} expects bounding_boxes to be a dict {{"boxes": …, "labels": …}}. Received: {received}.'
        )


def _check_counts(bounding_boxes: Mapping[str, Any], layer: str) -> None:
    """Images have as many labels as boxes, one by one; after padding it would no longer show."""
    counts = {name: _counts(value) for name, value in bounding_boxes.items()}
    known = {name: count for name, count in counts.items() if count is not None}
    if len(set(map(tuple, known.values()))) > 1:
        raise ValueError(f"{layer} expects one label a box, image by image. Received: {known} of them.")


def _counts(value: Any) -> list[int] | None:
    """How many each image has, of lists and of ragged tensors whose values are known."""
    if isinstance(value, list | tuple) and value:
        lengths = [_length(row) for row in value]
        return None if None in lengths else lengths
    counted: Any = value.row_lengths() if hasattr(value, "row_lengths") else None
    return counted.numpy().tolist() if hasattr(counted, "numpy") else None


def _length(row: Any) -> Any:
    if hasattr(row, "shape"):
        return row.shape[0] if len(row.shape) else None
    return len(row) if hasattr(row, "__len__") else None


def _dense(value: Any, what: str, layer: str) -> Tensor:
    if hasattr(value, "to_tensor") and hasattr(value, "row_splits"):  # tf.RaggedTensor
        value = _from_ragged(value, what, layer)
        value = value if active() == "tensorflow" else value.numpy()
    elif isinstance(value, list | tuple) and value and hasattr(value[0], "__len__"):
        value = _stack(value, what, layer)
    if isinstance(value, np.ndarray) and value.dtype == "float64":
        value = value.astype("float32")
    if isinstance(value, np.ndarray) and value.dtype == "int64" and active() != "tensorflow":
        value = value.astype("int32")
    return to_tensor(value, what, layer)


def _from_ragged(value: Any, what: str, layer: str) -> Tensor:
    if not is_number(value):
        raise TypeError(f"{layer} expects {what} to be numbers. Received: a ragged tensor of dtype={dtype_of(value)}.")
    _refuse_unsigned(value, what, layer)
    inner = [4 if length is None else length for length in value.shape[2:]]
    return value.to_tensor(PADDING, shape=[None, None, *inner])


def _stack(rows: Sequence[Any], what: str, layer: str) -> np.ndarray:
    arrays = [as_array(row, what, layer) for row in rows]
    shapes = {array.shape[1:] for array in arrays if array.size}
    if any(array.ndim == 0 for array in arrays) or len(shapes) > 1:
        raise ValueError(
            f"{layer} expects {what} to be one array an image, alike but in length. Received: arrays of the shapes "
            f"{[array.shape for array in arrays]}."
        )
    count = max(len(array) for array in arrays)
    inner = next(iter(shapes), arrays[0].shape[1:])
    dtype = np.result_type(*[array.dtype for array in arrays if array.size] or [np.dtype("float32")])
    _refuse_unsigned(np.empty(0, dtype), what, layer)
    stacked = np.full((len(arrays), count, *inner), PADDING, dtype)
    for row, array in zip(stacked, arrays, strict=True):
        if array.size:
            row[: len(array)] = array
    return stacked


def _refuse_unsigned(value: Any, what: str, layer: str) -> None:
    """Padding would wrap: to class 255, in uint8."""
    if dtype_of(value).startswith("uint"):
        raise TypeError(
            f"{layer} pads with {PADDING}, and expects {what} of a signed dtype. Received: dtype={dtype_of(value)}. "
            "Cast to int32."
        )


def fit(bounding_boxes: dict[str, Tensor], count: int, fill_value: int = PADDING) -> dict[str, Tensor]:
    """Pads or cuts dense boxes to a number of them an image; padding goes before any box does.

    Args:
        bounding_boxes: Dense, with a batch axis.
        count: How many rows every entry will have.
        fill_value: Of the rows that are added.
    """
    rows = bounding_boxes["labels"].shape[1]
    if rows is None or rows > count:
        order = ops.argsort(ops.cast(is_padding(bounding_boxes), "int32") * 2**20 + _places(bounding_boxes), axis=1)
        bounding_boxes = {name: _ordered(value, order) for name, value in bounding_boxes.items()}
    return {name: _resize(value, count, fill_value) for name, value in bounding_boxes.items()}


def _places(bounding_boxes: dict[str, Tensor]) -> Tensor:
    return ops.arange(ops.shape(bounding_boxes["labels"])[1], dtype="int32")[None]


def _ordered(value: Tensor, order: Tensor) -> Tensor:
    return ops.take_along_axis(value, ops.reshape(order, (*ops.shape(order), *[1] * (len(value.shape) - 2))), axis=1)


def _resize(value: Tensor, count: int, fill_value: int = PADDING) -> Tensor:
    rest = tuple(value.shape[2:])
    padding = ops.full((ops.shape(value)[0], count, *rest), fill_value, dtype=value.dtype)
    rows = ops.concatenate([value, padding], axis=1)[:, :count]
    return ops.reshape(rows, (-1, count, *rest))  # which says how many there are, where `value` does not


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


def is_somewhere(corners: Tensor) -> Tensor:
    """Boolean (batch, boxes): which have no NaN and no infinity; compilers drop a NaN in a minimum, or keep it."""
    return ops.all(ops.isfinite(corners), axis=-1)


def is_padding(bounding_boxes: dict[str, Tensor]) -> Tensor:
    """Boolean (batch, boxes): which rows hold no box (label -1)."""
    return ops.cast(bounding_boxes["labels"], "float32") == PADDING
