"""What ops that mix each sample with a partner from the same batch have in common: labels, and how often they mix."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras

from kerasaug.arguments import as_integer, as_number
from kerasaug.augmentation import Augmentation
from kerasaug.backend import LiveScalar, Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.mix.labels import as_float, blend, encoded, encoded_spec, float_spec, is_sparse, mapped
from kerasaug.params import Params, chosen

LEAST = 1e-6  # of a beta distribution's parameter: far below it, the table of its quantiles underflows


class Mix(Augmentation):
    """Base of families of mixing ops, which write `mixed`; an op draws the place of each sample's `"partner"`.

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

    def mixed(self, fields: dict[str, Any], own: Tensor, params: Params) -> dict[str, Any]:
        """Every target, where `own`, boolean (batch,), says which samples are mixed: what a family writes."""
        raise NotImplementedError(f"{type(self).__name__} must implement `mixed(fields, own, params)`.")

    def check(self, fields: dict[str, Any]) -> None:
        """Labels must be such that mixing them means something."""
        for labels in keras.tree.flatten(fields.get("labels", [])):
            if self.num_classes is None and is_sparse(labels):
                raise ValueError(
                    f"{self._label} mixes labels and expects them one-hot. Received: integers of shape "
                    f"{tuple(labels.shape)}. Pass num_classes=…, so that it can encode them, or one-hot labels."
                )

    def encode(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Integer labels one-hot, where `num_classes` is given; float32, as mixing makes of whole numbers."""
        each: dict[str, Any] = {"labels": partial(encoded, num_classes=self.num_classes), "sample_weight": as_float}
        return mapped(fields, each)

    @classmethod
    def fused(cls, layers: Sequence[Any], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """One pass; a mix never shares it, since the next one needs whole partners."""
        partner = params[0]["partner"]
        own = ops.broadcast_to(chosen(params[0], partner), ops.shape(partner))
        return layers[0].mixed(fields, own, params[0])

    def mixed_labels(self, fields: dict[str, Any], partner: Tensor, share: Tensor) -> dict[str, Any]:
        """Labels and sample weights, by the share, float32 (batch,), that is each sample's own."""
        there: dict[str, Any] = {kind: fields[kind] for kind in ("labels", "sample_weight") if kind in fields}
        each = partial(blend, partner=partner, share=share)
        return mapped(self.encode(there), dict.fromkeys(there, each))

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        each: dict[str, Any] = {
            "labels": partial(encoded_spec, num_classes=self.num_classes),
            "sample_weight": float_spec,
        }
        return mapped(super()._spec(fields), each)
