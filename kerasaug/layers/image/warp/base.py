"""The family of geometric ops: one matrix a sample moves pixels, masks, boxes and keypoints together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any

from kerasaug.arguments import as_number, one_of
from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor, is_interpreted, on_tpu, ops, select_rows
from kerasaug.layers.image.checks import check_box_format, check_fill, check_masks
from kerasaug.layers.image.layout import channels_last, restore, size_of
from kerasaug.layers.image.targets import move_targets
from kerasaug.ops import matrix as matrices
from kerasaug.ops.axes import resample_axes
from kerasaug.ops.matrix import Size
from kerasaug.ops.resample import FILL_MODES, INTERPOLATIONS, resample
from kerasaug.params import Params, chosen
from kerasaug.stages import ANY


class Warp(Augmentation):
    """Base of geometric ops; a subclass writes `draw_params` and `matrix`.

    Targets: images are resampled, masks resampled to the nearest pixel, boxes become the frames of their moved corners
    (clipped; what leaves the image becomes padding, label -1), keypoints move and may leave the image.

    Args:
        fill_mode: What lies beyond the frame: `"reflect"`, `"constant"`, `"wrap"` or `"nearest"`.
        interpolation: `"bilinear"` or `"nearest"`, for images; masks are always read at the nearest pixel.
        fill_value: The constant of `fill_mode="constant"`, in the images' units.
        mask_fill_value: The same for masks, such as the class to ignore.
        **kwargs: See `kerasaug.Augmentation`.
    """

    def __init__(
        self,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        mask_fill_value: float = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fill_mode = one_of(fill_mode, FILL_MODES, "fill_mode", type(self).__name__)
        self.interpolation = one_of(interpolation, INTERPOLATIONS, "interpolation", type(self).__name__)
        self.fill_value = as_number(fill_value, "fill_value", type(self).__name__)
        self.mask_fill_value = as_number(mask_fill_value, "mask_fill_value", type(self).__name__)

    geometric = True
    leaves_frame = True
    projective = False  # whether the last row of its matrix is more than (0, 0, 1)
    axis_aligned = False  # whether its matrix only scales, flips and shifts
    always_moves = False  # whether samples that are not chosen move too: those of a crop do
    moves_planes = False  # whether TensorFlow's kernels are faster at images of one channel than transpositions are

    def matrix(self, params: Params, size: Size) -> Tensor:
        """float32 (batch, 3, 3), output to input, on coordinates centred in either image."""
        raise NotImplementedError(f"{type(self).__name__} must implement `matrix(params, size)`.")

    def exact(self, images: Tensor, params: Params) -> Tensor | None:
        """The same by moving whole pixels, where an op can: any dtype, channels last. `None` where it cannot."""
        return None

    def alone(self, pixels: Tensor, params: Params, interpolation: str, fill_value: float) -> Tensor | None:
        """What becomes of images or masks where no other warp shares the pass; `None` for the resample."""
        return self.exact(pixels, params)

    @property
    def beyond(self) -> str:
        """What lies beyond the frame."""
        return self.fill_mode

    def fusion_key(self) -> Any:
        """Warps share a resample where they agree on what lies beyond the frame; a flip never looks there."""
        fill = (self.beyond, self.interpolation, self.fill_value, self.mask_fill_value)
        return (*fill, self.data_format, self.bounding_box_format) if self.leaves_frame else ANY

    def check(self, fields: dict[str, Any]) -> None:
        """Boxes need a format, and masks the images' size."""
        check_box_format(fields, self.bounding_box_format, self._label)
        check_masks(fields, self.data_format, self._label)
        if self.beyond == "constant" and self.leaves_frame:
            if self.interpolation == "nearest":
                check_fill(fields, "images", "fill_value", self.fill_value, self._label)
            check_fill(fields, "segmentation_masks", "mask_fill_value", self.mask_fill_value, self._label)

    @classmethod
    def fused(cls, layers: Sequence[Any], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """One resample for all, by the product of their matrices."""
        move = _Move.of(layers, params, size_of(fields["images"], layers[0].data_format))
        return {**fields, **move.targets(fields)}

    @classmethod
    def inverted(
        cls, layers: Sequence[Any], fields: dict[str, Any], params: list[Params], size: Size | None
    ) -> dict[str, Any]:
        """One resample by the inverse of the product."""
        here = size_of(fields["images"], layers[0].data_format)
        move = _Move.of(layers, params, size or here)
        return {**fields, **move.inverse().targets(fields)}


@dataclass
class _Move:
    """Where the pixels of a batch go: from a matrix, what to do to each kind of target.

    Attributes:
        lead: The layer that says what lies beyond the frame.
        matrix: float32 (batch, 3, 3), output to input.
        source: Height and width of the input.
        size: Height and width of the output.
        touched: Boolean (batch,), or (1,) for all: which samples move at all.
        rests: Whether there may be others, which then come back bit for bit.
        projective: Whether any matrix is more than affine.
        axis_aligned: Whether all only scale, flip and shift.
        planes: How many images in a row move alike.
        alone: The layer and its parameters, where it has the pass for itself.
    """

    lead: Any
    matrix: Tensor
    source: Size
    size: Size
    touched: Tensor
    rests: bool = False
    projective: bool = False
    axis_aligned: bool = False
    planes: int = 1
    alone: tuple[Any, Params] | None = None

    @classmethod
    def of(cls, layers: Sequence[Any], params: list[Params], source: Size) -> "_Move":
        size, steps = source, []
        for layer, one in zip(layers, params, strict=True):
            steps.append(layer.matrix(one, size))
            size = layer.output_size(size)
        matrix = reduce(matrices.compose, steps)
        given = [{} if layer.always_moves else one for layer, one in zip(layers, params, strict=True)]
        touched = reduce(ops.logical_or, [chosen(one, matrix[:, 0, 0]) for one in given])
        rests = all("chosen" in one for one in given)
        lead = next((layer for layer in layers if layer.leaves_frame), layers[0])
        projective = any(layer.projective for layer in layers)
        axis_aligned = all(layer.axis_aligned for layer in layers)
        alone = (layers[0], params[0]) if len(layers) == 1 else None
        return cls(lead, matrix, source, size, touched, rests, projective, axis_aligned, alone=alone)

    def inverse(self) -> "_Move":
        kind = (self.touched, self.rests, self.projective, self.axis_aligned)
        return _Move(self.lead, matrices.invert(self.matrix), self.size, self.source, *kind)

    def targets(self, fields: dict[str, Any]) -> dict[str, Any]:
        lead = self.lead
        moved = {"images": self.pixels(fields["images"], lead.interpolation, lead.fill_value)}
        if "segmentation_masks" in fields:
            moved["segmentation_masks"] = self.pixels(fields["segmentation_masks"], "nearest", lead.mask_fill_value)
        if "bounding_boxes" in fields or "keypoints" in fields:
            move = partial(_move_points, forward=matrices.invert(self.matrix), source=self.source, size=self.size)
            moved |= move_targets(fields, move, self.touched, self.source, self.size, lead.bounding_box_format)
        return moved

    def pixels(self, values: Tensor, interpolation: str, fill_value: float) -> Tensor:
        """Images, or masks with channels or without, in the caller's layout."""
        how = (interpolation, fill_value)
        if len(values.shape) == 3:
            return self._read(values[..., None], *how)[..., 0]
        if self.lead.data_format == "channels_last":
            return self._read(values, *how)
        count = values.shape[1]
        if count is None or (is_interpreted() and not self.lead.moves_planes):
            return restore(self._read(channels_last(values, "channels_first"), *how), "channels_first")
        # Each channel is an image: 41 ms for 64x3x224x224, where XLA on CPUs takes 72 to transpose and resample.
        planes = ops.reshape(values, (-1, *self.source, 1))
        return ops.reshape(self._each(ops.shape(values)[0], count)._read(planes, *how), (-1, count, *self.size))

    def _each(self, batch: int | Tensor, count: int) -> "_Move":
        """The same for so many images in each sample's place."""
        alone = self.alone and (self.alone[0], {name: _repeat(value, count) for name, value in self.alone[1].items()})
        matrix = ops.broadcast_to(self.matrix, (batch, 3, 3))  # there may be one for all
        touched = _repeat(self.touched, count)
        return replace(self, matrix=_repeat(matrix, count), touched=touched, planes=count, alone=alone)

    def _read(self, values: Tensor, interpolation: str, fill_value: float) -> Tensor:
        """Of images whose channels are last."""
        if self.alone is not None:
            layer, params = self.alone
            moved = layer.alone(values, params, interpolation, fill_value)
            if moved is not None:
                return moved
        how = (values, self.matrix, self.size, interpolation, self.lead.beyond, fill_value)
        if self.axis_aligned:
            return on_tpu(lambda: self._resting(values, resample_axes(*how)), lambda: self._reading(values, how))
        return self._reading(values, how)

    def _reading(self, values: Tensor, how: tuple[Any, Any, Any, Any, Any, Any]) -> Tensor:
        moved = resample(*how, self.projective, self.planes)
        return self._resting(values, moved) if is_interpreted() else moved

    def _resting(self, values: Tensor, moved: Tensor) -> Tensor:
        """What stays where it is, as it was: products, and TensorFlow's kernel, make NaN of 0 times a neighbour's NaN.

        XLA's reads do not, and a select of their results would take half as long as they do: 44 ms for 28.
        """
        return select_rows(self.touched, moved, ops.cast(values, moved.dtype)) if self.rests else moved


def _repeat(value: Any, count: int) -> Any:
    """Each row so many times; what is no tensor as it is."""
    return ops.repeat(value, count, axis=0) if hasattr(value, "shape") else value


def _move_points(points: Tensor, forward: Tensor, source: Size, size: Size) -> Tensor:
    """Moves (x, y), indices of pixels, of which (W - 1) / 2 is the middle one."""
    before, after = ((ops.cast(ops.stack([width, height]), "float32") - 1.0) / 2.0 for height, width in (source, size))
    return matrices.transform(forward, points - before) + after
