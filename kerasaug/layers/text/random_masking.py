"""Random masking of tokens or words, for a model that is to guess them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras

from kerasaug.arguments import as_integer, as_number, as_range, one_of
from kerasaug.backend import Tensor, gather_tokens, ops, place
from kerasaug.draw import Rng
from kerasaug.layers.text.arguments import as_ids
from kerasaug.layers.text.base import TokenEdit
from kerasaug.layers.text.rated import COUNTS
from kerasaug.layers.text.tokens import Tokens, is_any
from kerasaug.ops.bits import to_unit
from kerasaug.ops.tokens.change import Change
from kerasaug.ops.tokens.masking import listed, rounded_share, uniform_ids, within
from kerasaug.ops.tokens.selection import bits_for, by_rate, take
from kerasaug.params import Params
from kerasaug.registry import register

TARGETS = ("positions", "token_labels")


@register
class RandomMasking(TokenEdit):
    """Selects tokens, or whole words, that a masked language model is to guess, and hides most of them.

    Of the selected tokens 80% become the mask token, 10% a random one, and 10% stay, as in BERT. A sequence is masked
    anew each time it comes, on the device.

    `kerasaug.AugmentedModel` trains on a dataset of inputs alone: what this layer makes besides goes where it belongs,
    `mask_positions` into `x`, `mask_ids` to `y` and `mask_weights` to `sample_weight`. For evaluation mask the data:
    `kerasaug.augment_dataset(dataset, masking)` yields `(x, y, sample_weight)`, and with `.cache()` the same masks
    every time.

    Targets: `token_ids`; what is to be guessed is made; whatever else there is stays.

    Args:
        vocabulary_size: How many ids there are. Ids beyond are masked like any other.
        mask_selection_rate: Share of the tokens (or words) that are selected, from 0 to 1, or a pair from which each
            sequence draws its own. Defaults to 0.15.
        mask_token_id: Id of the mask token.
        mask_selection_length: How many tokens are selected at most, and the length of what lists them. `None` (the
            default) for as many as there can be: the share of the length where the count is exact and in subwords,
            else the length. A head computes scores for so many.
        unselectable_token_ids: Ids that are not selected, as `special_token_ids`. Defaults to [0].
        mask_token_rate: Share of the selected tokens that become the mask token. Defaults to 0.8.
        random_token_rate: Share of them that become another one, drawn uniformly from the vocabulary without the ids
            that cannot be selected, the mask token and padding. Defaults to 0.1.
        count: `"exact"` (the default) selects rate · n of n, rounded, and at least one, as BERT does, though that
            counts [CLS] and [SEP], too; `"bernoulli"` tosses a coin for each.
        targets: `"positions"` (the default) lists the selected tokens; `"token_labels"` labels every token instead:
            with its id where it was selected, and with `ignore_class` elsewhere.
        **kwargs: `special_token_ids`, `skip_list`, `pad_token_id`, `unit`, `aligned` and `ignore_class`, see
            `kerasaug.layers.TokenEdit`; `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        Integers `(batch, length)` or `(length,)`, or a dict with `token_ids`, and `padding_mask` at best.

    Output shape:
        A dict with `token_ids`, and whatever else came in, of the same shapes; besides, of shape
        `(batch, mask_selection_length)`, `mask_positions` (int32, ascending), `mask_ids`, the ids that stood there,
        and `mask_weights` (float32), 1 for each and 0 for what fills the lists up, which is 0; or `token_labels`
        (int32). At inference ids stay as they are, and weights are 0. What moves with tokens stays, since none moves.

    Raises:
        ValueError: When an argument cannot be, `unit="word"` finds no `word_ids`, or `targets="token_labels"` finds
            token labels.

    Example:

    ```python
    masking = kerasaug.layers.RandomMasking(1000, mask_token_id=103, special_token_ids=[101, 102], seed=1)
    masked = masking(np.array([[101, 7, 8, 9, 10, 11, 102, 0]]))
    masked["mask_ids"].shape  # (1, 1)
    ```

    Reference:
        Devlin et al., "BERT", 2018; `keras_hub.layers.MaskedLMMaskGenerator`, whose random tokens may be special ones.
    """

    def __init__(
        self,
        vocabulary_size: int,
        mask_selection_rate: float | Sequence[float] = 0.15,
        mask_token_id: int | None = None,
        mask_selection_length: int | None = None,
        unselectable_token_ids: Sequence[int] | None = (0,),
        mask_token_rate: float = 0.8,
        random_token_rate: float = 0.1,
        count: str = "exact",
        targets: str = "positions",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        self.vocabulary_size = as_integer(vocabulary_size, "vocabulary_size", name, low=1)
        self.mask_selection_rate = as_range(mask_selection_rate, "mask_selection_rate", name, 0.0, 1.0, single="both")
        self.mask_token_id = as_integer(mask_token_id, "mask_token_id", name, high=self.vocabulary_size - 1)
        self.mask_selection_length = mask_selection_length
        if mask_selection_length is not None:
            self.mask_selection_length = as_integer(mask_selection_length, "mask_selection_length", name, low=1)
        self.unselectable_token_ids = as_ids(unselectable_token_ids, "unselectable_token_ids", name)
        self.mask_token_rate = as_number(mask_token_rate, "mask_token_rate", name, 0.0, 1.0)
        self.random_token_rate = as_number(random_token_rate, "random_token_rate", name, 0.0, 1.0)
        self.count = one_of(count, COUNTS, "count", name)
        self.targets = one_of(targets, TARGETS, "targets", name)
        self._check_rates(name)

    @property
    def learned(self) -> dict[str, str]:  # type: ignore[override]
        """Part of a batch to what belongs there."""
        if self.targets == "token_labels":
            return {"y": "token_labels"}
        return {"y": "mask_ids", "sample_weight": "mask_weights"}

    def draw_params(self, rng: Rng) -> Params:
        """A rate, and a key from which each token gets its random bits."""
        low, high = sorted(self.mask_selection_rate)
        return {"rate": rng.uniform(low, high, neutral=0.0), "key": rng.key()}

    def edit(self, tokens: Tokens, params: Params) -> Change:
        """Writes over the selected tokens.

        Parameters made by hand may say which tokens are selected, by `"taken"`, and what stands there afterwards, by
        `"written"`, both (batch, length).
        """
        taken = self._taken(tokens, params)
        written = params["written"] if "written" in params else self._written(tokens, params)
        return Change(ids=written, written=taken)

    def made(self, fields: Mapping[str, Any], change: Change) -> dict[str, Any]:
        """What is to be guessed, of the fields as they were."""
        ids, which = fields["token_ids"], change.written
        if self.targets == "token_labels":
            return {"token_labels": ops.where(which, ops.cast(ids, "int32"), self.ignore_class)}
        positions, there = listed(which, self._width(ops.shape(ids)[1]))
        originals = ops.where(there, gather_tokens(ids, positions), ops.zeros_like(positions, ids.dtype))
        return {"mask_positions": positions, "mask_ids": originals, "mask_weights": ops.cast(there, "float32")}

    def infer(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Nothing is selected."""
        none = Change(written=ops.zeros_like(fields["token_ids"], dtype="bool"))
        return {**super().infer(fields), **self.made(fields, none)}

    def check(self, fields: dict[str, Any]) -> None:
        """Labels cannot be kept and made."""
        if self.targets == "token_labels" and "token_labels" in fields:
            raise ValueError(
                f"{self._label} makes token_labels and expects none. Received: token_labels of shape "
                f"{tuple(fields['token_labels'].shape)}. Leave them out, or use targets='positions'."
            )

    def _taken(self, tokens: Tokens, params: Params) -> Tensor:
        shielded = sorted({*self.unselectable_token_ids, self.mask_token_id})
        tokens = replace(tokens, eligible=tokens.eligible & ops.logical_not(is_any(tokens.ids, shielded)))
        if "taken" in params:
            return ops.cast(params["taken"], "bool") & tokens.eligible
        bits, length = bits_for(params["key"], tokens.ids), ops.shape(tokens.ids)[1]
        most = self._width(length)
        if self.unit == "subword":
            return self._some(bits, tokens.eligible, params["rate"], None if most is length else most)
        words = tokens.words(self._label)
        some = self._some(bits, words.eligible, params["rate"], None)
        if most is not length:
            some = within(bits, some, place(words.index, ops.cast(words.inside, "int32")), most)
        return words.spread(some)

    def _some(self, bits: Tensor, eligible: Tensor, rate: Tensor, most: Tensor | int | None) -> Tensor:
        if self.count == "bernoulli":
            return by_rate(bits, eligible, rate, False, most)
        count = rounded_share(eligible, rate)
        return take(bits, eligible, count if most is None else ops.minimum(count, most))

    def _written(self, tokens: Tokens, params: Params) -> Tensor:
        """What each token becomes, if it was selected."""
        fate = to_unit(bits_for(params["key"], tokens.ids, 1))
        others = uniform_ids(bits_for(params["key"], tokens.ids, 2), self.vocabulary_size, self._never_drawn())
        others = ops.cast(others, tokens.ids.dtype)
        kept = ops.where(fate < self.mask_token_rate + self.random_token_rate, others, tokens.ids)
        return ops.where(fate < self.mask_token_rate, ops.cast(self.mask_token_id, tokens.ids.dtype), kept)

    def _never_drawn(self) -> list[int]:
        ids = {*self.special_token_ids, *self.unselectable_token_ids, self.mask_token_id, self.pad_token_id}
        return sorted(one for one in ids if one < self.vocabulary_size)

    def _width(self, length: Any) -> Any:
        """How many tokens are listed, of sequences of a length that may be a tensor, or `None` where nobody knows."""
        if self.mask_selection_length is not None:
            return self.mask_selection_length
        if length is None or self.unit == "word" or self.count == "bernoulli":
            return length
        rate = max(self.mask_selection_rate)
        if isinstance(length, int):
            return max(1, round(rate * length))
        return ops.maximum(ops.cast(ops.round(rate * ops.cast(length, "float32")), "int32"), 1)

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        fields = super()._spec(fields)
        ids = fields["token_ids"]
        if self.targets == "token_labels":
            return {**fields, "token_labels": keras.KerasTensor(ids.shape, "int32")}
        shape = (*ids.shape[:-1], self._width(ids.shape[-1]))
        dtypes = {"mask_positions": "int32", "mask_ids": ids.dtype, "mask_weights": "float32"}
        return {**fields, **{name: keras.KerasTensor(shape, dtype) for name, dtype in dtypes.items()}}

    def _check_rates(self, name: str) -> None:
        if self.mask_token_rate + self.random_token_rate > 1.0 + 1e-6:
            raise ValueError(
                f"{name} expects mask_token_rate and random_token_rate of 1 or less together. Received: "
                f"mask_token_rate={self.mask_token_rate!r}, random_token_rate={self.random_token_rate!r}."
            )
        if len(self._never_drawn()) >= self.vocabulary_size:
            raise ValueError(
                f"{name} expects a vocabulary with tokens to draw from. Received: "
                f"vocabulary_size={self.vocabulary_size!r}, of which the special ids leave none."
            )
