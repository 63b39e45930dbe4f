"""Ops that take a share of the tokens, or of the words, of each sequence."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kerasaug.arguments import as_integer, as_range, one_of
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.text.base import TokenEdit
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.tokens.selection import bits_for, by_rate
from kerasaug.params import Params

COUNTS = ("bernoulli", "exact")


class RatedEdit(TokenEdit):
    """Base of ops that act on a share of the tokens; a subclass writes `edit`, with `taken`.

    Args:
        rate: Share of the tokens (or words) that may be touched, from 0 to 1, or a pair from which each sample draws
            its own.
        count: `"bernoulli"` tosses a coin for each; `"exact"` takes ⌊rate · n⌋ of n, and at least one, as in EDA.
        **kwargs: See `TokenEdit`.
    """

    def __init__(self, rate: float | Sequence[float], count: str = "bernoulli", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        self.rate = as_range(rate, "rate", name, 0.0, 1.0, single="both")
        self.count = one_of(count, COUNTS, "count", name)

    def draw_params(self, rng: Rng) -> Params:
        """A rate, and a key from which each token gets its random bits."""
        low, high = sorted(self.rate)
        return {"rate": rng.uniform(low, high, neutral=0.0), "key": rng.key()}

    def taken(
        self, tokens: Tokens, params: Params, most: Tensor | int | None = None, among: Tensor | None = None
    ) -> Tensor:
        """Boolean (batch, length): the tokens that are touched.

        Parameters made by hand may say so themselves, by `"taken"`, boolean (batch, length).

        Args:
            tokens: The batch.
            params: What was drawn.
            most: How many tokens (or words) at most, a number or int32 (batch,).
            among: Boolean (batch, length), to which eligible tokens it is narrowed; words, to those of such tokens.
        """
        eligible = tokens.eligible if among is None else tokens.eligible & among
        if "taken" in params:
            return ops.cast(params["taken"], "bool") & eligible
        bits, exact = bits_for(params["key"], tokens.ids), self.count == "exact"
        if self.unit == "subword":
            return by_rate(bits, eligible, params["rate"], exact, most)
        words = replace(tokens, eligible=eligible).words(self._label)
        return words.spread(by_rate(bits, words.eligible, params["rate"], exact, most))


def as_most(value: Any, name: str, layer: str) -> int | None:
    """Reads a largest number of tokens, or `None` for no limit."""
    return None if value is None else as_integer(value, name, layer)
