"""Samples as a picture needs them: one at a time, in NumPy, in fixed units."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from kerasaug.augmentation import Augmentation
from kerasaug.boxes import PADDING, to_corners
from kerasaug.sample import unpack

_LEAST = 0.005  # of a label, from which it is named
_NOWHERE = np.zeros((0, 2))


@dataclass(frozen=True)
class View:
    """One sample.

    Attributes:
        image: uint8 (height, width, 3).
        label: What it is, in words; empty when it has no label.
        mask: Integers (height, width), 0 for background, or `None`.
        boxes: float (boxes, 4): left, top, right, bottom, in pixels.
        box_labels: int (boxes,).
        keypoints: float (points, 2): x, y, in pixels.
    """

    image: np.ndarray
    label: str
    mask: np.ndarray | None
    boxes: np.ndarray
    box_labels: np.ndarray
    keypoints: np.ndarray


def bare(view: View) -> View:
    """The image alone."""
    return replace(view, label="", mask=None, boxes=view.boxes[:0], box_labels=view.box_labels[:0], keypoints=_NOWHERE)


def views(
    data: Any,
    augmentation: Augmentation,
    value_range: Sequence[float] = (0, 255),
    class_names: Sequence[str] | None = None,
    count: int | None = None,
) -> list[View]:
    """The samples of a batch, the first `count` of them.

    Args:
        data: What `augmentation` takes or returns.
        augmentation: Whose keys, data format and box format the samples follow.
        value_range: The pixel values that are black and white.
        class_names: Names of the labels.
        count: How many; all when `None`.
    """
    fields = unpack(data, augmentation.keys, "show_augmentations").fields
    size = _spatial(fields["images"].shape, augmentation.data_format)
    if "bounding_boxes" in fields:
        if augmentation.bounding_box_format is None:
            raise ValueError(
                "show_augmentations expects a layer that knows the format of the boxes. Received: boxes, and a layer "
                'without bounding_box_format. Give it one, such as bounding_box_format="xyxy".'
            )
        fields["corners"] = to_corners(fields["bounding_boxes"], augmentation.bounding_box_format, size)
    arrays = keras.tree.map_structure(lambda value: np.asarray(keras.ops.convert_to_numpy(value)), fields)
    first = augmentation.data_format == "channels_first"
    rows = range(len(arrays["images"]) if count is None else min(count, len(arrays["images"])))
    return [_view(arrays, row, first, value_range, class_names) for row in rows]


def _view(
    arrays: dict[str, Any], row: int, first: bool, value_range: Sequence[float], class_names: Sequence[str] | None
) -> View:
    boxes, box_labels = np.zeros((0, 4)), np.zeros(0, int)
    if "corners" in arrays:
        labels = arrays["bounding_boxes"]["labels"][row]
        boxes, box_labels = arrays["corners"][row][labels != PADDING], labels[labels != PADDING].astype(int)
    points = arrays["keypoints"][row][:, :2].astype("float64") if "keypoints" in arrays else _NOWHERE
    return View(
        image=_pixels(arrays["images"][row], first, value_range),
        label=_label(arrays["labels"][row], class_names) if _is_plain(arrays.get("labels")) else "",
        mask=_mask(arrays["segmentation_masks"][row], first) if "segmentation_masks" in arrays else None,
        boxes=boxes.astype("float64"),
        box_labels=box_labels,
        keypoints=points,
    )


def _pixels(image: np.ndarray, first: bool, value_range: Sequence[float]) -> np.ndarray:
    """As uint8 with three channels; of more, the first three."""
    image = np.moveaxis(image, 0, -1) if first else image
    image = np.repeat(image[..., :1], 3, axis=-1) if image.shape[-1] < 3 else image[..., :3]
    low, high = value_range
    share = (image.astype("float32") - low) / (high - low)
    return np.rint(255 * np.clip(np.nan_to_num(share), 0, 1)).astype("uint8")


def _mask(mask: np.ndarray, first: bool) -> np.ndarray:
    if mask.ndim == 3:
        mask = mask[0] if first else mask[..., 0]
    return np.rint(mask).astype(int)


def _label(label: np.ndarray, class_names: Sequence[str] | None) -> str:
    """A class, a number, or the shares of the classes in a mixed label, the largest first."""
    if label.ndim == 0 or label.shape == (1,):
        value = label.reshape(()).item()
        return f"{value:.3g}" if isinstance(value, float) else _name(value, class_names)
    shares = label.astype("float64").ravel()
    order = [index for index in np.argsort(-shares, kind="stable")[:3] if shares[index] > _LEAST]
    if len(order) == 1 and shares[order[0]] > 1 - _LEAST:
        return _name(order[0], class_names)
    return " + ".join(f"{shares[index]:.2f} {_name(index, class_names)}" for index in order)


def _name(index: int, class_names: Sequence[str] | None) -> str:
    return str(class_names[index]) if class_names is not None and 0 <= index < len(class_names) else str(index)


def _is_plain(labels: Any) -> bool:
    """Whether there are labels of one head."""
    return isinstance(labels, np.ndarray) and labels.ndim <= 2


def _spatial(shape: tuple[int, ...], data_format: str) -> tuple[int, int]:
    height, width = shape[2:4] if data_format == "channels_first" else shape[1:3]
    return height, width
