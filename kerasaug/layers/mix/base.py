"""The family of ops that mix each sample with a partner from the same batch, labels and all."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras

from kerasaug import boxes
from kerasaug.arguments import as_integer, as_number
from kerasaug.augmentation import Augmentation
from kerasaug.backend import LiveScalar, Tensor, gather_rows, ops, select_rows
from kerasaug.draw import Rng
from kerasaug.layers.image.checks import check_box_format, check_masks
from kerasaug.layers.image.layout import channel_axis, size_of
from kerasaug.ops.matrix import Size
from kerasaug.ops.regions import covered, rectangle
from kerasaug.params import Params, chosen
from kerasaug.tensors import dtype_of

LEAST = 1e-6  # of a beta distribution's parameter: far below it, the table of its quantiles underflows


class Mix(Augmentation):
    """Base of mixing ops; a subclass writes `draw_params` (with `"partner"`), `share` and, for patches, `patch`.

    Targets: images and labels are mixed, the labels by the share of the image that is really its own; sample weights
    likewise; masks take the class of whichever image is the stronger at a pixel; the partner's boxes are appended, so
    that there are twice as many rows. Keypoints cannot be mixed and raise.

    Args:
        num_classes: Number of classes, for integer labels: they are encoded one-hot, in training and out of it, and one
            outside of 0 … num_classes - 1 becomes a row of zeros. One-hot (or soft) labels need none, and neither do
            floats and booleans, which are mixed as they are. Heads of different numbers of classes need one-hot labels.
        **kwargs: See `kerasaug.Augmentation`.
    """

    needs_batch = True

    def __init__(self, num_classes: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        self.num_classes = None if num_classes is None else as_integer(num_classes, "num_classes", name, low=1)
        self._mix_probability = LiveScalar(1.0, "mix_probability")

    @property
    def mix_probability(self) -> Any:
        """A live factor on `p`, from 0 (nothing is mixed) to 1; assign a float to change it while training.

        A dataset that maps the layer under JAX or torch has it as it was when the map was made.
        """
        return self._mix_probability.state

    @mix_probability.setter
    def mix_probability(self, value: float) -> None:
        self._mix_probability.state.assign(as_number(value, "mix_probability", self._label, 0.0, 1.0))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, and the live probability where it has been changed."""
        now = float(keras.ops.convert_to_numpy(self.mix_probability))
        return super().get_config() | ({} if now == 1.0 else {"mix_probability": now})

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Builds the layer, and sets the live probability."""
        config = dict(config)
        now = config.pop("mix_probability", 1.0)
        layer = cls(**config)
        layer.mix_probability = now
        return layer

    def strengths(self) -> Params:
        """The live strength and the live probability."""
        return {**super().strengths(), "probability": self._live(self.mix_probability)}

    def draw_from(self, rng: Rng, strengths: Params) -> Params:
        """Draws, and leaves out by chance who is not to be mixed after all."""
        params = self.draw_params(rng)
        rng.restrict(rng.unit() < strengths["probability"])
        return {"chosen": rng.chosen, **params}

    def share(self, params: Params, size: Size) -> Tensor:
        """float32 (batch,): how much of the result is the sample's own."""
        raise NotImplementedError(f"{type(self).__name__} must implement `share(params, size)`.")

    def patch(self, params: Params, size: Size) -> Tensor | None:
        """float32 (batch, 4): the box that comes from the partner, in whole pixels; `None` to blend everywhere."""
        return None

    def check(self, fields: dict[str, Any]) -> None:
        """Labels must be such that mixing them means something."""
        for labels in keras.tree.flatten(fields.get("labels", [])):
            if self.num_classes is None and _is_sparse(labels):
                raise ValueError(
                    f"{self._label} mixes labels and expects them one-hot. Received: integers of shape "
                    f"{tuple(labels.shape)}. Pass num_classes=…, so that it can encode them, or one-hot labels."
                )
        if "keypoints" in fields:
            raise ValueError(
                f"{self._label} cannot mix keypoints, and expects none. Received: keypoints of shape "
                f"{tuple(fields['keypoints'].shape)}. Leave them, or the layer, out."
            )
        check_box_format(fields, self.bounding_box_format, self._label)
        check_masks(fields, self.data_format, self._label)

    def encode(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Integer labels one-hot, where `num_classes` is given; float32, as mixing makes of whole numbers."""
        each = {"labels": self._encode, "sample_weight": _as_float}
        return {
            **fields,
            **{kind: keras.tree.map_structure(each[kind], fields[kind]) for kind in each if kind in fields},
        }

    @classmethod
    def fused(cls, layers: Sequence[Any], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """One pass; a mix never shares it, since the next one needs whole partners."""
        return layers[0]._mix(fields, params[0])

    def _mix(self, fields: dict[str, Any], params: Params) -> dict[str, Any]:
        images = ops.cast(fields["images"], "float32")
        size = size_of(images, self.data_format)
        partner, box = params["partner"], self.patch(params, size)
        own = ops.broadcast_to(chosen(params, partner), ops.shape(partner))
        share = ops.where(own, self.share(params, size), 1.0)
        others = gather_rows(images, partner)
        if box is None:
            pasted = (share < 0.5)[:, None, None]
            weight = share[:, None, None, None]
            mixed = weight * images + (1.0 - weight) * others
        else:
            pasted = rectangle(box, size) & own[:, None, None]
            mixed = ops.where(ops.expand_dims(pasted, channel_axis(self.data_format)), others, images)
        result = {**fields, "images": select_rows(own, mixed, images)}
        for kind in {"labels", "sample_weight"} & set(fields):
            blend = partial(_blend, partner=partner, share=share)
            result[kind] = keras.tree.map_structure(blend, self.encode(fields)[kind])
        if "segmentation_masks" in fields:
            result["segmentation_masks"] = self._pick(fields["segmentation_masks"], partner, pasted)
        if "bounding_boxes" in fields:
            result["bounding_boxes"] = self._append(fields["bounding_boxes"], partner, share, box, size)
        return result

    def _encode(self, labels: Tensor) -> Tensor:
        if _is_sparse(labels) and self.num_classes is not None:
            flat = labels[:, 0] if len(labels.shape) == 2 else labels
            wide = dtype_of(flat) in ("int64", "uint64")  # a cast to int32 would give class 2**32 the number 0
            return ops.cast(ops.one_hot(ops.cast(flat, "int64" if wide else "int32"), self.num_classes), "float32")
        return labels if _is_sparse(labels) else _as_float(labels)

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

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        fields = super()._spec(fields)
        each = {"labels": self._label_spec, "sample_weight": _float_spec}
        return {
            **fields,
            **{kind: keras.tree.map_structure(each[kind], fields[kind]) for kind in each if kind in fields},
        }

    def _label_spec(self, labels: Any) -> Any:
        if not _is_sparse(labels):
            return _float_spec(labels)
        return labels if self.num_classes is None else keras.KerasTensor((labels.shape[0], self.num_classes), "float32")


def _is_sparse(labels: Tensor) -> bool:
    """Whether labels are class numbers: integers, one a sample."""
    dtype = keras.backend.standardize_dtype(labels.dtype)
    return dtype.startswith(("int", "uint")) and (len(labels.shape) == 1 or tuple(labels.shape[1:]) == (1,))


def _mapped(fields: dict[str, Any], each: dict[str, Any]) -> dict[str, Any]:
    """With a function of its own for each kind of target that is named, and there."""
    there = {kind: one for kind, one in each.items() if kind in fields}
    return {**fields, **{kind: keras.tree.map_structure(one, fields[kind]) for kind, one in there.items()}}


def _is_float(values: Any) -> bool:
    return not keras.backend.standardize_dtype(values.dtype).startswith(("int", "uint", "bool"))


def _as_float(values: Tensor) -> Tensor:
    return values if _is_float(values) else ops.cast(values, "float32")


def _float_spec(values: Any) -> Any:
    return values if _is_float(values) else keras.KerasTensor(values.shape, "float32")


def _blend(values: Tensor, partner: Tensor, share: Tensor) -> Tensor:
    values = _as_float(values)
    weight = ops.cast(ops.reshape(share, (-1,) + (1,) * (len(values.shape) - 1)), values.dtype)
    return weight * values + (1.0 - weight) * gather_rows(values, partner)
