"""Cutoff of a span of a sequence of vectors."""

from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.text.vectors import PlaceCutoff, share_of
from kerasaug.ops.tokens.selection import number, places
from kerasaug.params import Params
from kerasaug.registry import register


@register
class SpanCutoff(PlaceCutoff):
    """Zeroes the vectors of one span of each sequence, tokens side by side, and takes them out of its mask.

    Every span that fits is as likely. Token labels stay.

    Targets: `embeddings`, and `padding_mask` where `cut_mask`; whatever else there is stays.

    Args:
        rate: Length of the span as a share of the tokens, from 0 to 1, or a pair from which each sample draws its own:
            ⌊rate · n⌋ of n tokens that are no padding, which may be none.
        cut_mask: Whether what is cut becomes padding too, in `padding_mask` and in the mask that Keras hangs on
            tensors. Defaults to `True`.
        keep_first: Whether the first token, such as [CLS], is never cut. Defaults to `True`, unlike in the paper's
            code. Other tokens are protected by `protected_mask` in the data, boolean (batch, length), and stay where a
            span goes over them.
        **kwargs: `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        `(batch, length, features)` or `(length, features)`, or a dict with `embeddings`, and `padding_mask` at best.

    Output shape:
        The input's.

    Raises:
        ValueError: When an argument, or a shape, cannot be.

    Example:

    ```python
    cut = kerasaug.layers.SpanCutoff((0.1, 0.3), seed=1)
    batch = cut({"embeddings": np.ones((2, 8, 4)), "padding_mask": np.array([[1] * 8, [1] * 5 + [0] * 3])})
    ```

    Reference:
        Shen et al., "A simple but tough-to-beat data augmentation approach for natural language understanding and
        generation", arXiv:2009.13818.
    """

    def draw_params(self, rng: Rng) -> Params:
        """A rate, and where the span lies, from 0 (at the beginning) to 1."""
        return {"rate": self.drawn_rate(rng), "place": rng.unit()}

    def taken(self, valid: Tensor, eligible: Tensor, params: Params) -> Tensor:
        """A span of those from the first on that may be cut."""
        count = number(valid)
        room = ops.maximum(count - int(self.keep_first), 0)
        size = ops.minimum(share_of(params["rate"], count), room)
        starts = ops.cast(room - size + 1, "float32")
        start = ops.minimum(ops.cast(ops.floor(params["place"] * starts), "int32"), room - size)
        at = places(valid) - self.first(valid) - start[:, None]
        return (at >= 0) & (at < size[:, None])
