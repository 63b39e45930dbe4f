"""The family of displacements: one field a sample moves pixels, masks, boxes and keypoints together."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from kerasaug.arguments import as_number, as_value_range, one_of
from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor, ops, select_rows
from kerasaug.layers.image.checks import check_box_format, check_fill, check_masks
from kerasaug.layers.image.layout import channels_last, restore
from kerasaug.layers.image.targets import move_targets
from kerasaug.ops.computed import computed
from kerasaug.ops.displacement import coordinates, mirror, move_points
from kerasaug.ops.matrix import Size
from kerasaug.ops.resample import FILL_MODES, INTERPOLATIONS, read_at
from kerasaug.params import Params, chosen

_POINTS = 8  # on each edge of a box: twelve pixels apart on one of a hundred, over which a field is nearly straight


class Displace(Augmentation):
    """Base of ops that move every pixel by its own way; a subclass writes `draw_params` and `field`.

    Targets: images are resampled, masks resampled to the nearest pixel, boxes become the frames of their moved edges
    (clipped; what leaves the image becomes padding, label -1), keypoints move and may leave the image.

    Args:
        fill_mode: What lies beyond the frame: `"reflect"` (d c b a | a b c d | d c b a), `"mirror"` (d c b | a b c d |
            c b a), `"constant"`, `"wrap"` or `"nearest"`.
        interpolation: `"bilinear"` or `"nearest"`, for images; masks are always read at the nearest pixel.
        fill_value: The constant of `fill_mode="constant"`, in the images' units.
        mask_fill_value: The same for masks, such as the class to ignore.
        value_range: Lowest and highest pixel value; results are clipped to it.
        **kwargs: See `kerasaug.Augmentation`.
    """

    irreversible = True  # but for points, one by one

    def __init__(
        self,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        mask_fill_value: float = 0,
        value_range: Sequence[float] = (0, 255),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fill_mode = one_of(fill_mode, (*FILL_MODES, "mirror"), "fill_mode", type(self).__name__)
        self.interpolation = one_of(interpolation, INTERPOLATIONS, "interpolation", type(self).__name__)
        self.fill_value = as_number(fill_value, "fill_value", type(self).__name__)
        self.mask_fill_value = as_number(mask_fill_value, "mask_fill_value", type(self).__name__)
        self.value_range = as_value_range(value_range, type(self).__name__)

    @property
    def beyond(self) -> str:
        """What the reader finds beyond the frame."""
        return "nearest" if self.fill_mode == "mirror" else self.fill_mode

    def field(self, params: Params, size: Size) -> Tensor:
        """float32 (batch, 2, height, width): how far to the right and down of itself each pixel reads, in pixels."""
        raise NotImplementedError(f"{type(self).__name__} must implement `field(params, size)`.")

    def check(self, fields: dict[str, Any]) -> None:
        """Boxes need a format, and masks the images' size."""
        check_box_format(fields, self.bounding_box_format, self._label)
        check_masks(fields, self.data_format, self._label)
        if self.fill_mode == "constant":
            if self.interpolation == "nearest":
                check_fill(fields, "images", "fill_value", self.fill_value, self._label)
            check_fill(fields, "segmentation_masks", "mask_fill_value", self.mask_fill_value, self._label)

    @classmethod
    def fused(cls, layers: Sequence[Any], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """One resample, the same for every target."""
        (layer,), (one,) = layers, params
        images = channels_last(fields["images"], layer.data_format)
        batch, *size, _ = ops.shape(images)
        touched = ops.broadcast_to(ops.reshape(chosen(one, images), (-1,)), (batch,))
        field = computed(layer.field(one, tuple(size)) * ops.cast(touched, "float32")[:, None, None, None])
        x, y = coordinates(field)
        if layer.fill_mode == "mirror":
            x, y = mirror(x, size[1]), mirror(y, size[0])
        moved = read_at(images, x, y, layer.interpolation, layer.beyond, layer.fill_value)
        moved = restore(computed(ops.cast(moved, "float32")), layer.data_format)
        moved = ops.clip(moved, *layer.value_range)
        result = {**fields, "images": select_rows(touched, moved, ops.cast(fields["images"], "float32"))}
        if "segmentation_masks" in fields:
            result["segmentation_masks"] = layer._masks(fields["segmentation_masks"], x, y)
        move, here = partial(move_points, field=field), tuple(size)
        return {**result, **move_targets(fields, move, touched, here, here, layer.bounding_box_format, _POINTS)}

    def _masks(self, masks: Tensor, x: Tensor, y: Tensor) -> Tensor:
        flat = masks[..., None] if len(masks.shape) == 3 else channels_last(masks, self.data_format)
        moved = read_at(flat, x, y, "nearest", self.beyond, self.mask_fill_value)
        return moved[..., 0] if len(masks.shape) == 3 else restore(moved, self.data_format)
