"""Random cropping of token sequences."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from kerasaug.arguments import as_integer, as_range, one_of
from kerasaug.backend import Tensor, gather_tokens, ops
from kerasaug.draw import Rng
from kerasaug.layers.text.base import TokenEdit
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.tokens.change import POSITIONS, Change, carried
from kerasaug.ops.tokens.cropping import fitting, longest, windows
from kerasaug.ops.tokens.insertion import outside_spans
from kerasaug.ops.tokens.movement import compacted
from kerasaug.ops.tokens.pairing import word_starts
from kerasaug.ops.tokens.runs import Tally, runs_of
from kerasaug.ops.tokens.selection import number, places
from kerasaug.params import Params
from kerasaug.registry import register

PAIRS = ("each", "longest")


@register
class RandomSequenceCrop(TokenEdit):
    """Keeps a random run of the tokens, or the words, of each sequence; what stands before and after it is cut off.

    Special tokens stay, and protected ones too. Every run is as likely, but where there is an answer, it is one that
    holds it, if it is long enough. At least one token (or word) of each segment stays.

    With a `length`, sequences come back that long, in training and otherwise. Those that are longer are cut down: a
    random run of those that are augmented, the beginning of the others; of a pair, the longer segment gives way first.

    Targets: whatever has an entry for each token moves along, and positions of spans, which are never touched.

    Args:
        length: Number of places of the sequences that come back, at most: shorter ones stay as they are. Defaults to
            `None`, for as many as there were. Special tokens count, and stay if they fit in.
        rate: Share of the tokens (or words) that are cut off, from 0 to 1, or a pair from which each sample draws its
            own. Defaults to (0, 0.5).
        pairs: `"each"` (the default) cuts that share off each segment of a pair, `"longest"` off the longest alone.
        **kwargs: `special_token_ids`, `skip_list`, `pad_token_id`, `unit`, `aligned` and `ignore_class`, see
            `kerasaug.layers.TokenEdit`; `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        Integers `(batch, length)` or `(length,)`, or a dict with `token_ids`, and `padding_mask` at best.

    Output shape:
        The input's, or `(batch, length)`, `(length,)`. What is cut off becomes padding, at the end, or at the beginning
        where that is padded already.

    Raises:
        ValueError: When an argument cannot be, or `unit="word"` finds no `word_ids`.

    Example:

    ```python
    crop = kerasaug.layers.RandomSequenceCrop(length=6, rate=(0.0, 0.3), special_token_ids=[101, 102], seed=1)
    batch = crop({
        "token_ids": np.array([[101, 7, 8, 9, 10, 11, 12, 102, 0]]),
        "padding_mask": np.array([[1, 1, 1, 1, 1, 1, 1, 1, 0]]),
        "token_labels": np.array([[-100, 0, 1, 2, 0, 0, 1, -100, -100]]),
    })
    batch["token_ids"].shape  # (1, 6)
    ```

    Reference:
        nlpaug's `RandomWordAug(action="crop")`, which cuts out a run instead; segments are cut down to a length as
        `tensorflow_text.RoundRobinTrimmer` does it.
    """

    def __init__(
        self,
        length: int | None = None,
        rate: float | Sequence[float] = (0.0, 0.5),
        pairs: str = "each",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        name = "RandomSequenceCrop"
        self.length = None if length is None else as_integer(length, "length", name, 1)
        self.rate = as_range(rate, "rate", name, 0.0, 1.0, single="both")
        self.pairs = one_of(pairs, PAIRS, "pairs", name)

    def draw_params(self, rng: Rng) -> Params:
        """A rate, and a key for where the runs begin."""
        low, high = sorted(self.rate)
        return {"rate": rng.uniform(low, high, neutral=0.0), "key": rng.key()}

    def edit(self, tokens: Tokens, params: Params) -> Change:
        """Closes ranks over what is outside of the windows."""
        inner = tokens.valid & ops.logical_not(tokens.special)
        runs = runs_of(tokens.segments)
        of_tokens = runs.tally(inner)
        tally, rank, loose = of_tokens, of_tokens.rank, tokens.eligible
        if self.unit == "word":
            words = tokens.words(self._label)
            begins = word_starts(words)[0]
            tally, loose = runs.tally(begins), words.spread(words.eligible)
            rank = tally.rank + ops.cast(begins, "int32") - 1
        keep = self._kept(tally, params["rate"])
        if self.length is not None:
            fits = runs.tally(self._fitting(tokens, of_tokens, self.length)).total
            keep = ops.minimum(keep, tally.total * fits // ops.maximum(of_tokens.total, 1))
        keep = ops.minimum(ops.maximum(keep, 1), tally.total)
        inside = windows(tally, keep, rank, self._answers(tokens), params["key"])
        source, valid = compacted(inside | ops.logical_not(loose), tokens.valid, tokens.left)
        return Change(source, valid)

    def edited(self, fields: dict[str, Any], params: Params) -> dict[str, Any]:
        """The fields that change; with a length, also of sequences that were not chosen."""
        changed = super().edited(fields, params)
        return {**changed, **self._shortened({**fields, **changed})}

    def infer(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Cut down to the length, where there is one."""
        fields = super().infer(fields)
        return {**fields, **self._shortened(fields)}

    def output_shape_of(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """No more places than `length`."""
        if self.length is None or shape[-1] is None:
            return shape
        return (*shape[:-1], min(shape[-1], self.length))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shapes of whatever has an entry for each token."""
        result = super().compute_output_shape(input_shape)
        if not isinstance(input_shape, Mapping):
            return result
        names, main = self._kind_names(), input_shape[self._kind_names()[self.main]]
        aligned = {names[kind]: len(main) - 1 for kind in self._fills({}) if kind != self.main}
        shapes = {name: self._cut(result[name], axis) for name, axis in aligned.items() if name in result}
        return {**result, **shapes}

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        axis, result = len(fields[self.main].shape) - 1, super()._spec(fields)
        for kind in self._fills(fields):
            if kind in fields and kind != self.main:
                shape = self._cut(tuple(fields[kind].shape), axis)
                result[kind] = keras.KerasTensor(shape, dtype=fields[kind].dtype)
        return result

    def _cut(self, shape: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
        return (*self.output_shape_of(tuple(shape[: axis + 1])), *shape[axis + 1 :])

    def _kept(self, tally: Tally, rate: Tensor) -> Tensor:
        """int32, as `tally.total`: how many tokens, or words, of each segment the rate leaves."""
        cut = ops.cast(ops.floor(rate[:, None] * ops.cast(tally.total, "float32") + 1e-4), "int32")  # 0.29 · 100
        if self.pairs == "longest":
            cut = ops.where(longest(tally), cut, 0)
        return tally.total - cut

    def _answers(self, tokens: Tokens) -> Tensor | None:
        """Boolean (batch, length), which tokens are part of a span; `None` where there are no spans."""
        if any(name not in tokens.fields for name in POSITIONS):
            return None
        start, end = (ops.cast(tokens.fields[name], "int32") for name in POSITIONS)
        behind = end + ops.cast(end > 0, "int32")  # from 0 to 0 is none
        return ops.logical_not(outside_spans(tokens.ids, start, behind))

    def _fitting(self, tokens: Tokens, tally: Tally, length: int) -> Tensor:
        """Boolean (batch, length), the tokens between special ones that so many places have room for."""
        inner = tokens.valid & ops.logical_not(tokens.special)
        free = length - number(tokens.valid & tokens.special)
        return fitting(inner, tally.rank, inner & ops.logical_not(tokens.eligible), free)

    def _shortened(self, fields: dict[str, Any]) -> dict[str, Any]:
        """What has changed where sequences are cut down to the length."""
        width = fields["token_ids"].shape[1]
        if self.length is None or (width is not None and width <= self.length):
            return {}
        tokens = self.read(fields)
        inner = tokens.valid & ops.logical_not(tokens.special)
        kept = tokens.special | self._fitting(tokens, runs_of(tokens.segments).tally(inner), self.length)
        source, valid = compacted(kept, tokens.valid, tokens.left)
        fills = self._fills(fields)
        result = carried(fields, fills, Change(source, valid), tokens.valid, {})
        first = ops.minimum(ops.cast(ops.argmax(valid, axis=1), "int32"), ops.shape(valid)[1] - self.length)
        first = ops.maximum(first, 0)[:, None]
        index = first + places(valid)[:, : self.length]
        for name in fills:
            if name in result:
                result[name] = gather_tokens(result[name], index)
        for name in POSITIONS:
            if name in result:
                away = ops.cast(first if len(result[name].shape) == 2 else first[:, 0], result[name].dtype)
                result[name] = ops.maximum(result[name] - away, 0)
        return result
