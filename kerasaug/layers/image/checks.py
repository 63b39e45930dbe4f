"""What every family asks of targets that it moves or hides."""

from typing import Any

import numpy as np

from kerasaug.tensors import dtype_of


def check_box_format(fields: dict[str, Any], box_format: str | None, layer: str) -> None:
    """Raises where there are boxes and nobody said in which format."""
    if "bounding_boxes" in fields and box_format is None:
        raise ValueError(
            f"{layer} expects a format where there are boxes. Received: bounding_boxes, and bounding_box_format=None. "
            "Pass bounding_box_format='xyxy', or whichever format they have."
        )


def check_fill(fields: dict[str, Any], kind: str, name: str, value: float, layer: str) -> None:
    """Raises where integer pixels cannot hold what fills them; a cast would wrap it."""
    dtype = dtype_of(fields[kind]) if kind in fields else "float32"
    if dtype.startswith("float") or dtype == "bfloat16":
        return
    low, high = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if value != int(value) or not low <= value <= high:
        raise ValueError(
            f"{layer} expects {name} to be a number that {kind} of dtype {dtype} can hold. Received: {name}={value!r}."
        )


def check_masks(fields: dict[str, Any], data_format: str, layer: str) -> None:
    """Raises where masks have another height or width than the images."""
    if "segmentation_masks" not in fields:
        return
    images, masks = fields["images"].shape, fields["segmentation_masks"].shape
    first = data_format == "channels_first"
    expected = tuple(images[-2:] if first else images[-3:-1])
    received = tuple(masks[1:3] if len(masks) == 3 or not first else masks[-2:])
    if None not in (*expected, *received) and expected != received:
        raise ValueError(
            f"{layer} expects segmentation_masks of the images' height and width, {expected}. Received: "
            f"{received}, from masks of shape {tuple(masks)} ({data_format})."
        )
