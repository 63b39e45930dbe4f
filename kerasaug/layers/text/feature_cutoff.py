"""Cutoff of features of a sequence of vectors."""

from collections.abc import Mapping
from typing import Any

from kerasaug.backend import Tensor, ops
from kerasaug.layers.text.vectors import Cutoff, share_of
from kerasaug.ops.bits import expand
from kerasaug.ops.tokens.selection import take
from kerasaug.params import Params
from kerasaug.registry import register


@register
class FeatureCutoff(Cutoff):
    """Zeroes some features of each sequence, the same in all of its tokens.

    Targets: `embeddings`; whatever else there is stays.

    Args:
        rate: Share of the features, from 0 to 1, or a pair from which each sample draws its own. ⌊rate · n⌋ of n are
            cut, which may be none.
        **kwargs: `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        `(batch, length, features)` or `(length, features)`, or a dict with `embeddings`.

    Output shape:
        The input's.

    Raises:
        ValueError: When an argument, or a shape, cannot be.

    Example:

    ```python
    x = kerasaug.layers.FeatureCutoff(0.25, seed=1)(np.ones((2, 8, 4)))
    assert np.sum(keras.ops.convert_to_numpy(x)[0, 0]) == 3
    ```

    Reference:
        Shen et al., "A simple but tough-to-beat data augmentation approach for natural language understanding and
        generation", arXiv:2009.13818.
    """

    def cut(self, fields: Mapping[str, Any], params: Params) -> Tensor:
        """Boolean (batch, 1, features); parameters made by hand may say it, by `"cut"`, boolean (batch, features)."""
        if "cut" in params:
            return ops.cast(params["cut"], "bool")[:, None]
        size = ops.shape(fields[self.main])[2]
        bits = expand(params["key"], size)
        return take(bits, ops.ones_like(bits, dtype="bool"), share_of(params["rate"], size))[:, None]
