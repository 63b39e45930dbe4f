"""The family of policies: a menu of ops, a few of them for each image, each at a level."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasaug.arguments import as_number, as_value_range, one_of
from kerasaug.augmentation import DATA_FORMATS, Augmentation
from kerasaug.backend import Tensor, ops
from kerasaug.boxes import FORMATS
from kerasaug.draw import Rng
from kerasaug.layers.image.checks import check_box_format, check_fill, check_masks
from kerasaug.layers.image.policy.menu import NEUTRAL, Draws, Move, make_layers
from kerasaug.ops.resample import FILL_MODES, INTERPOLATIONS
from kerasaug.params import Params
from kerasaug.policy import Fields, Policy


class Choice(NamedTuple):
    """What a policy draws for the slots of each sample, each (batch, slots).

    Attributes:
        op: int32, an index into the menu.
        level: float32, from 0 (weakest) to 1.
        applied: Boolean.
    """

    op: Tensor
    level: Tensor
    applied: Tensor


class MenuPolicy(Policy):
    """Base of policies over a menu of ops; a subclass writes `choose_moves`.

    Targets: images, segmentation_masks, bounding_boxes, keypoints. Colour ops leave images alone that are not RGB.

    Args:
        listed: The ops.
        slots: How many of them a sample is given.
        value_range: Lowest and highest pixel value.
        interpolation: `"bilinear"` or `"nearest"`.
        fill_mode: What lies beyond the frame.
        fill_value: The constant of `fill_mode="constant"`; the middle of the value range when `None`.
        mask_fill_value: The same for masks.
        **kwargs: See `kerasaug.Augmentation`.
    """

    def __init__(
        self,
        listed: Sequence[Move],
        slots: int,
        value_range: Sequence[float],
        interpolation: str,
        fill_mode: str,
        fill_value: float | None = None,
        mask_fill_value: float = 0,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        low, high = as_value_range(value_range, name)
        one_of(interpolation, INTERPOLATIONS, "interpolation", name)
        one_of(fill_mode, FILL_MODES, "fill_mode", name)
        mask_fill_value = as_number(mask_fill_value, "mask_fill_value", name)
        fill_value = None if fill_value is None else as_number(fill_value, "fill_value", name)
        for argument, choices in (("data_format", DATA_FORMATS), ("bounding_box_format", FORMATS)):
            if kwargs.get(argument) is not None:
                one_of(kwargs[argument], choices, argument, name)
        shared = {one: kwargs.get(one) for one in ("data_format", "bounding_box_format")}
        constant = (low + high + 1) // 2 if fill_value is None and high - low > 2 else (low + high) / 2
        geometry = {
            "interpolation": interpolation,
            "fill_mode": fill_mode,
            "fill_value": constant if fill_value is None else fill_value,
            "mask_fill_value": mask_fill_value,
        }
        members = make_layers(listed, (low, high), geometry, shared)
        super().__init__(list(members.values()), **kwargs)
        self.listed, self.slots, self._names = tuple(listed), slots, tuple(members)
        self.value_range, self.interpolation = (low, high), interpolation
        self.fill_mode, self.fill_value, self.mask_fill_value = fill_mode, fill_value, mask_fill_value

    parts: tuple[str, ...] = ("op", "level", "index", "layers")

    def choose_moves(self, rng: Rng) -> Choice:
        """What to do to each sample, before probability and strength act."""
        raise NotImplementedError(f"{type(self).__name__} must implement `choose_moves(rng)`.")

    def draw_from(self, rng: Rng, strengths: Params) -> Params:
        """The ops, their levels, and each layer's parameters: neutral where a slot is not its own."""
        op, level, applied = self.choose_moves(rng)
        fades = ops.take(ops.convert_to_tensor([move.fades for move in self.listed]), op)
        happens = fades | (rng.unit((self.slots,)) < rng.strength)
        op = ops.where(rng.chosen[:, None] & applied & happens, op, len(self.listed))
        level = ops.where(fades, rng.strength * level, level)
        signs = [ops.where(rng.unit((self.slots,)) < 0.5, -1.0, 1.0) for _ in range(2)]
        places = [rng.unit((self.slots,)) for _ in range(2)]
        return self._parameters_of(op, Draws(level, *signs, *places))

    def params_for(self, names: Any, level: Any, sign: Any = 1.0) -> Params:
        """Parameters for `apply` of ops and levels of one's own.

        Args:
            names: (batch, slots), names of ops in the menu; `""` for none.
            level: From 0 to 1; a number, or one for each op.
            sign: -1 or 1, likewise: the direction of an op that has one.
        """
        known = [move.name for move in self.listed]
        table = np.asarray(names, str)
        unknown = sorted(set(table.ravel()) - {*known, ""})
        if unknown or table.ndim != 2 or table.shape[1] != self.slots:
            raise ValueError(
                f"{self._label} expects names of shape (batch, {self.slots}), of {known}. Received: shape="
                f"{table.shape}, unknown={unknown}."
            )
        op = np.vectorize(lambda name: known.index(name) if name else len(known), otypes=["int32"])(table)

        def full(value: Any) -> Tensor:
            return ops.convert_to_tensor(np.broadcast_to(np.asarray(value, "float32"), table.shape).copy())

        drawn = Draws(full(level), full(sign), full(sign), full(0.5), full(0.5))
        return self._parameters_of(ops.convert_to_tensor(op), drawn)

    def _parameters_of(self, op: Tensor, drawn: Draws) -> Params:
        numbers = [self._names.index(move.layer) if move.layer else len(self._names) for move in self.listed]
        table = ops.convert_to_tensor(np.array([*numbers, len(self._names)], "int32"))
        index = ops.take(table, op)
        each = [self._params(name, op, index == i, drawn) for i, name in enumerate(self._names)]
        return {"op": op, "level": drawn.level, "index": index, "layers": each}

    def _params(self, name: str, op: Tensor, own: Tensor, drawn: Draws) -> Params:
        params: Params = {"chosen": own}
        for parameter, neutral in NEUTRAL[name].items():
            value = ops.full_like(op if isinstance(neutral, int) else drawn.level, neutral)
            value = value > 0 if isinstance(neutral, bool) else value
            for number, move in enumerate(self.listed):
                if move.layer == name and parameter in move.values:
                    value = ops.where(op == number, move.values[parameter](drawn), value)
            params[parameter] = value
        return params

    def strengths(self) -> Params:
        """One's own alone: the layers have none."""
        return Augmentation.strengths(self)

    def op_count(self) -> int:
        """The policy draws for its layers."""
        return 1

    def check(self, fields: Fields) -> None:
        """As its layers do, but under the name that the caller knows."""
        check_box_format(fields, self.bounding_box_format, self._label)
        check_masks(fields, self.data_format, self._label)
        if self.fill_mode == "constant":
            check_fill(fields, "segmentation_masks", "mask_fill_value", self.mask_fill_value, self._label)
        super().check(fields)

    def fits(self, layer: Augmentation, fields: Fields) -> bool:
        """Whether a layer can do anything to such images: colours need three channels."""
        channels = fields["images"].shape[1 if self.data_format == "channels_first" else -1]
        return channels in (3, None) or not getattr(layer, "needs_rgb", False)

    def get_config(self) -> dict[str, Any]:
        """The arguments; the layers follow from them."""
        config = Augmentation.get_config(self)
        return {name: value for name, value in config.items() if name not in ("layers", "listed", "slots")}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """As every layer's."""
        return cls(**config)
