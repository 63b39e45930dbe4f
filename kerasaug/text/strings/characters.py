"""Noise in the characters of words: typing errors and misread print."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kerasaug.arguments import as_integer, one_of
from kerasaug.text.strings.document import Document
from kerasaug.text.strings.draws import Draws
from kerasaug.text.strings.edits import Edit
from kerasaug.text.strings.graphemes import graphemes
from kerasaug.text.strings.keyboards import LAYOUTS, OCR, neighbours
from kerasaug.text.strings.op import Choices, RatedOp


class CharacterOp(RatedOp):
    """Base of ops on the characters of words; a subclass writes `options` and `result`.

    Characters are what readers take for one: a letter with its marks, an emoji of several code points.

    Choices: `characters`, pairs (unit, place in it), and `picks`, which of the options of each.

    Args:
        rate: Share of the characters that could change, from 0 to 1, or a pair from which each text draws its own.
            Defaults to 0.05.
        count: `"bernoulli"` (the default) tosses a coin for each; `"exact"` takes ⌊rate · n⌋ of n, and at least one.
        min_length: Length of the shortest words that are touched, in characters. Defaults to 1.
        **kwargs: `p`, `unit`, `tokenizer`, `detokenizer` and `protected`, see `StringOp`.
    """

    least = 1  # characters of a word, for the op to make sense

    def __init__(
        self,
        rate: float | Sequence[float] = 0.05,
        count: str = "bernoulli",
        min_length: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, count, **kwargs)
        self.min_length = as_integer(min_length, "min_length", type(self).__name__, low=1)

    def options(self, letters: Sequence[str], at: int, document: Document) -> Sequence[str]:
        """What could become of a character of a word; nothing where it stays."""
        raise NotImplementedError(f"{type(self).__name__} must implement `options(letters, at, document)`.")

    def choose(self, document: Document, draws: Draws) -> Choices:
        """Characters that have options, and which of them."""
        found = []
        for i in document.words:
            letters = graphemes(document.surfaces[i])
            if len(letters) >= max(self.min_length, self.least):
                found += [(i, at) for at in range(len(letters)) if self.options(letters, at, document)]
        taken = self.spared(draws.taken(range(len(found)), self.rate, self.count), found, document)
        characters = [found[k] for k in taken]
        counts = [len(self.options(graphemes(document.surfaces[i]), at, document)) for i, at in characters]
        return {"characters": characters, "picks": [draws.below(count) for count in counts]}

    def spared(self, taken: list[int], found: Sequence[tuple[int, int]], document: Document) -> list[int]:
        """Those that are taken after all."""
        return taken

    def edits(self, document: Document, choices: Choices) -> list[Edit]:
        """The words with their characters changed."""
        by_unit: dict[int, dict[int, int]] = {}
        for (i, at), pick in zip(choices["characters"], choices["picks"], strict=True):
            by_unit.setdefault(i, {})[at] = pick
        edits = []
        for i, picks in by_unit.items():
            letters = graphemes(document.surfaces[i])
            options = {at: self.options(letters, at, document)[pick] for at, pick in picks.items()}
            edits.append(Edit(i, self.result(letters, options)))
        return edits

    def result(self, letters: Sequence[str], options: Mapping[int, str]) -> str:
        """A word, from its characters and what comes in the place of some."""
        return "".join(options.get(at, letter) for at, letter in enumerate(letters))


class KeyboardNoise(CharacterOp):
    """Replaces letters and digits by those beside them on a keyboard, in the same case.

    Args:
        rate: See `CharacterOp`. Defaults to 0.05.
        layout: `"qwerty"` (the default), `"azerty"` or `"qwertz"`; or a dict from a character to what is beside it.
        **kwargs: `count` and `min_length`, see `CharacterOp`; `p`, `unit`, `tokenizer`, `detokenizer` and `protected`,
            see `StringOp`.

    Example:

    ```python
    from kerasaug.text import strings

    noise = strings.KeyboardNoise(layout="azerty")
    assert noise.apply("Zoo", {"characters": [(0, 0)], "picks": [0]}) == "Aoo"
    ```
    """

    def __init__(
        self,
        rate: float | Sequence[float] = 0.05,
        layout: str | Mapping[str, Iterable[str]] = "qwerty",
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, **kwargs)
        if isinstance(layout, Mapping):
            self.layout = {key: tuple(beside) for key, beside in layout.items()}
        else:
            named = neighbours(one_of(layout, list(LAYOUTS), "layout", "KeyboardNoise"))
            self.layout = {key: tuple(beside) for key, beside in named.items()}

    def options(self, letters: Sequence[str], at: int, document: Document) -> Sequence[str]:
        """The keys beside this one."""
        letter = letters[at]
        lower = letter.lower()
        found = self.layout.get(letter) or self.layout.get(lower, ())
        return found if letter == lower or letter in self.layout else [one.upper() for one in found]


class OcrNoise(CharacterOp):
    """Replaces characters by what they are misread for: `0` and `O`, `l` and `1`, `m` and `rn`.

    Args:
        rate: See `CharacterOp`. Defaults to 0.05.
        confusions: A dict from a character to the strings it is taken for. Defaults to letters and digits of the Latin
            script that look alike.
        **kwargs: See `KeyboardNoise`.

    Example:

    ```python
    from kerasaug.text import strings

    noise = strings.OcrNoise(1.0, confusions={"m": ["rn"]})
    assert noise("modem", seed=1) == "rnodern"
    ```
    """

    def __init__(
        self,
        rate: float | Sequence[float] = 0.05,
        confusions: Mapping[str, Sequence[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, **kwargs)
        self.confusions = {one: tuple(taken_for) for one, taken_for in (confusions or OCR).items()}

    def options(self, letters: Sequence[str], at: int, document: Document) -> Sequence[str]:
        """What the character is taken for."""
        return self.confusions.get(letters[at], ())


class RandomCharacterInsertion(CharacterOp):
    """Inserts a letter before characters of words.

    Args:
        rate: See `CharacterOp`. Defaults to 0.05.
        alphabet: The letters. Defaults to those of the text's own words, which are of its script.
        **kwargs: See `KeyboardNoise`.

    Example:

    ```python
    from kerasaug.text import strings

    noise = strings.RandomCharacterInsertion(alphabet="xy")
    assert noise.apply("one two", {"characters": [(1, 0)], "picks": [1]}) == "one ytwo"
    ```
    """

    def __init__(
        self, rate: float | Sequence[float] = 0.05, alphabet: Iterable[str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(rate, **kwargs)
        self.alphabet = None if alphabet is None else tuple(alphabet)
        if self.alphabet is not None and not (self.alphabet and all(isinstance(one, str) for one in self.alphabet)):
            raise ValueError(f"RandomCharacterInsertion expects alphabet, letters. Received: alphabet={alphabet!r}.")

    def options(self, letters: Sequence[str], at: int, document: Document) -> Sequence[str]:
        """The letters that may come."""
        return document.letters if self.alphabet is None else self.alphabet

    def result(self, letters: Sequence[str], options: Mapping[int, str]) -> str:
        """The word with letters before some."""
        return "".join(options.get(at, "") + letter for at, letter in enumerate(letters))


class RandomCharacterDeletion(CharacterOp):
    """Deletes characters of words; at least one of each word stays.

    Args:
        rate: See `CharacterOp`. Defaults to 0.05.
        count: See `CharacterOp`.
        min_length: See `CharacterOp`.
        **kwargs: `p`, `unit`, `tokenizer`, `detokenizer` and `protected`, see `StringOp`.

    Example:

    ```python
    from kerasaug.text import strings

    noise = strings.RandomCharacterDeletion()
    assert noise.apply("one two", {"characters": [(1, 1)], "picks": [0]}) == "one to"
    ```
    """

    least = 2

    def options(self, letters: Sequence[str], at: int, document: Document) -> Sequence[str]:
        """Nothing."""
        return ("",)

    def result(self, letters: Sequence[str], options: Mapping[int, str]) -> str:
        """What is left, the first character where nothing would be."""
        return super().result(letters, options) or letters[0]


class RandomCharacterSwap(CharacterOp):
    """Swaps characters of words with the next one; no character moves twice.

    Args:
        rate: See `CharacterOp`. Defaults to 0.05.
        count: See `CharacterOp`.
        min_length: See `CharacterOp`.
        **kwargs: `p`, `unit`, `tokenizer`, `detokenizer` and `protected`, see `StringOp`.

    Example:

    ```python
    from kerasaug.text import strings

    noise = strings.RandomCharacterSwap()
    assert noise.apply("the form", {"characters": [(1, 1)], "picks": [0]}) == "the from"
    ```
    """

    least = 2

    def options(self, letters: Sequence[str], at: int, document: Document) -> Sequence[str]:
        """The next character."""
        return () if at + 1 == len(letters) else (letters[at + 1],)

    def spared(self, taken: list[int], found: Sequence[tuple[int, int]], document: Document) -> list[int]:
        """Without those whose place has been swapped already."""
        kept: list[int] = []
        for k in taken:
            if not (kept and found[kept[-1]] == (found[k][0], found[k][1] - 1)):
                kept.append(k)
        return kept

    def result(self, letters: Sequence[str], options: Mapping[int, str]) -> str:
        """The word after the swaps, from left to right."""
        order = list(letters)
        for at in sorted(options):
            order[at], order[at + 1] = order[at + 1], order[at]
        return "".join(order)
