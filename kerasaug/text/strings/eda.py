"""Easy data augmentation: several new texts of each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kerasaug.arguments import as_flag, as_integer, as_number
from kerasaug.text.lexicons.lexicon import Lexicon
from kerasaug.text.strings.draws import Draws, fresh_seed
from kerasaug.text.strings.op import TextOp, listed_texts
from kerasaug.text.strings.synonyms import RandomInsertion, SynonymReplacement
from kerasaug.text.strings.words import RandomDeletion, RandomSwap


class EasyDataAugmentation:
    """EDA: of each text several new ones, each made by one of four ops, and the text itself.

    The ops share the new texts equally, and which come in what order is drawn. An op whose α is 0 takes no part.

    Args:
        lexicon: See `SynonymReplacement`.
        alpha_sr: Share of the words that synonym replacement replaces. Defaults to 0.1.
        alpha_ri: Insertions for each word. Defaults to 0.1.
        alpha_rs: Swaps for each word. Defaults to 0.1.
        p_rd: Probability with which a word is deleted. Defaults to 0.1.
        num_aug: How many new texts there are of each. Defaults to 9.
        include_original: Whether the text itself comes too, as the last. Defaults to `True`.
        stopwords: See `SynonymReplacement`.
        **kwargs: `unit`, `tokenizer`, `detokenizer` and `protected`, see `StringOp`.

    Example:

    ```python
    from kerasaug.text import strings

    augment = strings.EasyDataAugmentation({"film": ["movie"]}, num_aug=4)
    texts = augment("a film about words", seed=1)
    assert len(texts) == 5 and texts[-1] == "a film about words"
    texts, labels = augment.expand(["a film", "a book"], [0, 1], seed=1)
    assert labels == [0] * 5 + [1] * 5
    ```

    Reference:
        Wei and Zou, "EDA: Easy Data Augmentation Techniques", 2019, and its defaults.
    """

    def __init__(
        self,
        lexicon: Lexicon | Mapping[str, Iterable[str]],
        alpha_sr: float = 0.1,
        alpha_ri: float = 0.1,
        alpha_rs: float = 0.1,
        p_rd: float = 0.1,
        num_aug: int = 9,
        include_original: bool = True,
        stopwords: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> None:
        name = "EasyDataAugmentation"
        stopwords = None if stopwords is None else list(stopwords)
        shares = {"alpha_sr": alpha_sr, "alpha_ri": alpha_ri, "alpha_rs": alpha_rs, "p_rd": p_rd}
        rates = {key: float(as_number(value, key, name, 0.0, 1.0)) for key, value in shares.items()}
        ops: dict[str, TextOp] = {
            "alpha_sr": SynonymReplacement(lexicon, rates["alpha_sr"], stopwords=stopwords, **kwargs),
            "alpha_ri": RandomInsertion(lexicon, rates["alpha_ri"], stopwords=stopwords, **kwargs),
            "alpha_rs": RandomSwap(rates["alpha_rs"], **kwargs),
            "p_rd": RandomDeletion(rates["p_rd"], **kwargs),
        }
        self.ops = [op for key, op in ops.items() if rates[key] > 0]
        if not self.ops:
            raise ValueError(f"{name} expects at least one α above 0. Received: {rates}.")
        self.num_aug = as_integer(num_aug, "num_aug", name, low=1)
        self.include_original = as_flag(include_original, "include_original", name)

    def __call__(self, text: Any, seed: int | None = None, spans: Sequence[Any] | None = None) -> Any:
        """Makes new texts of a text, or of each of a list.

        Args:
            text: A string, or a list, a tuple or a NumPy array of strings.
            seed: An integer. The same seed gives the same result. Defaults to one that nobody knows.
            spans: See `StringOp`.

        Returns:
            A list of strings, or a list of such lists; with `spans`, of pairs of a string and its spans.
        """
        key = fresh_seed() if seed is None else as_integer(seed, "seed", "EasyDataAugmentation", -(2**63), 2**63 - 1)
        if isinstance(text, str):
            return self.made(text, Draws(key, 0), spans)
        texts = listed_texts(text, "EasyDataAugmentation")
        if spans is not None and len(spans) != len(texts):
            raise ValueError(
                f"EasyDataAugmentation expects spans, a list for each of {len(texts)} texts. Received: {len(spans)}."
            )
        return [self.made(one, Draws(key, i), None if spans is None else spans[i]) for i, one in enumerate(texts)]

    def expand(
        self, texts: Sequence[str], labels: Sequence[Any], seed: int | None = None
    ) -> tuple[list[str], list[Any]]:
        """Makes a larger data set: all new texts in one list, each with the label of the text it was made of.

        Args:
            texts: Strings.
            labels: A label for each.
            seed: See `__call__`.
        """
        if len(texts) != len(labels):
            raise ValueError(
                f"EasyDataAugmentation expects a label for each of {len(texts)} texts. Received: {len(labels)}."
            )
        made = self(list(texts), seed)
        flat = [one for many in made for one in many]
        return flat, [label for many, label in zip(made, labels, strict=True) for _ in many]

    def plan(self, draws: Draws) -> list[int]:
        """Which op makes each of the new texts: of all ops equally many, in random order, and the first so many."""
        equally = [i for i in range(len(self.ops)) for _ in range(self.num_aug // len(self.ops) + 1)]
        return [equally[k] for k in draws.sample(len(equally), self.num_aug)]

    def made(self, text: str, draws: Draws, spans: Sequence[Any] | None = None) -> list[Any]:
        """All texts of one, with their spans where there are any."""
        plan = self.plan(draws)
        made: list[Any] = [self.ops[i].changed(text, draws.child(k), spans or ()) for k, i in enumerate(plan)]
        if self.include_original:
            made.append((text, list(spans or ())))
        return [one for one, _ in made] if spans is None else made
