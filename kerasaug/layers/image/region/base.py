"""The family of ops that replace a region of each image."""

from collections.abc import Sequence
from typing import Any

from kerasaug import boxes
from kerasaug.arguments import as_number, as_value_range
from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor, ops
from kerasaug.layers.image.checks import check_box_format, check_fill, check_masks
from kerasaug.layers.image.layout import channel_axis, restore, size_of
from kerasaug.ops.matrix import Size
from kerasaug.ops.regions import covered
from kerasaug.params import Params, chosen


class Region(Augmentation):
    """Base of erasing ops; a subclass writes `draw_params`, `region` and `filling`.

    Targets: images; masks where `mask_fill_value` is given; boxes become padding (label -1) where `max_covered` is
    given and the region hides more of them than that; keypoints stay.

    Args:
        value_range: Lowest and highest pixel value, from which random fillings are drawn.
        mask_fill_value: What masks hold in the region; `None` leaves them as they are.
        max_covered: Fraction of a box, from 0 to 1, above which the region hides it; `None` keeps every box.
        **kwargs: See `kerasaug.Augmentation`.
    """

    in_place = joins = True

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        mask_fill_value: float | None = None,
        max_covered: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        self.value_range = as_value_range(value_range, name)
        self.mask_fill_value = self.max_covered = None
        if mask_fill_value is not None:
            self.mask_fill_value = as_number(mask_fill_value, "mask_fill_value", name)
        if max_covered is not None:
            self.max_covered = as_number(max_covered, "max_covered", name, 0.0, 1.0)

    def region(self, params: Params, size: Size) -> Tensor:
        """Boolean (batch, height, width): what to replace."""
        raise NotImplementedError(f"{type(self).__name__} must implement `region(params, size)`.")

    def filling(self, shape: tuple[Any, ...], params: Params) -> Tensor | float:
        """What to put there: a number, one for each channel, or (batch, *shape); `shape` is height, width, channels."""
        raise NotImplementedError(f"{type(self).__name__} must implement `filling(shape, params)`.")

    def fusion_key(self) -> Any:
        """Regions share a pass."""
        return (self.data_format, self.bounding_box_format)

    def check(self, fields: dict[str, Any]) -> None:
        """Hiding boxes needs to know where they are."""
        if self.max_covered is not None:
            check_box_format(fields, self.bounding_box_format, self._label)
        check_masks(fields, self.data_format, self._label)
        if self.mask_fill_value is not None:
            check_fill(fields, "segmentation_masks", "mask_fill_value", self.mask_fill_value, self._label)

    @classmethod
    def fused(cls, layers: Sequence[Any], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """One pass: region after region."""
        data_format = layers[0].data_format
        images = ops.cast(fields["images"], "float32")
        size = size_of(images, data_format)
        shape = (*size, ops.shape(images)[channel_axis(data_format)])
        for layer, one in zip(layers, params, strict=True):
            region = layer.region(one, size)
            region = region & chosen(one, region)
            filling = ops.cast(layer.filling(shape, one), "float32")
            images = _filled(images, region, filling, data_format)
            fields = {**fields, **layer._hide(fields, region, size)}
        return {**fields, "images": images}

    def _hide(self, fields: dict[str, Any], region: Tensor, size: Size) -> dict[str, Any]:
        hidden = {}
        if "segmentation_masks" in fields and self.mask_fill_value is not None:
            masks = fields["segmentation_masks"]
            where = region if len(masks.shape) == 3 else ops.expand_dims(region, channel_axis(self.data_format))
            hidden["segmentation_masks"] = ops.where(where, ops.full_like(masks, self.mask_fill_value), masks)
        if "bounding_boxes" in fields and self.max_covered is not None and self.bounding_box_format is not None:
            old = fields["bounding_boxes"]
            corners = boxes.to_corners(old, self.bounding_box_format, size)
            kept = covered(region, corners) <= self.max_covered
            hidden["bounding_boxes"] = boxes.drop(old, kept)
        return hidden


def _filled(images: Tensor, region: Tensor, filling: Tensor, data_format: str) -> Tensor:
    if len(filling.shape) == 1:
        filling = filling[None, None, None]
    if len(filling.shape) == 4:
        filling = restore(filling, data_format)
    return ops.where(ops.expand_dims(region, channel_axis(data_format)), filling, images)
