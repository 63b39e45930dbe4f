"""Noise in the case of words."""

from collections.abc import Sequence
from typing import Any

from kerasaug.text.strings.document import Document
from kerasaug.text.strings.draws import Draws
from kerasaug.text.strings.edits import Edit
from kerasaug.text.strings.op import Choices, RatedOp
from kerasaug.text.strings.punctuation import as_hows

CASES = {
    "upper": str.upper,
    "lower": str.lower,
    "title": lambda word: word[:1].upper() + word[1:].lower(),
    "swap": str.swapcase,
}


class CaseNoise(RatedOp):
    """Changes the case of words.

    Choices: `units`, which words, and `hows`, which case each gets.

    Args:
        rate: Share of the words that have a case, from 0 to 1, or a pair from which each text draws its own. Defaults
            to 0.1.
        how: What may happen: some of `"upper"`, `"lower"`, `"title"` and `"swap"`. Defaults to all.
        count: `"bernoulli"` (the default) tosses a coin for each; `"exact"` takes ⌊rate · n⌋ of n, and at least one.
        **kwargs: `p`, `unit`, `tokenizer`, `detokenizer` and `protected`, see `StringOp`.

    Example:

    ```python
    from kerasaug.text import strings

    assert strings.CaseNoise(1.0, how="upper", protected=["two"])("one two", seed=1) == "ONE two"
    ```
    """

    def __init__(
        self,
        rate: float | Sequence[float] = 0.1,
        how: str | Sequence[str] = tuple(CASES),
        count: str = "bernoulli",
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, count, **kwargs)
        self.how = as_hows(how, list(CASES), "CaseNoise")

    def choose(self, document: Document, draws: Draws) -> Choices:
        """Words that have a case, and another one."""
        cased = [i for i in document.words if document.surfaces[i] != document.surfaces[i].swapcase()]
        units = draws.taken(cased, self.rate, self.count)
        return {"units": units, "hows": [self.how[draws.below(len(self.how))] for _ in units]}

    def edits(self, document: Document, choices: Choices) -> list[Edit]:
        """Each word in its other case."""
        return [
            Edit(i, CASES[how](document.surfaces[i])) for i, how in zip(choices["units"], choices["hows"], strict=True)
        ]
