"""Ops on words: swapped, deleted, dropped."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_flag
from kerasaug.text.strings.document import Document
from kerasaug.text.strings.draws import Draws
from kerasaug.text.strings.edits import Edit
from kerasaug.text.strings.op import Choices, RatedOp


class RandomSwap(RatedOp):
    """Swaps words with each other; spaces and punctuation stay where they are.

    Choices: `pairs` of units, swapped one after the other.

    Args:
        rate: Share of the words: how many swaps there are for each. Defaults to 0.1.
        count: `"exact"` (the default) makes ⌊rate · n⌋ swaps for n words, and at least one; `"bernoulli"` tosses a coin
            for each word.
        adjacent: Whether words are swapped with the next one only. Defaults to `False`.
        **kwargs: See `SynonymReplacement`.

    Example:

    ```python
    from kerasaug.text import strings

    assert strings.RandomSwap().apply("one, two three", {"pairs": [(0, 2)]}) == "two, one three"  # 1 is the comma
    ```

    Reference:
        Wei and Zou, "EDA: Easy Data Augmentation Techniques", 2019.
    """

    def __init__(
        self,
        rate: float | Sequence[float] = 0.1,
        count: str = "exact",
        adjacent: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, count, **kwargs)
        self.adjacent = as_flag(adjacent, "adjacent", "RandomSwap")

    def choose(self, document: Document, draws: Draws) -> Choices:
        """Pairs of different words."""
        words = document.words
        wanted = len(draws.taken(words, self.rate, self.count)) if len(words) > 1 else 0
        if self.adjacent:
            firsts = [draws.below(len(words) - 1) for _ in range(wanted)]
            return {"pairs": [(words[i], words[i + 1]) for i in firsts]}
        return {"pairs": [tuple(words[i] for i in draws.sample(len(words), 2)) for _ in range(wanted)]}

    def edits(self, document: Document, choices: Choices) -> list[Edit]:
        """What stands at each place after all swaps."""
        order = list(range(len(document)))
        for i, j in choices["pairs"]:
            if not (document.locked[i] or document.locked[j]):
                order[i], order[j] = order[j], order[i]
        return [Edit(i, document.surfaces[j], origin=j) for i, j in enumerate(order) if i != j]


class RandomDeletion(RatedOp):
    """Deletes words, with the space on one side; at least one word stays.

    Choices: `units`.

    Args:
        rate: Share of the words. Defaults to 0.1.
        count: `"bernoulli"` (the default) tosses a coin for each; `"exact"` takes ⌊rate · n⌋ of n, and at least one.
        **kwargs: See `SynonymReplacement`.

    Example:

    ```python
    from kerasaug.text import strings

    assert strings.RandomDeletion().apply("one two,  three", {"units": [1]}) == "one,  three"
    ```

    Reference:
        Wei and Zou, "EDA: Easy Data Augmentation Techniques", 2019.
    """

    def __init__(self, rate: float | Sequence[float] = 0.1, count: str = "bernoulli", **kwargs: Any) -> None:
        super().__init__(rate, count, **kwargs)

    def choose(self, document: Document, draws: Draws) -> Choices:
        """Words; one of them is spared where no other would stay."""
        units = draws.taken(document.words, self.rate, self.count)
        if units and len(units) == sum(kind != "mark" for kind in document.kinds):
            del units[draws.below(len(units))]
        return {"units": units}

    def edits(self, document: Document, choices: Choices) -> list[Edit]:
        """Nothing in the place of each."""
        return [Edit(i, None) for i in choices["units"]]


class WordDropout(RatedOp):
    """Replaces words by a token that says that a word is missing.

    Choices: `units`.

    Args:
        rate: Share of the words. Defaults to 0.1.
        token: What comes instead. Defaults to `"[UNK]"`.
        count: See `RandomDeletion`.
        **kwargs: See `SynonymReplacement`.

    Example:

    ```python
    from kerasaug.text import strings

    assert strings.WordDropout(1.0)("one, two", seed=1) == "[UNK], [UNK]"
    ```

    Reference:
        Bowman et al., "Generating Sentences from a Continuous Space", 2016.
    """

    def __init__(
        self,
        rate: float | Sequence[float] = 0.1,
        token: str = "[UNK]",
        count: str = "bernoulli",
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, count, **kwargs)
        if not isinstance(token, str) or not token:
            raise ValueError(f"WordDropout expects token, a string. Received: token={token!r}.")
        self.token = token

    def choose(self, document: Document, draws: Draws) -> Choices:
        """Words."""
        return {"units": draws.taken(document.words, self.rate, self.count)}

    def edits(self, document: Document, choices: Choices) -> list[Edit]:
        """The token in the place of each."""
        return [Edit(i, self.token) for i in choices["units"]]
