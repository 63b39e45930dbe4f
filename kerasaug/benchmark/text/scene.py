"""The texts that every contender is given: the same words as numbers, as strings, and as a vocabulary."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np

from kerasaug.benchmark.text.settings import Settings

PAD, UNKNOWN, CLS, SEP, MASK = range(5)
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
SYNONYMS = 8  # of each word
PUNCTUATION = (".", ",", "!", "?", ";", ":")


@dataclass(frozen=True)
class Scene:
    """One batch.

    Args:
        settings: How many, and of how many words.
        length: Tokens in a sequence.
    """

    settings: Settings
    length: int

    @cached_property
    def words(self) -> list[str]:
        """The vocabulary: special tokens, punctuation, and words of letters, each of which is one token."""
        count = self.settings.vocabulary - len(SPECIAL) - len(PUNCTUATION)
        return [*SPECIAL, *PUNCTUATION, *(_word(i) for i in range(count))]

    @cached_property
    def ids(self) -> np.ndarray:
        """int32 (batch, length): [CLS], words, [SEP], padding."""
        rng = np.random.default_rng(0)
        shape = (self.settings.batch_size, self.length)
        first = len(SPECIAL) + len(PUNCTUATION)
        ids = rng.integers(first, self.settings.vocabulary, shape).astype("int32")
        ends = rng.integers(self.length // 2, self.length, shape[0])
        at = np.arange(self.length)[None]
        ids[:, 0] = CLS
        ids[at == ends[:, None]] = SEP
        ids[at > ends[:, None]] = PAD
        return ids

    @cached_property
    def texts(self) -> list[str]:
        """The same words as strings, without the special tokens."""
        words = self.words
        return [" ".join(words[i] for i in row if i > MASK) for row in self.ids]

    @cached_property
    def synonyms(self) -> np.ndarray:
        """int32 (vocabulary, SYNONYMS); special tokens have none."""
        rng = np.random.default_rng(1)
        first, shape = len(SPECIAL), (self.settings.vocabulary, SYNONYMS)
        table = rng.integers(first, self.settings.vocabulary, shape).astype("int32")
        table[:first] = np.arange(first)[:, None]
        return table

    @cached_property
    def data(self) -> dict[str, Any]:
        """Tensors of Keras's backend."""
        mask = (self.ids != PAD).astype("int32")
        return {
            "token_ids": keras.ops.convert_to_tensor(self.ids),
            "padding_mask": keras.ops.convert_to_tensor(mask),
        }


def _word(number: int) -> str:
    """Letters that spell a number, of at least four, so that no two words are the same."""
    letters = ""
    for _ in range(4):
        number, letter = divmod(number, 26)
        letters += chr(ord("a") + letter)
    return letters
