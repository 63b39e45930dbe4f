"""Random insertion of punctuation."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasaug.arguments import as_number
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.text.arguments import as_ids
from kerasaug.layers.text.inserting import InsertionEdit
from kerasaug.layers.text.tokens import Tokens
from kerasaug.layers.text.written import check_written
from kerasaug.ops.bits import to_unit
from kerasaug.ops.tokens.change import Change
from kerasaug.ops.tokens.insertion import at_most, opened, room
from kerasaug.ops.tokens.selection import bits_for, number, take
from kerasaug.params import Params
from kerasaug.registry import register


@register
class RandomPunctuation(InsertionEdit):
    """Inserts punctuation marks between the tokens, or the words, of each sequence: AEDA.

    Of a sequence of n tokens (or words), without special ones, 1 to ⌊ratio · n + 1⌋ get a mark behind them, as many as
    padding gives way to. Every number, every choice of them and every mark is as likely.

    Targets: whatever has an entry for each token moves along, and positions of spans, which are never touched.

    Args:
        punctuation_ids: Ids of the marks; AEDA's are those of `.`, `;`, `?`, `:`, `!` and `,`.
        ratio: Largest share of the tokens (or words) that get a mark, from 0 to 1. Defaults to 0.3, AEDA's.
        inserted_labels: The `token_labels` of marks, `"ignore"` (the default), `"outside"` or `"inherit"`: see
            `kerasaug.layers.RandomInsertion`, as for the next two.
        outside_class: Label of what is no entity. Defaults to 0.
        continuation: What `"inherit"` makes of a label.
        **kwargs: `special_token_ids`, `skip_list`, `pad_token_id`, `unit`, `aligned` and `ignore_class`, see
            `kerasaug.layers.TokenEdit`; `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        Integers `(batch, length)` or `(length,)`, or a dict with `token_ids`, and `padding_mask` at best.

    Output shape:
        The input's; padding becomes marks.

    Raises:
        ValueError: When an argument cannot be, the dtype of the ids is too small for those of the marks, or
            `unit="word"` finds no `word_ids`.

    Example:

    ```python
    punctuate = kerasaug.layers.RandomPunctuation([1012, 1010, 1029], special_token_ids=[101, 102], seed=1)
    batch = punctuate({
        "token_ids": np.array([[101, 7, 8, 9, 10, 102, 0, 0]]),
        "padding_mask": np.array([[1, 1, 1, 1, 1, 1, 0, 0]]),
    })
    ```

    Reference:
        Karimi, Rossi and Prati, "AEDA: An Easier Data Augmentation Technique for Text Classification", 2021; it puts
        marks before words, this behind them.
    """

    def __init__(
        self,
        punctuation_ids: Sequence[int],
        ratio: float = 0.3,
        inserted_labels: str = "ignore",
        outside_class: int = 0,
        continuation: Mapping[int, int] | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(inserted_labels, outside_class, continuation, **kwargs)
        self.punctuation_ids = as_ids(punctuation_ids, "punctuation_ids", "RandomPunctuation")
        if not self.punctuation_ids:
            raise ValueError(
                f"RandomPunctuation expects punctuation_ids, at least one. Received: {punctuation_ids!r}. Pass the ids "
                "that the tokenizer has for marks."
            )
        self.ratio = float(as_number(ratio, "ratio", "RandomPunctuation", 0.0, 1.0))

    def draw_params(self, rng: Rng) -> Params:
        """A ratio, where between 1 and the most the number lies, and a key for the gaps and the marks."""
        return {"ratio": rng.uniform(self.ratio, self.ratio, neutral=0.0), "share": rng.unit(), "key": rng.key()}

    def check(self, fields: dict[str, Any]) -> None:
        """Ids must hold those of the marks."""
        super().check(fields)
        check_written(fields, max(self.punctuation_ids), self._label)

    def edit(self, tokens: Tokens, params: Params) -> Change:
        """Parameters made by hand may say by `"taken"`, boolean (batch, length), which tokens get a mark."""
        gaps, free = self.gaps(tokens), room(tokens.valid, tokens.left)
        if "taken" in params:
            gaps = at_most(gaps & ops.cast(params["taken"], "bool"), free)
        else:
            count = _count(number(gaps), params["ratio"], params["share"])
            gaps = take(bits_for(params["key"], tokens.ids), gaps, ops.minimum(count, free))
        return opened(gaps, tokens.valid, tokens.left, self._marks(bits_for(params["key"], tokens.ids, 1)))

    def _marks(self, bits: Tensor) -> Tensor:
        index = ops.cast(ops.floor(to_unit(bits) * len(self.punctuation_ids)), "int32")
        return ops.take(ops.convert_to_tensor(np.array(self.punctuation_ids, "int32")), index)


def _count(each: Tensor, ratio: Tensor, share: Tensor) -> Tensor:
    """int32 (batch,), uniform over 1, …, ⌊ratio · n + 1⌋."""
    most = ops.floor(ratio * ops.cast(each, "float32") + 1.0001)  # 0.29 · 100 is 28.999998
    return 1 + ops.cast(ops.floor(share * most), "int32")
