"""Dropout of words from bags of words."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_range, one_of
from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor, ops, select_rows
from kerasaug.draw import Rng
from kerasaug.modality import COUNTS
from kerasaug.ops.bits import to_unit
from kerasaug.ops.thinning import dropped
from kerasaug.ops.tokens.selection import bits_for
from kerasaug.params import Params
from kerasaug.params import chosen as chosen_in
from kerasaug.registry import register
from kerasaug.stages import ANY

UNITS = ("word", "occurrence")


@register
class CountDropout(Augmentation):
    """Drops words from bags of words: all of a word's occurrences at once, or each by itself.

    What stays is not scaled up. Other features of words, such as TF-IDF, are dropped like counts: of 2.5, each of three
    occurrences is a third.

    Targets: `counts`; whatever else there is stays.

    Args:
        rate: Probability with which a word, or an occurrence, is dropped, from 0 to 1, or a pair from which each sample
            draws its own.
        unit: `"word"` (the default) tosses a coin for each word of the vocabulary, and its count is 0 or stays;
            `"occurrence"` one for each occurrence, so that counts are thinned (binomially), as if words had been
            deleted from the text. Of occurrences beyond 1024 of one word, the share that is expected goes.
        **kwargs: `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        Counts `(batch, vocabulary)` or `(vocabulary,)`, integers or floats, or a dict with `counts`.

    Output shape:
        The input's, floats.

    Raises:
        ValueError: When an argument, or a shape, cannot be.

    Example:

    ```python
    drop = kerasaug.layers.CountDropout(0.2, unit="occurrence", seed=1)
    drop(np.array([[3, 0, 1, 12], [0, 2, 0, 40]])).shape  # (2, 4)
    ```

    Reference:
        Wei and Zou, "EDA: Easy Data Augmentation Techniques", 2019: random deletion, seen from the bag.
    """

    modality = COUNTS
    materializes = True  # a loop's result is, and a coin for each word is cheap

    def __init__(self, rate: float | Sequence[float], unit: str = "word", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = as_range(rate, "rate", "CountDropout", 0.0, 1.0, single="both")
        self.unit = one_of(unit, UNITS, "unit", "CountDropout")

    def draw_params(self, rng: Rng) -> Params:
        """A rate, and a key from which each word gets its random bits."""
        low, high = sorted(self.rate)
        return {"rate": rng.uniform(low, high, neutral=0.0), "key": rng.key()}

    def fusion_key(self) -> Any:
        """Dropouts share a compilation."""
        return ANY

    @classmethod
    def fused(cls, layers: Sequence[Any], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """Op after op."""
        counts = ops.cast(fields["counts"], "float32")
        for layer, one in zip(layers, params, strict=True):
            own = ops.broadcast_to(chosen_in(one, counts)[:, 0], ops.shape(counts)[:1])
            counts = select_rows(own, layer.thinned(counts, one), counts)
        return {**fields, "counts": counts}

    def thinned(self, counts: Tensor, params: Params) -> Tensor:
        """float32 (batch, vocabulary); parameters made by hand may say what goes, by `"dropped"`, of that shape."""
        gone = params.get("dropped")
        if self.unit == "word":
            gone = to_unit(bits_for(params["key"], counts)) < params["rate"][:, None] if gone is None else gone
            return ops.where(ops.cast(gone, "bool"), 0.0, counts)
        whole = ops.ceil(ops.clip(counts, 0.0, 2.0**30))
        gone = dropped(params["key"], ops.cast(whole, "int32"), params["rate"]) if gone is None else gone
        left = whole - ops.cast(gone, "float32")
        return ops.where(left == whole, counts, counts / ops.maximum(whole, 1.0) * left)
