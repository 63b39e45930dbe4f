"""Corruption of spans, for an encoder and a decoder that is to tell what they were."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from kerasaug.arguments import as_flag, as_integer, as_number, as_range
from kerasaug.backend import Tensor, gather_tokens, ops
from kerasaug.draw import Rng
from kerasaug.layers.text.arguments import as_ids
from kerasaug.layers.text.base import TokenEdit
from kerasaug.layers.text.tokens import Tokens, is_any, tokens_of
from kerasaug.ops.tokens.change import Change, carried
from kerasaug.ops.tokens.selection import number
from kerasaug.ops.tokens.spans import (
    most_noise,
    noise_counts,
    random_spans,
    remainder,
    spans_listed,
    starts,
    uninterrupted,
)
from kerasaug.ops.tokens.words import begins
from kerasaug.params import Params
from kerasaug.registry import register

_SENTINELS = 100  # as T5 has


@register
class SpanCorruption(TokenEdit):
    """Replaces spans of tokens by sentinels, and lists the spans behind their sentinels for a decoder to learn: T5's.

    `kerasaug.AugmentedModel` trains on a dataset of inputs alone: `decoder_token_ids` and `decoder_padding_mask` join
    `x`, `target_ids` become `y` and `target_weights` the `sample_weight`. For evaluation corrupt the data:
    `kerasaug.augment_dataset(dataset, corruption)` yields `(x, y, sample_weight)`, and with `.cache()` the same spans
    every time. KerasHub's names of inputs are had by
    `keys={"token_ids": "encoder_token_ids", "padding_mask": "encoder_padding_mask"}`, here and in `AugmentedModel`.

    T5 always leaves the first token and takes the last, so that a lone span is always the end. Here spans lie anywhere
    among the tokens that may be touched; no two are neighbours. A span ends before a token that must stay, and before
    another segment.

    Targets: whatever has an entry for each token moves along; what is to be learned is made.

    Args:
        vocabulary_size: How many ids there are; the last 100 are the sentinels, the last one first, as in T5.
        noise_density: Share of the tokens (or words) that are replaced, from 0 to 1, or a pair from which each sequence
            draws its own; rounded, at least one, and never all. Defaults to 0.15.
        mean_noise_span_length: Mean length of a span. Defaults to 3.
        sentinel_token_ids: Ids of the sentinels, in order, instead of `vocabulary_size`. There are no more spans.
        end_token_id: Id that ends both sequences: the targets, and the input, where it does not end with it. `None`
            (the default) for none.
        start_token_id: Id that the decoder starts with; `pad_token_id` when `None`.
        encoder_sequence_length: Length of the encoder's sequences; that of the input when `None`. Those that do not fit
            lose their last tokens, but not the end.
        decoder_sequence_length: Length of the targets; what the longest input needs when `None`.
        decoder_inputs: Whether to make `decoder_token_ids` and `decoder_padding_mask`: the targets, moved up by one
            behind the start. Defaults to `True`.
        **kwargs: `special_token_ids`, `skip_list`, `pad_token_id`, `unit`, `aligned` and `ignore_class`, see
            `kerasaug.layers.TokenEdit`; `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        Integers `(batch, length)` or `(length,)`, or a dict with `token_ids`, and `padding_mask` at best.

    Output shape:
        A dict with `token_ids` and `padding_mask` of shape `(batch, encoder_sequence_length)`, and, of shape
        `(batch, decoder_sequence_length)`, `target_ids`, `target_weights` (float32, 0 for padding), `decoder_token_ids`
        and `decoder_padding_mask`. What moves with tokens moves with those that stay; labels of sentinels are
        `ignore_class`, and those of spans are lost. A sequence that is not chosen, or at inference, stays as it is, and
        its targets are empty.

    Raises:
        ValueError: When an argument cannot be, or `unit="word"` finds no `word_ids`.

    Example:

    ```python
    corruption = kerasaug.layers.SpanCorruption(1000, end_token_id=1, special_token_ids=[1], seed=1)
    batch = corruption(np.array([[11, 12, 13, 14, 15, 16, 17, 18, 19, 1]]))
    batch["target_ids"].shape  # (1, 4): a sentinel, two tokens and the end
    length, targets = corruption.lengths_for(512)  # (568, 114): what to tokenize to, to fill an encoder of 512
    ```

    Reference:
        Raffel et al., "Exploring the limits of transfer learning with a unified text-to-text transformer", 2019.
    """

    learned = {"y": "target_ids", "sample_weight": "target_weights"}

    def __init__(
        self,
        vocabulary_size: int | None = None,
        noise_density: float | Sequence[float] = 0.15,
        mean_noise_span_length: float = 3.0,
        sentinel_token_ids: Sequence[int] | None = None,
        end_token_id: int | None = None,
        start_token_id: int | None = None,
        encoder_sequence_length: int | None = None,
        decoder_sequence_length: int | None = None,
        decoder_inputs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        self.noise_density = as_range(noise_density, "noise_density", name, 0.0, 1.0, single="both")
        self.mean_noise_span_length = as_number(mean_noise_span_length, "mean_noise_span_length", name, 1.0)
        self.vocabulary_size = _optional(vocabulary_size, "vocabulary_size", name, 1)
        self.sentinel_token_ids = sentinel_token_ids if sentinel_token_ids is None else list(sentinel_token_ids)
        self._sentinels = _sentinels(self.vocabulary_size, self.sentinel_token_ids, name)
        self.end_token_id = _optional(end_token_id, "end_token_id", name, 0)
        self.start_token_id = _optional(start_token_id, "start_token_id", name, 0)
        self.encoder_sequence_length = _optional(encoder_sequence_length, "encoder_sequence_length", name, 1)
        self.decoder_sequence_length = _optional(decoder_sequence_length, "decoder_sequence_length", name, 1)
        self.decoder_inputs = as_flag(decoder_inputs, "decoder_inputs", name)

    def lengths_for(self, encoder_sequence_length: int) -> tuple[int, int]:
        """The lengths that go with an encoder's, so that nothing but tokens fills it.

        Args:
            encoder_sequence_length: Of the encoder's sequences, with their end.

        Returns:
            How many tokens to cut text into, without their end, and the length of the targets, with theirs.
        """
        width, end = as_integer(encoder_sequence_length, "encoder_sequence_length", self._label, low=2), 1

        def both(length: int) -> tuple[int, int]:
            noise, spans = self._most_noise(length)
            return length - noise + spans + end, noise + spans + end

        length = width - end
        while both(length + 1)[0] <= width:
            length += 1
        return length, both(length)[1]

    def draw_params(self, rng: Rng) -> Params:
        """A density, and a key."""
        low, high = sorted(self.noise_density)
        return {"density": rng.uniform(low, high, neutral=0.0), "key": rng.key()}

    def edited(self, fields: dict[str, Any], params: Params) -> dict[str, Any]:
        """The fields that change, and those that are made.

        Parameters made by hand may say what is noise, by `"noise"`, boolean (batch, length).
        """
        tokens = self.read(fields)
        shielded = sorted({*self._sentinels, *([] if self.end_token_id is None else [self.end_token_id])})
        tokens = replace(tokens, eligible=tokens.eligible & ops.logical_not(is_any(tokens.ids, shielded)))
        chosen = params.get("chosen", ops.ones_like(tokens.ids[:, 0], dtype="bool"))
        if "noise" in params:
            noise = ops.cast(params["noise"], "bool") & tokens.eligible
        else:
            noise = self._noise(tokens, params)
        return self._corrupted(tokens, noise & chosen[:, None], chosen)

    def infer(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Nothing is corrupted."""
        tokens = tokens_of(fields, (), (), self.pad_token_id)
        none = ops.zeros_like(tokens.valid)
        return {**super().infer(fields), **self._corrupted(tokens, none, none[:, 0])}

    def output_shape_of(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """With the encoder's length."""
        return (*shape[:-1], self._encoder_width(shape[-1]))

    def _noise(self, tokens: Tokens, params: Params) -> Tensor:
        """Boolean (batch, length): the tokens that are replaced."""
        eligible, first = tokens.eligible, ops.ones_like(tokens.eligible)
        item = ops.cumsum(ops.cast(eligible, "int32"), axis=1) - 1
        count = number(eligible)
        if self.unit == "word":
            words = tokens.words(self._label)
            first = begins(tokens.fields["word_ids"], tokens.segments)
            eligible, count = words.spread(words.eligible), number(words.eligible)
            item = gather_tokens(ops.cumsum(ops.cast(words.eligible, "int32"), axis=1) - 1, words.index)
        noise, spans = noise_counts(count, params["density"], self.mean_noise_span_length, len(self._sentinels))
        which = random_spans(params["key"], item, count, noise, spans)
        start = starts(which, None)
        item = ops.maximum(item, 0)
        own = gather_tokens(which, item) & eligible
        span = gather_tokens(ops.cumsum(ops.cast(start, "int32"), axis=1) - 1, item)
        barrier = ops.cast(ops.logical_not(eligible), "int32")
        if tokens.segments is not None:
            barrier = barrier + ops.cast(begins(tokens.segments), "int32")
        barrier = ops.cumsum(barrier, axis=1)
        return uninterrupted(own, own & first & gather_tokens(start, item), span, barrier)

    def _corrupted(self, tokens: Tokens, noise: Tensor, chosen: Tensor) -> dict[str, Any]:
        fields, ids, first = tokens.fields, tokens.ids, starts(noise, tokens.segments)
        left = remainder(
            tokens.valid & (ops.logical_not(noise) | first),
            tokens.valid,
            tokens.left,
            chosen,
            self._without_end(tokens),
            self._encoder_width(ops.shape(ids)[1]),
        )
        each = ops.cumsum(ops.cast(first, "int32"), axis=1) - 1
        sentinel = gather_tokens(first, left.source) & left.valid & ops.logical_not(left.end)
        written = self._sentinel(gather_tokens(each, left.source), ids)
        if self.end_token_id is not None:
            written = ops.where(left.end, ops.cast(self.end_token_id, ids.dtype), written)
        new = sentinel | left.end
        fills = self._fills(fields)
        change = Change(left.source, left.valid, written, new, new)
        result = carried(fields, fills, change, left.old, {name: _filling(fills[name]) for name in _NOT_COPIED})
        mask = {} if "padding_mask" in fields else {"padding_mask": left.valid}
        return {**result, **mask, **self._to_decode(ids, noise, first)}

    def _to_decode(self, ids: Tensor, noise: Tensor, first: Tensor) -> dict[str, Any]:
        width = self._decoder_width(ops.shape(ids)[1])
        tokens, there, total = spans_listed(ids, noise, first, width)
        at, total = ops.arange(width, dtype="int32")[None], total[:, None]
        sentinel = (at < total) & ops.logical_not(there)
        each = ops.cumsum(ops.cast(sentinel, "int32"), axis=1) - 1
        pad = ops.cast(self.pad_token_id, ids.dtype)
        targets = ops.where(sentinel, self._sentinel(each, ids), ops.where(there, tokens, pad))
        valid = at < total
        if self.end_token_id is not None:
            end = (total > 0) & (at == ops.minimum(total, width - 1))
            targets, valid = ops.where(end, ops.cast(self.end_token_id, ids.dtype), targets), valid | end
        made = {"target_ids": targets, "target_weights": ops.cast(valid, "float32")}
        if not self.decoder_inputs:
            return made
        start = self.pad_token_id if self.start_token_id is None else self.start_token_id
        begin = ops.full_like(targets[:, :1], start)
        made["decoder_token_ids"] = ops.concatenate([begin, targets[:, :-1]], axis=1)
        made["decoder_padding_mask"] = ops.concatenate([ops.ones_like(valid[:, :1]), valid[:, :-1]], axis=1)
        return made

    def _without_end(self, tokens: Tokens) -> Tensor | None:
        """Boolean (batch,), which sequences do not end with the end."""
        if self.end_token_id is None:
            return None
        valid, length = tokens.valid, ops.shape(tokens.valid)[1]
        last = length - 1 - ops.cast(ops.argmax(ops.flip(valid, axis=1), axis=1), "int32")
        return ops.logical_not(is_any(gather_tokens(tokens.ids, last[:, None]), [self.end_token_id])[:, 0])

    def _sentinel(self, index: Tensor, ids: Tensor) -> Tensor:
        table = ops.convert_to_tensor(np.array(self._sentinels, "int32"))
        index = ops.minimum(ops.maximum(index, 0), len(self._sentinels) - 1)
        return ops.cast(ops.take(table, index, axis=0), ids.dtype)

    def _most_noise(self, length: int) -> tuple[int, int]:
        return most_noise(length, max(self.noise_density), self.mean_noise_span_length, len(self._sentinels))

    def _encoder_width(self, length: Any) -> Any:
        return length if self.encoder_sequence_length is None else self.encoder_sequence_length

    def _decoder_width(self, length: Any) -> Any:
        """Of inputs of a length that may be a tensor, or `None` where nobody knows."""
        end = int(self.end_token_id is not None)
        if self.decoder_sequence_length is not None or length is None:
            return self.decoder_sequence_length
        if self.unit == "word":
            return length + end
        if isinstance(length, int):
            return max(sum(self._most_noise(length)) + end, 1)
        density = ops.convert_to_tensor([max(self.noise_density)])
        count = ops.reshape(ops.cast(length, "int32"), (1,))
        noise, spans = noise_counts(count, density, self.mean_noise_span_length, len(self._sentinels))
        return ops.maximum((noise + spans)[0] + end, 1)

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        ids = fields["token_ids"]
        axis, encoder = len(ids.shape) - 1, self._encoder_width(ids.shape[-1])
        moved = {name: one for name, one in fields.items() if name in self._fills(fields)}
        moved = {
            name: keras.KerasTensor((*one.shape[:axis], encoder, *one.shape[axis + 1 :]), one.dtype)
            for name, one in moved.items()
        }
        shape = (*ids.shape[:-1], self._decoder_width(ids.shape[-1]))
        dtypes = {"target_ids": ids.dtype, "target_weights": "float32"}
        if self.decoder_inputs:
            dtypes |= {"decoder_token_ids": ids.dtype, "decoder_padding_mask": "bool"}
        mask = {"padding_mask": keras.KerasTensor((*ids.shape[:-1], encoder), "bool")}
        made = {name: keras.KerasTensor(shape, dtype) for name, dtype in dtypes.items()}
        return {**mask, **super()._spec(fields), **moved, **made}


_NOT_COPIED = ("token_labels", "word_ids")  # to new tokens, which stand for many, or for none


def _filling(fill: float) -> Any:
    return lambda values: ops.full_like(values, fill)


def _optional(value: Any, name: str, layer: str, low: int) -> int | None:
    return None if value is None else as_integer(value, name, layer, low=low)


def _sentinels(vocabulary_size: int | None, ids: Sequence[int] | None, layer: str) -> list[int]:
    """Ids of sentinels, in order."""
    if (vocabulary_size is None) == (ids is None):
        raise ValueError(
            f"{layer} expects vocabulary_size or sentinel_token_ids, and not both. Received: "
            f"vocabulary_size={vocabulary_size!r}, sentinel_token_ids={ids!r}."
        )
    if vocabulary_size is not None:
        return list(range(vocabulary_size - 1, max(vocabulary_size - 1 - _SENTINELS, -1), -1))
    if len(as_ids(ids, "sentinel_token_ids", layer)) != len(ids or ()) or not ids:
        raise ValueError(f"{layer} expects sentinel_token_ids, distinct ids. Received: sentinel_token_ids={ids!r}.")
    return [int(one) for one in ids]
