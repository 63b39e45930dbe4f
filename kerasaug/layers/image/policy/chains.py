"""Chains of ops, side by side, and a blend of what they make of an image."""

from typing import Any

from kerasaug import backend
from kerasaug.backend import Tensor, ops
from kerasaug.layers.image.policy.base import MenuPolicy
from kerasaug.params import Params
from kerasaug.policy import Fields


class Chains(MenuPolicy):
    """Base of policies that blend chains; a subclass draws, besides, `weights` (batch, chains) and `own` (batch,).

    The slots are those of the first chain, then those of the second, and so on. Images alone are changed.
    """

    parts = (*MenuPolicy.parts, "weights", "own")
    num_chains: int
    chain_depth: int

    def params_for(self, names: Any, level: Any, sign: Any = 1.0) -> Params:
        """The same, of chains that weigh alike, and nothing of the original."""
        params = super().params_for(names, level, sign)
        batch = len(names)
        weights = ops.full((batch, self.num_chains), 1.0 / self.num_chains)
        return {**params, "weights": weights, "own": ops.zeros((batch,))}

    def check(self, fields: Fields) -> None:
        """Of images alone."""
        super().check({"images": fields["images"]})

    def run_one(self, fields: Fields, params: Params) -> Fields:
        """The chains of one image, blended."""
        slots = {name: params[name] for name in ("index", "layers")}
        images = fields["images"]
        steps = {**slots, "weight": self._weights(params), "first": self._firsts()}
        start = {"now": images, "sum": ops.zeros_like(images)}
        mixed = backend.fold(lambda carry, step: self._step(images, carry, step), start, steps)["sum"]
        return {**fields, "images": self._blend(images, mixed, params["own"])}

    def _step(self, images: Tensor, carry: Fields, step: Params) -> Fields:
        now = ops.where(step["first"], images, carry["now"])
        now = self.run_slot({"images": now}, step)["images"]
        return {"now": now, "sum": carry["sum"] + step["weight"] * now}

    def together(self, fields: Fields, params: Params) -> Fields:
        """The chains of the whole batch."""
        images, mixed = fields["images"], 0.0
        weights = params["weights"][..., None, None, None]
        for chain in range(self.num_chains):
            slots = range(chain * self.chain_depth, (chain + 1) * self.chain_depth)
            result = self.run_slots({"images": images}, params, slots)["images"]
            mixed = mixed + weights[:, chain] * result
        return {**fields, "images": self._blend(images, mixed, params["own"][:, None, None, None])}

    def _blend(self, images: Tensor, mixed: Tensor, own: Tensor) -> Tensor:
        blended = ops.clip(own * images + (1.0 - own) * mixed, *self.value_range)
        return ops.where(own < 1.0, blended, images)

    def _weights(self, params: Params) -> Tensor:
        """(slots,): a chain's weight in its last slot."""
        last = ops.convert_to_tensor([0.0] * (self.chain_depth - 1) + [1.0])
        return ops.reshape(params["weights"][:, None] * last[None], (-1,))

    def _firsts(self) -> Tensor:
        """(slots,): whether a slot is the first of its chain."""
        return ops.convert_to_tensor(([True] + [False] * (self.chain_depth - 1)) * self.num_chains)
