"""The family of ops that zero part of sequences of vectors, such as embedded tokens."""

from collections.abc import Mapping, Sequence
from typing import Any

from kerasaug.arguments import as_flag, as_range
from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor, ops
from kerasaug.backend.masks import mask_of, with_mask
from kerasaug.draw import Rng
from kerasaug.modality import EMBEDDINGS
from kerasaug.ops.tokens.selection import places
from kerasaug.params import Params, chosen
from kerasaug.stages import ANY


class VectorLayer(Augmentation):
    """Base of layers of vectors, which stand in a model behind an embedding, in the way of the mask it hangs on."""

    modality = EMBEDDINGS

    def call(self, data: Any, training: bool | None = None) -> Any:
        """Augments when `training`; the mask of a tensor that has one is its padding mask."""
        mask = None if isinstance(data, Mapping) else mask_of(data)
        if mask is None:
            return super().call(data, training)
        names = self._kind_names()
        result = super().call({names[self.main]: data, names["padding_mask"]: mask}, training)
        return with_mask(result[names[self.main]], result[names["padding_mask"]])

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """None but what `call` hangs on: Keras would bake one that it knows beforehand into the layers above."""


class Cutoff(VectorLayer):
    """Base of ops that zero part of each sequence of vectors; a subclass writes `draw_params` and `cut`.

    Gradients flow through what stays. Inside a model, behind an embedding, the layer takes the mask that Keras hangs on
    tensors for the padding, and hands it on.

    Args:
        rate: Share that is cut, from 0 to 1, or a pair from which each sample draws its own: ⌊rate · n⌋ of n.
        **kwargs: See `kerasaug.Augmentation`.
    """

    materializes = True  # a select, which costs nothing where it is fused into what reads it

    def __init__(self, rate: float | Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = as_range(rate, "rate", type(self).__name__, 0.0, 1.0, single="both")

    def draw_params(self, rng: Rng) -> Params:
        """A rate, and a key from which each token, or feature, gets its random bits."""
        return {"rate": self.drawn_rate(rng), "key": rng.key()}

    def drawn_rate(self, rng: Rng) -> Tensor:
        """float32 (batch,); 0 for samples that are not chosen."""
        low, high = sorted(self.rate)
        return rng.uniform(low, high, neutral=0.0)

    def cut(self, fields: Mapping[str, Any], params: Params) -> Tensor:
        """Boolean, of a shape that broadcasts with (batch, length, features): what is zeroed, chosen or not."""
        raise NotImplementedError(f"{type(self).__name__} must implement `cut(fields, params)`.")

    def fusion_key(self) -> Any:
        """Ops on vectors share a compilation."""
        return ANY

    @classmethod
    def fused(cls, layers: Sequence[Any], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """Op after op."""
        for layer, one in zip(layers, params, strict=True):
            fields = {**fields, **layer.edited(fields, one)}
        return fields

    def edited(self, fields: dict[str, Any], params: Params) -> dict[str, Any]:
        """The fields that change."""
        values = fields[self.main]
        cut = self.cut(fields, params) & chosen(params, values)
        return {self.main: zeroed(values, cut), **self.also_cut(fields, cut)}

    def also_cut(self, fields: dict[str, Any], cut: Tensor) -> dict[str, Any]:
        """What else changes with the vectors."""
        return {}


class PlaceCutoff(Cutoff):
    """Base of cutoffs of whole tokens; a subclass writes `draw_params` and `taken`.

    Args:
        rate: See `Cutoff`.
        cut_mask: Whether tokens that are cut become padding too, in `padding_mask` and in the mask that Keras hangs on
            tensors, so that nothing attends to them. Defaults to `True`, as in the paper.
        keep_first: Whether the first token, such as [CLS], is never cut. Defaults to `True`, unlike in the paper's
            code. Other tokens are protected by `protected_mask` in the data, boolean (batch, length).
        **kwargs: See `kerasaug.Augmentation`.
    """

    def __init__(
        self, rate: float | Sequence[float], cut_mask: bool = True, keep_first: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(rate, **kwargs)
        name = type(self).__name__
        self.cut_mask = as_flag(cut_mask, "cut_mask", name)
        self.keep_first = as_flag(keep_first, "keep_first", name)

    def taken(self, valid: Tensor, eligible: Tensor, params: Params) -> Tensor:
        """Boolean (batch, length): the tokens that are cut, where they are eligible.

        Args:
            valid: Boolean (batch, length), which places are no padding.
            eligible: Boolean (batch, length), which of them may be cut.
            params: What was drawn.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `taken(valid, eligible, params)`.")

    def cut(self, fields: Mapping[str, Any], params: Params) -> Tensor:
        """Boolean (batch, length, 1)."""
        if "padding_mask" in fields:
            valid = _holds(fields["padding_mask"])
        else:
            valid = ops.ones(ops.shape(fields[self.main])[:2], dtype="bool")
        eligible = valid & (places(valid) >= self.first(valid))
        if "protected_mask" in fields:
            eligible = eligible & ops.logical_not(_holds(fields["protected_mask"]))
        return (self.taken(valid, eligible, params) & eligible)[..., None]

    def first(self, valid: Tensor) -> Tensor:
        """int32 (batch, 1): the place of the first token that may be cut."""
        return ops.cast(ops.argmax(valid, axis=1), "int32")[:, None] + int(self.keep_first)

    def also_cut(self, fields: dict[str, Any], cut: Tensor) -> dict[str, Any]:
        """The padding mask."""
        if not self.cut_mask or "padding_mask" not in fields:
            return {}
        return {"padding_mask": zeroed(fields["padding_mask"], cut[..., 0])}


def zeroed(values: Tensor, which: Tensor) -> Tensor:
    """0 where `which` holds."""
    return ops.where(which, ops.cast(0, values.dtype), values)


def share_of(rate: Tensor, each: Tensor | int) -> Tensor:
    """int32 (batch,): ⌊rate · n⌋, none of few where that is 0."""
    return ops.cast(ops.floor(rate * ops.cast(each, "float32") + 1e-4), "int32")  # 0.29 · 100 is 28.999998


def _holds(mask: Tensor) -> Tensor:
    return mask != ops.zeros_like(mask)
