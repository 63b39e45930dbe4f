"""The base of ops on strings: drawn apart from applied, on texts, lists of texts and lists of tokens."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kerasaug.arguments import as_integer, as_number, as_range, one_of
from kerasaug.text.strings.document import Document, as_pattern, matches, matching, ranges_of
from kerasaug.text.strings.draws import Draws, fresh_seed
from kerasaug.text.strings.edits import Edit, edited_text, edited_tokens, with_ranges
from kerasaug.text.strings.units import UNITS, tokenized, units_of

Choices = Mapping[str, Any]
COUNTS = ("bernoulli", "exact")


class TextOp:
    """Base of whatever changes texts: one text, a list of texts, or a list of tokens with labels.

    A call with a seed is a pure function of the text and the seed; in a list, of the place in it too.
    """

    def __call__(self, text: Any, seed: int | None = None, spans: Sequence[Any] | None = None) -> Any:
        """Changes a text, or each of a list.

        Args:
            text: A string, or a list, a tuple or a NumPy array of strings.
            seed: An integer. The same seed gives the same result. Defaults to one that nobody knows.
            spans: Parts of the text that must stay as they are, and whose places are wanted: tuples (start, end, …), in
                characters, or dicts with `start` and `end`. For a list of texts, a list of such for each.

        Returns:
            A string, or a list of strings; with `spans`, a pair of that and the spans where they are now.
        """
        seed = fresh_seed() if seed is None else self._seed(seed)
        if isinstance(text, str):
            changed, moved = self.changed(text, Draws(seed, 0), spans or ())
            return changed if spans is None else (changed, moved)
        texts = listed_texts(text, type(self).__name__)
        if spans is not None and len(spans) != len(texts):
            raise ValueError(
                f"{type(self).__name__} expects spans, a list for each of {len(texts)} texts. Received: {len(spans)}."
            )
        both = [self.changed(one, Draws(seed, i), () if spans is None else spans[i]) for i, one in enumerate(texts)]
        changed_texts = [one for one, _ in both]
        return changed_texts if spans is None else (changed_texts, [moved for _, moved in both])

    def on_tokens(
        self,
        tokens: Sequence[str],
        labels: Sequence[Any] | None = None,
        seed: int | None = None,
        outside: Any = "O",
    ) -> Any:
        """Changes a list of tokens, such as a row of CoNLL-2003; labels stay with their tokens.

        Args:
            tokens: Strings.
            labels: A label for each, `outside` for those of no entity. All others are left as they are, with nothing
                put between them. Defaults to none.
            seed: See `__call__`.
            outside: The label of tokens of no entity, and of new ones. Defaults to `"O"`.

        Returns:
            A list of tokens; with `labels`, a pair of that and the list of their labels.
        """
        name = type(self).__name__
        listed = listed_texts(tokens, name)
        if labels is not None and len(labels) != len(listed):
            raise ValueError(f"{name} expects labels for {len(listed)} tokens. Received: {len(labels)}.")
        seed = fresh_seed() if seed is None else self._seed(seed)
        kept = [False] * len(listed) if labels is None else [label != outside for label in labels]
        changed, origins = self.changed_tokens(listed, Draws(seed, 0), kept)
        if labels is None:
            return changed
        return changed, [outside if one is None else labels[one] for one in origins]

    def changed(self, text: str, draws: Draws, spans: Sequence[Any]) -> tuple[str, list[Any]]:
        """One text, and its spans."""
        raise NotImplementedError(f"{type(self).__name__} must implement `changed(text, draws, spans)`.")

    def changed_tokens(self, tokens: list[str], draws: Draws, kept: list[bool]) -> tuple[list[str], list[int | None]]:
        """One list of tokens, and of each the one it comes from."""
        raise NotImplementedError(f"{type(self).__name__} must implement `changed_tokens(tokens, draws, kept)`.")

    def _seed(self, seed: Any) -> int:
        return as_integer(seed, "seed", type(self).__name__, -(2**63), 2**63 - 1)


class StringOp(TextOp):
    """Base of single ops; a subclass writes `choose`, which draws, and `edits`, which does not.

    Args:
        p: Share of the texts that are changed at all. Defaults to 1.
        unit: What is one unit: `"word"`, `"character"`, or `"auto"` (the default): words, but single characters in
            Chinese, Japanese, Thai, Lao, Khmer and Burmese, which have no spaces.
        tokenizer: What finds the units instead: a callable from a text to a list of strings, or of (start, end) pairs;
            or a tensorflow-text tokenizer that has offsets. Defaults to words and punctuation.
        detokenizer: A callable from a list of strings to a text, for tokenizers whose strings are not in the text.
            Everything else keeps the text's own spaces, so that none is needed.
        protected: What stays as it is: a pattern, as a string or compiled, or a list of words. Defaults to nothing.
    """

    def __init__(
        self,
        p: float = 1.0,
        unit: str = "auto",
        tokenizer: Callable[[str], Any] | Any = None,
        detokenizer: Callable[[list[str]], str] | None = None,
        protected: Any = None,
    ) -> None:
        name = type(self).__name__
        self.p = float(as_number(p, "p", name, 0.0, 1.0))
        self.unit = one_of(unit, UNITS, "unit", name)
        self.tokenizer, self.detokenizer = tokenizer, detokenizer
        self.protected = as_pattern(protected, name)

    def choose(self, document: Document, draws: Draws) -> Choices:
        """What is drawn for a document, as lists of plain integers."""
        raise NotImplementedError(f"{type(self).__name__} must implement `choose(document, draws)`.")

    def edits(self, document: Document, choices: Choices) -> list[Edit]:
        """What the choices come to."""
        raise NotImplementedError(f"{type(self).__name__} must implement `edits(document, choices)`.")

    def draw(self, text: str, seed: int | None = None, spans: Sequence[Any] = ()) -> Choices | None:
        """What a call with this seed would draw for a text, to be looked at, changed, and applied; `None` for nothing.

        Args:
            text: A string.
            seed: See `__call__`.
            spans: See `__call__`.
        """
        draws = Draws(fresh_seed() if seed is None else self._seed(seed), 0)
        return self._drawn(self.read(text, spans)[0], draws)

    def apply(self, text: str, choices: Choices | None, spans: Sequence[Any] | None = None) -> Any:
        """Does what was drawn, or what the caller makes up; what is protected stays all the same.

        Args:
            text: A string.
            choices: What `draw` returns.
            spans: See `__call__`.
        """
        changed, moved = self._applied(*self.read(text, spans or ()), choices, spans or ())
        return changed if spans is None else (changed, moved)

    def read(self, text: str, spans: Sequence[Any]) -> tuple[Document, list[tuple[int, int]]]:
        """A text in units, and the ranges of its spans."""
        name = type(self).__name__
        ranges = ranges_of(spans, text, name)
        units: Any = units_of(text, self.unit) if self.tokenizer is None else tokenized(text, self.tokenizer, name)
        if self.detokenizer is None and not (units and isinstance(units[0], str)):
            return Document(text, units, [*ranges, *matches(self.protected, text)]), ranges
        if self.detokenizer is None or spans:
            wanted = "a detokenizer" if self.detokenizer is None else "no spans, since places are lost on the way"
            raise ValueError(
                f"{name} expects {wanted}, for a tokenizer whose strings are not in the text. Received: none."
            )
        surfaces = units if units and isinstance(units[0], str) else [text[one.start : one.end] for one in units]
        return self._document(list(surfaces), [False] * len(surfaces)), ranges

    def changed(self, text: str, draws: Draws, spans: Sequence[Any]) -> tuple[str, list[Any]]:
        """One text, and its spans."""
        document, ranges = self.read(text, spans)
        return self._applied(document, ranges, self._drawn(document, draws), spans, text)

    def changed_tokens(self, tokens: list[str], draws: Draws, kept: list[bool]) -> tuple[list[str], list[int | None]]:
        """One list of tokens, and of each the one it comes from."""
        document = self._document(tokens, kept)
        choices = self._drawn(document, draws)
        return edited_tokens(document, () if choices is None else self.edits(document, choices))

    def _document(self, tokens: list[str], kept: list[bool]) -> Document:
        touched = matching(self.protected, tokens)
        return Document.of_tokens(tokens, [one or other for one, other in zip(kept, touched, strict=True)])

    def _drawn(self, document: Document, draws: Draws) -> Choices | None:
        if self.p < 1.0 and draws.unit() >= self.p:
            return None
        return self.choose(document, draws)

    def _applied(
        self,
        document: Document,
        ranges: list[tuple[int, int]],
        choices: Choices | None,
        spans: Sequence[Any],
        text: str | None = None,
    ) -> tuple[str, list[Any]]:
        edits = [] if choices is None else self.edits(document, choices)
        if document.text is None:
            tokens, _ = edited_tokens(document, edits)
            unchanged = tokens == document.surfaces and text is not None
            return (text if unchanged else self.detokenizer(tokens)), []  # type: ignore[return-value, misc]
        changed, moved = edited_text(document, edits, ranges)
        return changed, with_ranges(spans, moved)


class RatedOp(StringOp):
    """Base of ops that take a share of the units.

    Args:
        rate: Share of the units, from 0 to 1, or a pair from which each text draws its own.
        count: `"exact"` takes ⌊rate · n⌋ of n, and at least one; `"bernoulli"` tosses a coin for each.
        **kwargs: See `StringOp`.
    """

    def __init__(self, rate: float | Sequence[float], count: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        low, high = sorted(as_range(rate, "rate", name, 0.0, 1.0, single="both"))
        self.rate = (low, high)
        self.count = one_of(count, COUNTS, "count", name)


def listed_texts(texts: Any, name: str) -> list[str]:
    """Reads a list, a tuple or an array of strings."""
    many = isinstance(texts, list | tuple) or (isinstance(texts, np.ndarray) and texts.ndim == 1)
    listed = list(texts) if many else [texts]
    wrong = next((one for one in listed if not isinstance(one, str)), None) if many else texts
    if wrong is not None or not many:
        raise ValueError(
            f"{name} expects a string, or a list of strings. Received: {wrong!r}. Tensors of strings go through "
            "kerasaug.text.map_strings, as elements of a tf.data.Dataset."
        )
    return [str(one) for one in listed]
