"""EDA: four edits of text, one for each sample."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kerasaug import backend
from kerasaug.arguments import as_integer, as_number
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.text.random_deletion import RandomDeletion
from kerasaug.layers.text.random_insertion import RandomInsertion
from kerasaug.layers.text.random_swap import RandomSwap
from kerasaug.layers.text.synonym_replacement import SynonymReplacement
from kerasaug.modality import TOKENS
from kerasaug.policy import Policy
from kerasaug.registry import register

ALPHAS = ("alpha_sr", "alpha_ri", "alpha_rs", "p_rd")


@register
class EasyDataAugmentation(Policy):
    """Applies one of EDA's four edits to each sequence, drawn for each on its own, each as likely.

    They are `SynonymReplacement`, `RandomInsertion` and `RandomSwap`, of ⌊α · n⌋ of the n tokens (or words) and at
    least one, and `RandomDeletion`, of each with probability `p_rd`. An edit whose α is 0 is left out. Insertion takes
    the place of padding: sequences without any stay as they are where it is drawn.

    Called, the layer returns each sample once, augmented: other versions of it in each epoch. What EDA writes to a
    file, `num_aug` versions of each text and the text itself, `expand` returns.

    Targets: whatever has an entry for each token moves along, and positions of spans, which are never touched.

    Args:
        synonyms: Table of synonyms by token id, see `kerasaug.layers.SynonymReplacement`.
        synonym_counts: How many synonyms each token has, likewise.
        alpha_sr: Share of the tokens (or words) that synonyms replace. Defaults to 0.1.
        alpha_ri: Share of those of which a synonym is inserted. Defaults to 0.1.
        alpha_rs: How many swaps there are, of the number of tokens. Defaults to 0.1.
        p_rd: Probability with which each is deleted. Defaults to 0.1.
        num_aug: How many versions of each sample `expand` makes. Defaults to 9.
        special_token_ids: Ids of tokens such as [CLS] and [SEP], which are never touched. Defaults to none.
        skip_list: Ids of other tokens that stay as they are, in all edits; for words that are only not to be replaced,
            such as stop words in EDA, let `synonyms` have none.
        pad_token_id: Id that fills the places that become free. Defaults to 0.
        unit: `"subword"`, or `"word"` for whole words, which `word_ids` tell.
        aligned: Names of further tensors that move along, see `kerasaug.layers.TokenEdit`.
        padding_side: `"right"` (the default) or `"left"`, for sequences that fill their rows.
        ignore_class: What fills `token_labels` where padding comes to be. Defaults to -100.
        inserted_labels: The `token_labels` of inserted tokens, see `kerasaug.layers.RandomInsertion`, as for the next
            two.
        outside_class: Label of what is no entity. Defaults to 0.
        continuation: What `inserted_labels="inherit"` makes of a label.
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation`.

    Input shape:
        Integers `(batch, length)` or `(length,)`, or a dict with `token_ids`, and `padding_mask` at best.

    Output shape:
        The input's; of `expand`, `num_aug + 1` times as many samples.

    Raises:
        ValueError: When an argument cannot be, every α is 0, the dtype of the ids is too small for those of the
            table, or `unit="word"` finds no `word_ids`.

    Example:

    ```python
    synonyms = np.tile(np.arange(200)[:, None], (1, 2))
    synonyms[7], synonyms[9] = [17, 27], [19, 9]  # two synonyms of token 7, one of 9
    eda = kerasaug.layers.EasyDataAugmentation(synonyms, num_aug=4, special_token_ids=[101, 102], seed=1)
    batch = {"token_ids": np.array([[101, 7, 8, 9, 10, 102, 0, 0]]), "labels": np.array([1])}
    augmented = eda(batch)
    assert eda.expand(batch)["token_ids"].shape == (5, 8)  # four versions, and the text itself
    ```

    Reference:
        Wei and Zou, "EDA: Easy Data Augmentation Techniques for Boosting Performance on Text Classification Tasks",
        EMNLP 2019; its code deals the four edits out evenly among the versions of a text, `expand` draws for each.
    """

    modality = TOKENS

    def __init__(
        self,
        synonyms: Any,
        synonym_counts: Any = None,
        alpha_sr: float = 0.1,
        alpha_ri: float = 0.1,
        alpha_rs: float = 0.1,
        p_rd: float = 0.1,
        num_aug: int = 9,
        special_token_ids: Sequence[int] | None = None,
        skip_list: Sequence[int] | None = None,
        pad_token_id: int = 0,
        unit: str = "subword",
        aligned: Sequence[str] | Mapping[str, float] | None = None,
        padding_side: str = "right",
        ignore_class: int = -100,
        inserted_labels: str = "ignore",
        outside_class: int = 0,
        continuation: Mapping[int, int] | Sequence[int] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        name = "EasyDataAugmentation"
        given = (alpha_sr, alpha_ri, alpha_rs, p_rd)
        alphas = [float(as_number(one, what, name, 0.0, 1.0)) for what, one in zip(ALPHAS, given, strict=True)]
        if not any(alphas):
            raise ValueError(f"{name} expects one of {', '.join(ALPHAS)} to be more than 0. Received: all 0.")
        own: dict[str, Any] = {"special_token_ids": special_token_ids, "skip_list": skip_list, "unit": unit}
        own |= {"pad_token_id": pad_token_id, "padding_side": padding_side, "aligned": aligned}
        own |= {"ignore_class": ignore_class}
        labels: dict[str, Any] = {"inserted_labels": inserted_labels, "outside_class": outside_class}
        labels |= {"continuation": continuation}
        replace = SynonymReplacement(alphas[0], synonyms, synonym_counts, **own)
        insert = RandomInsertion(alphas[1], replace.synonyms, **labels, **own)
        swap = RandomSwap(alphas[2], count="exact", **own)
        super().__init__([replace, insert, swap, RandomDeletion(alphas[3], **own)], seed=seed, **kwargs)
        self.alpha_sr, self.alpha_ri, self.alpha_rs, self.p_rd = alphas
        self.num_aug = as_integer(num_aug, "num_aug", name, low=1)
        self.table, self.synonyms, self.synonym_counts = replace.table, replace.synonyms, replace.synonym_counts
        for argument in own:
            setattr(self, argument, getattr(replace, argument))
        for argument in labels:
            setattr(self, argument, getattr(insert, argument))

    def choose(self, rng: Rng) -> Tensor:
        """One of the edits whose α is not 0."""
        return rng.categorical([float(getattr(self, one) > 0.0) for one in ALPHAS])[:, None]

    def expand(self, data: Any) -> Any:
        """Makes `num_aug` versions of each sample, followed by the sample itself.

        `dataset.batch(32).map(eda.expand)` enlarges batches, and `dataset.map(eda.expand).unbatch()` a dataset.

        Args:
            data: What the layer is called with. In a dict, whatever has a row for each sample is repeated.

        Returns:
            The same, of `(num_aug + 1)` times as many samples; of `num_aug + 1` for one sample without a batch.
        """
        with backend.dataset_scope():
            batched, times = self._unpack(data).batched, self.num_aug + 1
            rows = _each(lambda value: _repeated(value, times, batched), data)
            made = self.apply(rows, self.draw(rows))
            last = ops.arange(ops.shape(self._unpack(rows).fields[self.main])[0], dtype="int32") % times == times - 1
            return _each(lambda own, new: _where(last, own, new), rows, made)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the table packed."""
        config = {**super().get_config(), **self.table.config()}
        del config["layers"]
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer of these arguments."""
        return cls(**config)


def _each(function: Callable[..., Any], *data: Any) -> Any:
    """A function of what a sample holds, however deep dicts lie in each other; a list is a tensor yet to be."""
    if not isinstance(data[0], Mapping):
        return function(*data)
    return {key: _each(function, *(one[key] for one in data)) for key in data[0]}


def _repeated(value: Any, times: int, batched: bool) -> Any:
    """Each row `times` times."""
    value = value if hasattr(value, "dtype") else np.asarray(value)
    value = value if batched else value[None]
    return np.repeat(value, times, axis=0) if isinstance(value, np.ndarray) else ops.repeat(value, times, axis=0)


def _where(which: Tensor, own: Any, new: Any) -> Any:
    """Rows of `own` where `which` holds; what no layer knows is its own."""
    if own is new:
        return own
    shaped = ops.reshape(which, (-1,) + (1,) * (len(new.shape) - 1))
    return ops.where(shaped, ops.convert_to_tensor(own, dtype=new.dtype), new)
