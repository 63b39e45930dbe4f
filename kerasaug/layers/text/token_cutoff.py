"""Cutoff of tokens of a sequence of vectors."""

from kerasaug.backend import Tensor, ops
from kerasaug.layers.text.vectors import PlaceCutoff, share_of
from kerasaug.ops.tokens.selection import bits_for, number, take
from kerasaug.params import Params
from kerasaug.registry import register


@register
class TokenCutoff(PlaceCutoff):
    """Zeroes the vectors of some tokens of each sequence, all of their features, and takes them out of its mask.

    Token labels stay.

    Targets: `embeddings`, and `padding_mask` where `cut_mask`; whatever else there is stays.

    Args:
        rate: Share of the tokens, from 0 to 1, or a pair from which each sample draws its own. ⌊rate · n⌋ of n tokens
            that are no padding are cut, which may be none.
        cut_mask: Whether what is cut becomes padding too, in `padding_mask` and in the mask that Keras hangs on
            tensors. Defaults to `True`.
        keep_first: Whether the first token, such as [CLS], is never cut. Defaults to `True`, unlike in the paper's
            code. Other tokens are protected by `protected_mask` in the data, boolean (batch, length).
        **kwargs: `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        `(batch, length, features)` or `(length, features)`, or a dict with `embeddings`, and `padding_mask` at best.

    Output shape:
        The input's.

    Raises:
        ValueError: When an argument, or a shape, cannot be.

    Example:

    ```python
    tokens = keras.Input((16,), dtype="int32")
    x = keras.layers.Embedding(100, 8, mask_zero=True)(tokens)
    x = kerasaug.layers.TokenCutoff(0.15)(x)  # in training alone; the layers above see it by its mask
    x = keras.layers.GlobalAveragePooling1D()(x)
    model = keras.Model(tokens, keras.layers.Dense(2)(x))
    ```

    Reference:
        Shen et al., "A simple but tough-to-beat data augmentation approach for natural language understanding and
        generation", arXiv:2009.13818.
    """

    def taken(self, valid: Tensor, eligible: Tensor, params: Params) -> Tensor:
        """Any of them; parameters made by hand may say which, by `"cut"`, boolean (batch, length)."""
        if "cut" in params:
            return ops.cast(params["cut"], "bool")
        return take(bits_for(params["key"], valid), eligible, share_of(params["rate"], number(valid)))
