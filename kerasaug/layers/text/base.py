"""The family of ops on token sequences: one map of places moves every tensor that has an entry for each token."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerasaug.arguments import as_integer, one_of
from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor
from kerasaug.layers.text.arguments import as_aligned, as_ids
from kerasaug.layers.text.tokens import Tokens, tokens_of
from kerasaug.modality import TOKENS
from kerasaug.ops.tokens.change import Change, carried
from kerasaug.params import Params
from kerasaug.stages import ANY

UNITS = ("subword", "word")
SIDES = ("right", "left")


class TokenEdit(Augmentation):
    """Base of ops on token sequences; a subclass writes `draw_params` and `edit`.

    Sequences are integers (batch, length) of a fixed length, with padding at either end. Whatever has an entry for
    each token moves along: `token_labels` (numbers, or one-hot), `segment_ids`, `word_ids`, `offsets`, weights of
    tokens, and what `aligned` names. Spans given as `start_positions` and `end_positions`, such as answers, are never
    touched, and their positions follow. Nothing crosses from one segment of a pair into the other.

    What is padding says `padding_mask`. Where there is none, what ends a sequence with `pad_token_id` is. A sequence of
    nothing but padding comes back as it is.

    Args:
        special_token_ids: Ids of tokens such as [CLS] and [SEP], which are never touched. Defaults to none.
        skip_list: Ids of other tokens that stay as they are. Single tokens are protected by `protected_mask` in the
            data, boolean (batch, length).
        pad_token_id: Id that fills the places that become free. Defaults to 0.
        unit: `"subword"`, or `"word"` for whole words, of which the data say by `word_ids` which token belongs to
            which (negative for none).
        aligned: Names of further tensors (batch, length, …) that move along: a list, or a dict from name to what fills
            the places that become free, 0 in a list.
        padding_side: `"right"` (the default) or `"left"`: on which side a sequence that fills its row is padded when it
            loses tokens. One that has padding is padded where it is already.
        ignore_class: What fills `token_labels` where padding comes to be. Defaults to -100, Keras's `ignore_class`.
        **kwargs: See `kerasaug.Augmentation`.
    """

    modality = TOKENS
    materializes = True  # a scatter's result is, and what follows it is a gather of integers

    def __init__(
        self,
        special_token_ids: Sequence[int] | None = None,
        skip_list: Sequence[int] | None = None,
        pad_token_id: int = 0,
        unit: str = "subword",
        aligned: Sequence[str] | Mapping[str, float] | None = None,
        padding_side: str = "right",
        ignore_class: int = -100,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        self.aligned = as_aligned(aligned, name)
        super().__init__(**kwargs)
        self.special_token_ids = as_ids(special_token_ids, "special_token_ids", name)
        self.skip_list = as_ids(skip_list, "skip_list", name)
        self.pad_token_id = as_integer(pad_token_id, "pad_token_id", name)
        self.unit = one_of(unit, UNITS, "unit", name)
        self.padding_side = one_of(padding_side, SIDES, "padding_side", name)
        self.ignore_class = as_integer(ignore_class, "ignore_class", name, low=-(2**31))

    @property
    def aligned_names(self) -> tuple[str, ...]:
        """Further tensors that have an entry for each token."""
        return tuple(self.aligned or ())

    def edit(self, tokens: Tokens, params: Params) -> Change:
        """What becomes of every sequence, chosen or not."""
        raise NotImplementedError(f"{type(self).__name__} must implement `edit(tokens, params)`.")

    def of_inserted(self) -> dict[str, Callable[[Tensor], Tensor]]:
        """Kind of target to a function that gives the entries of new tokens, for those of the tokens they follow."""
        return {}

    def made(self, fields: Mapping[str, Any], change: Change) -> dict[str, Any]:
        """Further targets that an op makes, by kind, of the fields as they were and the change of chosen sequences."""
        return {}

    def fusion_key(self) -> Any:
        """Ops on tokens share a compilation."""
        return ANY

    @classmethod
    def fused(cls, layers: Sequence[Any], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """Op after op."""
        for layer, one in zip(layers, params, strict=True):
            fields = {**fields, **layer.edited(fields, one)}
        return fields

    def read(self, fields: Mapping[str, Any]) -> Tokens:
        """A batch as the op sees it."""
        full = self.padding_side == "left"
        return tokens_of(fields, self.special_token_ids, self.skip_list, self.pad_token_id, full)

    def edited(self, fields: dict[str, Any], params: Params) -> dict[str, Any]:
        """The fields that change."""
        tokens = self.read(fields)
        change = self.edit(tokens, params)
        if "chosen" in params:
            change = change.where(params["chosen"][:, None], tokens.valid)
        kept = carried(fields, self._fills(fields), change, tokens.valid, self.of_inserted())
        return {**kept, **self.made(fields, change)}

    def _fills(self, fields: Mapping[str, Any]) -> dict[str, float]:
        """Aligned kind to what fills the places that become padding."""
        labels = fields.get("token_labels")
        soft = labels is not None and len(labels.shape) == 3  # one-hot, of no class
        fills: dict[str, float] = {name: 0 for name in self.modality.aligned}
        fills |= {"token_ids": self.pad_token_id, "word_ids": -1, "token_labels": 0 if soft else self.ignore_class}
        if len(getattr(fields.get("sample_weight"), "shape", ())) == 2:
            fills["sample_weight"] = 0
        return fills | dict(self.aligned or {})
