"""Ops that draw synonyms of words: replaced by them, and inserted."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kerasaug.text.lexicons.lexicon import Lexicon, as_lexicon
from kerasaug.text.lexicons.table import in_case_of
from kerasaug.text.strings.document import Document
from kerasaug.text.strings.draws import Draws
from kerasaug.text.strings.edits import Edit
from kerasaug.text.strings.op import Choices, RatedOp
from kerasaug.text.strings.stopwords import ENGLISH


class Synonymous(RatedOp):
    """Base of ops that draw synonyms of words.

    Args:
        lexicon: A `Lexicon`, or a mapping from word to synonyms.
        rate: See `RatedOp`.
        count: See `RatedOp`.
        stopwords: Words that have no synonyms here, whatever their case. Defaults to English function words where the
            lexicon is of language `"en"`, and to none otherwise.
        **kwargs: See `StringOp`.
    """

    def __init__(
        self,
        lexicon: Lexicon | Mapping[str, Iterable[str]],
        rate: float | Sequence[float],
        count: str,
        stopwords: Iterable[str] | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, count, **kwargs)
        self.lexicon = as_lexicon(lexicon, type(self).__name__)
        if stopwords is None:
            stopwords = ENGLISH if (self.lexicon.language or "").lower().startswith("en") else ()
        self.stopwords = frozenset(word.casefold() for word in stopwords)

    def synonyms(self, surface: str) -> list[str]:
        """Synonyms of a word in its case; none of a stop word."""
        if surface.casefold() in self.stopwords:
            return []
        found = (in_case_of(one, surface) for one in self.lexicon.synonyms(surface))
        return [one for one in dict.fromkeys(found) if one and one != surface]

    def known(self, document: Document) -> list[int]:
        """Units that have synonyms."""
        return [i for i in document.words if self.synonyms(document.surfaces[i])]

    def picked(self, document: Document, units: Iterable[int], draws: Draws) -> list[int]:
        """Which synonym of each."""
        return [draws.below(len(self.synonyms(document.surfaces[i]))) for i in units]


class SynonymReplacement(Synonymous):
    """Replaces words by synonyms, in the same case.

    Choices: `units`, which words, and `picks`, which of the synonyms of each.

    Args:
        lexicon: A `Lexicon`, or a mapping from word to synonyms.
        rate: Share of the words that have synonyms, from 0 to 1, or a pair from which each text draws its own.
            Defaults to 0.1.
        count: `"exact"` (the default) takes ⌊rate · n⌋ of n, and at least one; `"bernoulli"` tosses a coin for each.
        stopwords: Words that stay, whatever their case. Defaults to English function words where the lexicon is of
            language `"en"`, and to none otherwise.
        **kwargs: `p`, `unit`, `tokenizer`, `detokenizer` and `protected`, see `StringOp`.

    Example:

    ```python
    from kerasaug.text import strings

    replace = strings.SynonymReplacement({"film": ["movie"]}, rate=1.0)
    assert replace("A  Film, in Paris.", seed=1) == "A  Movie, in Paris."
    ```

    Reference:
        Wei and Zou, "EDA: Easy Data Augmentation Techniques", 2019. EDA replaces all occurrences of a word at once.
    """

    def __init__(
        self,
        lexicon: Lexicon | Mapping[str, Iterable[str]],
        rate: float | Sequence[float] = 0.1,
        count: str = "exact",
        stopwords: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(lexicon, rate, count, stopwords, **kwargs)

    def choose(self, document: Document, draws: Draws) -> Choices:
        """Words that have synonyms, and which of them."""
        units = draws.taken(self.known(document), self.rate, self.count)
        return {"units": units, "picks": self.picked(document, units, draws)}

    def edits(self, document: Document, choices: Choices) -> list[Edit]:
        """A synonym in the place of each."""
        pairs = zip(choices["units"], choices["picks"], strict=True)
        return [Edit(i, self.synonyms(document.surfaces[i])[pick]) for i, pick in pairs]


class RandomInsertion(Synonymous):
    """Inserts synonyms of words of the text at random places between words.

    Choices: `units`, the words whose synonyms come; `picks`, which synonyms; `gaps`, before which unit each goes.

    Args:
        lexicon: See `SynonymReplacement`.
        rate: Share of the words: how many are inserted for each. Defaults to 0.1.
        count: See `SynonymReplacement`.
        stopwords: See `SynonymReplacement`.
        **kwargs: See `SynonymReplacement`.

    Example:

    ```python
    from kerasaug.text import strings

    insert = strings.RandomInsertion({"film": ["movie"]}, rate=0.5)
    assert sorted(insert("a film", seed=1).split()) == ["a", "film", "movie"]
    ```

    Reference:
        Wei and Zou, "EDA: Easy Data Augmentation Techniques", 2019.
    """

    def __init__(
        self,
        lexicon: Lexicon | Mapping[str, Iterable[str]],
        rate: float | Sequence[float] = 0.1,
        count: str = "exact",
        stopwords: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(lexicon, rate, count, stopwords, **kwargs)

    def choose(self, document: Document, draws: Draws) -> Choices:
        """Words that have synonyms, any number of times each, and where these go."""
        known, gaps = self.known(document), document.gaps
        wanted = len(draws.taken(document.words, self.rate, self.count)) if known and gaps else 0
        units = [known[draws.below(len(known))] for _ in range(wanted)]
        return {
            "units": units,
            "picks": self.picked(document, units, draws),
            "gaps": [gaps[draws.below(len(gaps))] for _ in units],
        }

    def edits(self, document: Document, choices: Choices) -> list[Edit]:
        """A synonym in each gap."""
        drawn = zip(choices["units"], choices["picks"], choices["gaps"], strict=True)
        return [Edit(gap, self.synonyms(document.surfaces[i])[pick], insert=True) for i, pick, gap in drawn]
