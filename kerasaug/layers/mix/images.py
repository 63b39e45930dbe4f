"""The family of ops that mix each image with another from the same batch, and every target with it."""

from typing import Any

from kerasaug import boxes
from kerasaug.backend import Tensor, gather_rows, ops, select_rows
from kerasaug.layers.image.checks import check_box_format, check_masks
from kerasaug.layers.image.layout import channel_axis, size_of
from kerasaug.layers.mix.base import Mix
from kerasaug.ops.matrix import Size
from kerasaug.ops.regions import covered, rectangle
from kerasaug.params import Params


class ImageMix(Mix):
    """Base of ops that mix images; a subclass writes `draw_params` (with `"partner"`), `share` and possibly `patch`.

    Targets: images and labels are mixed, the labels by the share of the image that is really its own; sample weights
    likewise; masks take the class of whichever image is the stronger at a pixel; the partner's boxes are appended, so
    that there are twice as many rows. Keypoints cannot be mixed and raise.

    Args:
        num_classes: See `Mix`.
        **kwargs: See `kerasaug.Augmentation`.
    """

    def share(self, params: Params, size: Size) -> Tensor:
        """float32 (batch,): how much of the result is the sample's own."""
        raise NotImplementedError(f"{type(self).__name__} must implement `share(params, size)`.")

    def patch(self, params: Params, size: Size) -> Tensor | None:
        """float32 (batch, 4): the box that comes from the partner, in whole pixels; `None` to blend everywhere."""
        return None

    def check(self, fields: dict[str, Any]) -> None:
        """Neither labels nor masks nor boxes that cannot be mixed, and no keypoints."""
        super().check(fields)
        if "keypoints" in fields:
            raise ValueError(
                f"{self._label} cannot mix keypoints, and expects none. Received: keypoints of shape "
                f"{tuple(fields['keypoints'].shape)}. Leave them, or the layer, out."
            )
        check_box_format(fields, self.bounding_box_format, self._label)
        check_masks(fields, self.data_format, self._label)

    def mixed(self, fields: dict[str, Any], own: Tensor, params: Params) -> dict[str, Any]:
        """Images, labels, weights, masks and boxes."""
        images = ops.cast(fields["images"], "float32")
        size = size_of(images, self.data_format)
        partner, box = params["partner"], self.patch(params, size)
        share = ops.where(own, self.share(params, size), 1.0)
        others = gather_rows(images, partner)
        if box is None:
            pasted = (share < 0.5)[:, None, None]
            weight = share[:, None, None, None]
            mixed = weight * images + (1.0 - weight) * others
        else:
            pasted = rectangle(box, size) & own[:, None, None]
            mixed = ops.where(ops.expand_dims(pasted, channel_axis(self.data_format)), others, images)
        result = {**fields, "images": select_rows(own, mixed, images), **self.mixed_labels(fields, partner, share)}
        if "segmentation_masks" in fields:
            result["segmentation_masks"] = self._pick(fields["segmentation_masks"], partner, pasted)
        if "bounding_boxes" in fields:
            result["bounding_boxes"] = self._append(fields["bounding_boxes"], partner, share, box, size)
        return result

    def _pick(self, masks: Tensor, partner: Tensor, pasted: Tensor) -> Tensor:
        """The partner's masks where `pasted`, boolean (batch, height or 1, width or 1)."""
        if len(masks.shape) == 4:
            pasted = ops.expand_dims(pasted, channel_axis(self.data_format))
        return ops.where(pasted, gather_rows(masks, partner), masks)

    def _append(
        self, own: dict[str, Tensor], partner: Tensor, share: Tensor, box: Tensor | None, size: Size
    ) -> dict[str, Tensor]:
        other = {name: gather_rows(value, partner) for name, value in own.items()}
        stranger = partner != ops.arange(ops.shape(partner)[0], dtype="int32")  # no box twice
        mixed = ((share < 1.0) & stranger)[:, None]
        if box is None:
            other = boxes.drop(other, ops.broadcast_to(mixed, ops.shape(other["labels"])))
        else:
            source = str(self.bounding_box_format)
            hidden = covered(rectangle(box, size), boxes.to_corners(own, source, size)) >= 1.0
            own = boxes.drop(own, ops.logical_not(mixed & hidden))
            corners = boxes.to_corners(other, source, size)
            low = ops.maximum(corners[..., :2], box[:, None, :2])
            high = ops.minimum(corners[..., 2:], box[:, None, 2:])
            kept = ops.all(high > low, axis=-1) & boxes.is_somewhere(corners) & mixed
            other = boxes.from_corners(ops.concatenate([low, high], axis=-1), kept, other, source, size)
        return {name: ops.concatenate([own[name], other[name]], axis=1) for name in own}
