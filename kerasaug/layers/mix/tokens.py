"""The family of ops that put a run of a partner's tokens into each sequence."""

from collections.abc import Mapping, Sequence
from typing import Any

from kerasaug.arguments import as_integer
from kerasaug.backend import Tensor, gather_rows, ops
from kerasaug.layers.mix.base import Mix
from kerasaug.layers.text.arguments import as_aligned, as_ids
from kerasaug.layers.text.tokens import Tokens, tokens_of
from kerasaug.modality import TOKENS
from kerasaug.ops.tokens.change import POSITIONS
from kerasaug.ops.tokens.selection import number
from kerasaug.ops.tokens.windows import fits, spliced
from kerasaug.params import Params

_STAY = ("padding_mask", "segment_ids")


class TokenMix(Mix):
    """Base of ops that replace a run of each sequence's tokens by as long a run of a partner's; an op writes `runs`.

    Targets: token_labels, offsets and whatever else has an entry for each token come along with the tokens, as they
    are: a mention that is cut in two stays so. word_ids of what comes get numbers of their own. Labels and sample
    weights are mixed by the share of the tokens that stay. Padding masks and segment_ids stay, since the length does.
    Positions of spans cannot be mixed and raise.

    Args:
        num_classes: Number of classes, for integer labels, which are encoded one-hot. One-hot labels need none.
        special_token_ids: Ids of tokens such as [CLS] and [SEP]: a run holds none, and replaces none.
        pad_token_id: What sequences end with that have no padding mask. Defaults to 0.
        aligned: Names of further tensors (batch, length, …) that come along.
        **kwargs: See `kerasaug.Augmentation`.
    """

    modality = TOKENS
    materializes = True

    def __init__(
        self,
        num_classes: int | None = None,
        special_token_ids: Sequence[int] | None = None,
        pad_token_id: int = 0,
        aligned: Sequence[str] | Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        self.aligned = as_aligned(aligned, name)
        super().__init__(num_classes=num_classes, **kwargs)
        self.special_token_ids = as_ids(special_token_ids, "special_token_ids", name)
        self.pad_token_id = as_integer(pad_token_id, "pad_token_id", name)

    @property
    def aligned_names(self) -> tuple[str, ...]:
        """Further tensors that have an entry for each token."""
        return tuple(self.aligned or ())

    def check(self, fields: dict[str, Any]) -> None:
        """No positions of spans, and labels that can be mixed."""
        super().check(fields)
        there = [name for name in POSITIONS if name in fields]
        if there:
            raise ValueError(
                f"{self._label} cannot mix positions of spans, and expects none. Received: {there}. Leave them, or the "
                "layer, out."
            )

    def length(self, count: Tensor, params: Params) -> Tensor:
        """int32 (batch,): how long the run should be, for the number of tokens that may be replaced."""
        raise NotImplementedError(f"{type(self).__name__} must implement `length(count, params)`.")

    def starts(self, tokens: Tokens, own: Tensor, other: Tensor, size: Tensor, params: Params) -> tuple[Tensor, Tensor]:
        """Where the run goes, and where in the partner it comes from, int32 (batch,) each.

        Args:
            tokens: The batch.
            own: Boolean (batch, length), the places where a run of the sequence's own may begin.
            other: The same of the partner's.
            size: int32 (batch,), how long it is.
            params: What was drawn.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `starts(tokens, own, other, size, params)`.")

    def mixed(self, fields: dict[str, Any], own: Tensor, params: Params) -> dict[str, Any]:
        """Tokens, and all that comes along."""
        tokens = tokens_of(fields, self.special_token_ids, (), self.pad_token_id)
        partner = params["partner"]
        count = number(tokens.eligible)
        size = ops.minimum(self.length(count, params), ops.minimum(count, gather_rows(count, partner)))
        places, theirs = fits(tokens.eligible, size), fits(gather_rows(tokens.eligible, partner), size)
        possible = own & (size > 0) & ops.any(places, axis=1) & ops.any(theirs, axis=1)
        size = ops.where(possible, size, 0)
        start, source = self.starts(tokens, places, theirs, size, params)
        result = dict(fields)
        for name in self._coming(fields):
            values = fields[name]
            other = gather_rows(values, partner)
            if name == "word_ids":  # words of the partner are none of the sequence's own
                other = ops.where(other < 0, other, other + ops.cast(ops.shape(values)[1], other.dtype))
            result[name] = spliced(values, other, start, source, size)[0]
        share = 1.0 - ops.cast(size, "float32") / ops.cast(ops.maximum(count, 1), "float32")
        mixed = self.mixed_labels({kind: fields[kind] for kind in _blended(fields)}, partner, share)
        return {**result, **mixed}

    def _coming(self, fields: Mapping[str, Any]) -> list[str]:
        """What has an entry for each token and comes along with it."""
        names = [*self.modality.aligned, *self.aligned_names, "sample_weight"]
        return [name for name in names if name in fields and name not in (*_STAY, *_blended(fields))]


def _blended(fields: Mapping[str, Any]) -> list[str]:
    """What there is one of for each sequence; weights may be of tokens instead."""
    of_tokens = len(getattr(fields.get("sample_weight"), "shape", ())) == 2
    return [kind for kind in ("labels", "sample_weight") if kind in fields and not (of_tokens and kind != "labels")]
