"""Ops on punctuation: inserted, as in AEDA, and damaged."""

import unicodedata
from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import one_of
from kerasaug.text.strings.document import Document
from kerasaug.text.strings.draws import Draws
from kerasaug.text.strings.edits import Edit
from kerasaug.text.strings.op import Choices, RatedOp
from kerasaug.text.strings.units import MARK

AEDA = (".", ",", "!", "?", ";", ":")
HOWS = ("delete", "repeat", "replace")


class PunctuationInsertion(RatedOp):
    """Inserts punctuation marks before words, as AEDA does.

    Choices: `gaps`, units before which a mark comes, and `marks`, which one.

    Args:
        rate: Of n words, from 1 to ⌊rate · n + 1⌋ get a mark before them, each number as likely. Defaults to 0.3.
        punctuation: The marks. Defaults to `. , ! ? ; :`.
        **kwargs: `p`, `unit`, `tokenizer`, `detokenizer` and `protected`, see `StringOp`.

    Example:

    ```python
    from kerasaug.text import strings

    insert = strings.PunctuationInsertion()
    assert insert.apply("one two", {"gaps": [1, 0], "marks": [0, 3]}) == "? one . two"
    ```

    Reference:
        Karimi et al., "AEDA: An Easier Data Augmentation Technique for Text Classification", 2021.
    """

    def __init__(self, rate: float | Sequence[float] = 0.3, punctuation: Sequence[str] = AEDA, **kwargs: Any) -> None:
        super().__init__(rate, "exact", **kwargs)
        self.punctuation = as_marks(punctuation, "PunctuationInsertion")

    def choose(self, document: Document, draws: Draws) -> Choices:
        """Different gaps, and a mark for each."""
        gaps = [i for i in document.gaps if i < len(document)]
        rate = draws.uniform(*self.rate)
        wanted = min(1 + draws.below(int(rate * len(gaps) + 1)), len(gaps)) if rate > 0 else 0
        places = sorted(gaps[i] for i in draws.sample(len(gaps), wanted))
        return {"gaps": places, "marks": [draws.below(len(self.punctuation)) for _ in places]}

    def edits(self, document: Document, choices: Choices) -> list[Edit]:
        """A mark in each gap."""
        pairs = zip(choices["gaps"], choices["marks"], strict=True)
        return [Edit(gap, self.punctuation[mark], insert=True) for gap, mark in pairs]


class PunctuationNoise(RatedOp):
    """Deletes, repeats or replaces punctuation marks of the text.

    Choices: `units`, which marks; `hows`, what becomes of each, and `marks`, by which it is replaced.

    Args:
        rate: Share of the marks, from 0 to 1, or a pair from which each text draws its own. Defaults to 0.1.
        how: What may happen: some of `"delete"`, `"repeat"` and `"replace"`. Defaults to all.
        punctuation: What replaces marks. Defaults to `. , ! ? ; :`.
        count: `"bernoulli"` (the default) tosses a coin for each; `"exact"` takes ⌊rate · n⌋ of n, and at least one.
        **kwargs: See `PunctuationInsertion`.

    Example:

    ```python
    from kerasaug.text import strings

    assert strings.PunctuationNoise(1.0, how=["delete"])("Well, (yes)!", seed=1) == "Well yes"
    ```
    """

    def __init__(
        self,
        rate: float | Sequence[float] = 0.1,
        how: Sequence[str] = HOWS,
        punctuation: Sequence[str] = AEDA,
        count: str = "bernoulli",
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, count, **kwargs)
        self.how = as_hows(how, HOWS, "PunctuationNoise")
        self.punctuation = as_marks(punctuation, "PunctuationNoise")

    def choose(self, document: Document, draws: Draws) -> Choices:
        """Marks, and what becomes of them."""
        marks = [
            i
            for i, kind in enumerate(document.kinds)
            if kind == MARK and not document.locked[i] and is_punctuation(document.surfaces[i])
        ]
        units = draws.taken(marks, self.rate, self.count)
        return {
            "units": units,
            "hows": [self.how[draws.below(len(self.how))] for _ in units],
            "marks": [draws.below(len(self.punctuation)) for _ in units],
        }

    def edits(self, document: Document, choices: Choices) -> list[Edit]:
        """What stands in the place of each; a mark goes without the spaces beside it."""
        edits = []
        for i, how, mark in zip(choices["units"], choices["hows"], choices["marks"], strict=True):
            surface = document.surfaces[i]
            results = {"delete": "", "repeat": surface * 2, "replace": self.punctuation[mark]}
            edits.append(Edit(i, results[how] or (None if document.text is None else "")))
        return edits


def is_punctuation(surface: str) -> bool:
    """Whether a unit is punctuation, and no symbol or emoji."""
    return all(unicodedata.category(one).startswith("P") for one in surface)


def as_marks(value: Any, name: str) -> tuple[str, ...]:
    """Reads strings to insert."""
    marks = tuple(value) if isinstance(value, Sequence) else ()
    if not marks or not all(isinstance(one, str) and one for one in marks):
        raise ValueError(f"{name} expects punctuation, strings. Received: punctuation={value!r}.")
    return marks


def as_hows(value: Any, choices: Sequence[str], name: str) -> tuple[str, ...]:
    """Reads one or several of the choices there are."""
    many = (value,) if isinstance(value, str) else tuple(value)
    if not many:
        raise ValueError(f"{name} expects how, some of {list(choices)}. Received: how={value!r}.")
    return tuple(one_of(one, choices, "how", name) for one in many)
